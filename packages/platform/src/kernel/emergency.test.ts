// A stated emergency: who may state it, with what reason, and that it travels between processes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import { type Caller, type Role, roles } from './caller.ts'
import { emergencyRoles, inEmergency, isEmergency } from './emergency.ts'
import { signInternalToken, verifyInternalToken } from './internal-token.ts'

const caller = (role: Role): Caller => ({ subject: 's', name: 's', roles: [role], scopes: [], purpose: 'TREAT' })
const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof AppError && error.code === code

test('those who treat may state an emergency, others are refused', () => {
  for (const role of roles) {
    if (emergencyRoles.includes(role)) assert.ok(isEmergency(inEmergency(caller(role), 'unconscious')))
    else assert.throws(() => inEmergency(caller(role), 'unconscious'), hasCode('forbidden'))
  }
  assert.ok(!isEmergency({ ...caller('clinician'), purpose: 'BTG' }))
  assert.ok(!isEmergency({ ...caller('admin'), purpose: 'BTG', reason: 'unconscious' }))
})

test('a reason is a sentence in any script, not a word, a novel or a control character', () => {
  assert.equal(inEmergency(caller('clinician'), encodeURIComponent('患者昏迷不醒')).reason, '患者昏迷不醒')
  for (const header of ['', 'x', '%', '%E0%A4%A', 'a'.repeat(301), 'a%0Abcdef', '     '])
    assert.throws(() => inEmergency(caller('clinician'), header), hasCode('invalid-request'), header.slice(0, 20))
})

test('the reason travels in the internal token', () => {
  const key = new Uint8Array(32).fill(7)
  const sent = inEmergency(caller('clinician'), 'unconscious')
  assert.deepEqual(verifyInternalToken(signInternalToken(sent, key), key), sent)
})
