// The table of roles and the narrowing by scopes, and that both hold on reads and writes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import { type Caller, type Role, roles } from '../../kernel/caller.ts'
import { storeFixture } from '../../testing/record-store.ts'
import { accessFor } from './index.ts'

const caller = (given: Partial<Caller>): Caller => ({
  subject: 's',
  name: 's',
  roles: [],
  scopes: [],
  purpose: 'TREAT',
  ...given,
})
const has = (types: 'all' | readonly string[], type: string): boolean => types === 'all' || types.includes(type)
const canRead = (given: Partial<Caller>, type: string): boolean => has(accessFor(caller(given)).read.types, type)
const canWrite = (given: Partial<Caller>, type: string): boolean => has(accessFor(caller(given)).write, type)
const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof AppError && error.code === code

test('grants by role', () => {
  const readers = (type: string): readonly Role[] =>
    roles.filter((role) => canRead({ roles: [role], patient: 'p' }, type))
  const writers = (type: string): readonly Role[] =>
    roles.filter((role) => canWrite({ roles: [role], patient: 'p' }, type))
  assert.deepEqual(readers('AuditEvent'), ['system', 'admin', 'compliance'])
  assert.deepEqual(writers('AuditEvent'), ['system'])
  assert.deepEqual(readers('Condition'), ['system', 'admin', 'clinician', 'radiologist', 'pharmacist', 'patient'])
  assert.deepEqual(writers('Condition'), ['system', 'admin', 'clinician'])
  assert.deepEqual(writers('MedicationDispense'), ['system', 'admin', 'clinician', 'pharmacist'])
  assert.deepEqual(writers('ImagingStudy'), ['system', 'admin', 'clinician', 'radiologist'])
  assert.deepEqual(writers('Patient'), ['system', 'admin', 'clinician', 'frontend'])
})

test('grants nothing to nobody, and nothing to a patient without a record', () => {
  assert.deepEqual(accessFor(caller({})).read.types, [])
  assert.deepEqual(accessFor(caller({ roles: ['patient'] })).read.types, [])
  assert.deepEqual(accessFor(caller({ roles: ['patient'], patient: 'p' })).read.patients, ['p'])
  assert.equal(accessFor(caller({ roles: ['patient', 'clinician'], patient: 'p' })).read.patients, 'all')
})

test('keeps a bound caller from lists of many patients, and a patient from rewriting what others recorded', () => {
  const bound = accessFor(caller({ roles: ['clinician'], patient: 'p', scopes: ['patient/*.cruds'] }))
  assert.ok(!has(bound.read.types, 'Group') && !has(bound.write, 'Group'))
  assert.ok(!canRead({ roles: ['patient'], patient: 'p' }, 'Group'))
  assert.ok(canRead({ roles: ['clinician'] }, 'Group'))
  const patient = accessFor(caller({ roles: ['patient'], patient: 'p' }))
  assert.ok(has(patient.verbs?.create ?? [], 'Observation'))
  assert.ok(!has(patient.verbs?.update ?? 'all', 'Observation'))
  assert.deepEqual(patient.verbs?.delete, [])
  const scoped = accessFor(caller({ roles: ['patient'], patient: 'p', scopes: ['patient/*.cruds'] }))
  assert.ok(has(scoped.verbs?.update ?? [], 'Consent') && !has(scoped.verbs?.update ?? 'all', 'Observation'))
  assert.deepEqual(scoped.verbs?.delete, [])
})

test('narrows by scopes', () => {
  const given = (...scopes: string[]) => accessFor(caller({ roles: ['clinician'], patient: 'p', scopes }))
  assert.deepEqual(given('patient/Observation.rs').read.types, ['Observation'])
  assert.deepEqual(given('patient/Observation.rs').read.patients, ['p'])
  assert.deepEqual(given('patient/Observation.rs').write, [])
  assert.equal(given('user/*.cruds').read.patients, 'all')
  assert.ok(has(given('user/*.cruds').write, 'Condition'))
  assert.ok(!has(given('user/*.cruds').write, 'AuditEvent'))
  assert.deepEqual(given('user/Condition.cu').verbs, { create: ['Condition'], update: ['Condition'], delete: [] })
  assert.deepEqual(given('user/Condition.write').read.types, [])
  assert.deepEqual(given('openid', 'launch/patient').read.types, [])
  assert.deepEqual(given('user/Observation.rs?category=x').read.types, [])
  assert.deepEqual(given('user/Observation.sr').read.types, [])
})

test('bounds a patient to the own compartment on reads, writes and histories', async () => {
  const store = await storeFixture()
  const { records, context } = store
  const staff = context()
  const own = context('patient', 'p1')
  for (const id of ['p1', 'p2']) {
    await records.update(staff, {
      target: { type: 'Patient', id },
      content: JSON.stringify({ resourceType: 'Patient', id }),
    })
    const observation = { resourceType: 'Observation', id: `o-${id}`, subject: { reference: `Patient/${id}` } }
    await records.update(staff, {
      target: { type: 'Observation', id: `o-${id}` },
      content: JSON.stringify(observation),
    })
  }
  assert.equal((await records.read(own, 'Observation', 'o-p1')).id, 'o-p1')
  await assert.rejects(records.read(own, 'Observation', 'o-p2'), hasCode('not-found'))
  await assert.rejects(records.vread(own, { type: 'Observation', id: 'o-p2', version: '1' }), hasCode('not-found'))
  await assert.rejects(records.history(own, { type: 'Observation', id: 'o-p2' }, []), hasCode('not-found'))
  const seen = JSON.parse(await records.history(own, {}, []))
  assert.equal(seen.entry.length, 2)
  const write = (id: string, subject: string) =>
    records.update(own, {
      target: { type: 'Observation', id },
      content: JSON.stringify({ resourceType: 'Observation', id, subject: { reference: `Patient/${subject}` } }),
    })
  assert.equal((await write('o-own', 'p1')).outcome, 'created')
  for (const [id, subject] of [
    ['o-p1', 'p1'],
    ['o-own', 'p2'],
    ['o-new', 'p2'],
    ['o-p2', 'p1'],
  ] as const) {
    await assert.rejects(write(id, subject), hasCode('forbidden'))
  }
  await assert.rejects(records.delete(own, { type: 'Observation', id: 'o-p1' }), hasCode('forbidden'))
  await records.delete(staff, { type: 'Observation', id: 'o-p1' })
  await assert.rejects(records.read(own, 'Observation', 'o-p1'), hasCode('deleted'))
  await assert.rejects(
    records.create(own, { type: 'Condition', content: '{"resourceType":"Condition"}' }),
    hasCode('forbidden'),
  )
  assert.ok(store.audits.some((entry) => entry.outcome === 'refused' && entry.caller?.roles[0] === 'patient'))
  await store.close()
})
