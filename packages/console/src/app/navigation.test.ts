// Each role is offered its screens, and a forged address after sign-in leads nowhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupsFor, homeOf, isUnderAddress, safeNext, screensFor } from './navigation.ts'

test('offers each role its screens', () => {
  assert.deepEqual(screensFor(['clinician']), ['patients', 'imaging', 'triage'])
  assert.deepEqual(screensFor(['pharmacist']), ['patients'])
  assert.deepEqual(screensFor(['compliance']), ['audit', 'traces', 'system'])
  assert.deepEqual(screensFor(['operator']), ['models', 'operations', 'traces', 'system'])
  assert.deepEqual(screensFor(['data-scientist']), ['federations', 'models', 'private', 'system'])
  const everything = [
    'patients',
    'imaging',
    'triage',
    'audit',
    'federations',
    'models',
    'operations',
    'private',
    'traces',
    'system',
    'accounts',
  ]
  assert.deepEqual(screensFor(['admin']), everything)
  assert.deepEqual(screensFor(['patient']), ['own-record', 'triage'])
  assert.deepEqual(screensFor(['patient', 'clinician']), ['patients', 'imaging', 'triage'])
  assert.deepEqual(screensFor([]), ['system'])
})

test('groups the screens of those who have many, and of nobody else', () => {
  for (const role of ['clinician', 'compliance', 'operator', 'data-scientist', 'patient', 'frontend'] as const) {
    assert.equal(groupsFor([role]), undefined, role)
  }
  assert.deepEqual(groupsFor(['admin']), [
    { name: 'clinical', screens: ['patients', 'imaging', 'triage'] },
    { name: 'research', screens: ['federations', 'models', 'private'] },
    { name: 'running', screens: ['operations', 'traces', 'system'] },
    { name: 'administration', screens: ['audit', 'accounts'] },
  ])
  assert.deepEqual(
    groupsFor(['clinician', 'data-scientist'])?.flatMap(({ screens }) => screens),
    ['patients', 'imaging', 'triage', 'federations', 'models', 'private', 'system'],
  )
  assert.deepEqual([isUnderAddress('/traces/1', '/traces'), isUnderAddress('/accounts', '/account')], [true, false])
})

test('starts a patient at the own record', () => {
  const caller = { subject: 'z', name: 'Z', roles: ['patient'], patient: 'zhang-san' } as const
  assert.equal(homeOf(caller), '/patients/zhang-san')
  assert.equal(homeOf({ subject: 'o', name: 'O', roles: ['operator'] }), '/models')
})

test('goes on only to pages of its own', () => {
  assert.equal(safeNext('/patients/cohort-1-00000/results?code=4548-4'), '/patients/cohort-1-00000/results?code=4548-4')
  const forged = [
    '//evil.example',
    'https://evil.example/',
    '/\\evil.example',
    '/sign-in',
    'javascript:alert(1)',
    undefined,
  ]
  assert.deepEqual(
    forged.map(safeNext),
    forged.map(() => undefined),
  )
})
