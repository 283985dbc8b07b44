// Who may do what with images: every role, and scopes that narrow.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { type Caller, roles } from '../../kernel/caller.ts'
import { type ImagingUse, imagingAccess } from './access.ts'

const caller = (given: Partial<Caller>): Caller => ({
  ...{ subject: 's', name: 's', roles: [], scopes: [], purpose: 'TREAT' },
  ...given,
})

function may(given: Partial<Caller>, use: ImagingUse): boolean {
  try {
    imagingAccess(caller(given), use)
    return true
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'forbidden')
    return false
  }
}

const allowed = (use: ImagingUse) => roles.filter((role) => may({ roles: [role], patient: 'p' }, use))

test('grants each role what it needs', () => {
  assert.deepEqual(allowed('read'), ['system', 'admin', 'clinician', 'radiologist', 'patient'])
  assert.deepEqual(allowed('create'), ['system', 'admin', 'clinician', 'radiologist'])
  assert.deepEqual(allowed('delete'), ['system', 'admin'])
  assert.equal(may({}, 'read'), false)
  assert.equal(may({ roles: ['patient'] }, 'read'), false)
})

test('binds a patient to the own studies, and staff whose scopes are of one patient', () => {
  const read = (given: Partial<Caller>) => imagingAccess(caller(given), 'read').patient
  assert.equal(read({ roles: ['patient'], patient: 'p' }), 'p')
  assert.equal(read({ roles: ['patient', 'radiologist'], patient: 'p' }), undefined)
  assert.equal(read({ roles: ['clinician'], patient: 'p', scopes: ['patient/*.rs'] }), 'p')
  assert.equal(
    read({ roles: ['clinician'], patient: 'p', scopes: ['patient/*.rs', 'user/ImagingStudy.read'] }),
    undefined,
  )
})

test('narrows by scopes and never widens', () => {
  const clinician = { roles: ['clinician'] } as const
  assert.equal(may({ ...clinician, scopes: ['user/ImagingStudy.rs'] }, 'read'), true)
  assert.equal(may({ ...clinician, scopes: ['user/ImagingStudy.rs'] }, 'create'), false)
  assert.equal(may({ ...clinician, scopes: ['user/ImagingStudy.write'] }, 'create'), true)
  assert.equal(may({ ...clinician, scopes: ['user/*.cruds'] }, 'delete'), false)
  assert.equal(may({ ...clinician, scopes: ['user/Observation.rs', 'openid'] }, 'read'), false)
  assert.equal(may({ roles: ['operator'], scopes: ['system/*.cruds'] }, 'read'), false)
})
