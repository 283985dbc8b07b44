// What an entry of the audit trail tells of refusals and failures.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { failureOf } from './audited-failure.ts'

test('a refusal is told by its code, never by its words', () => {
  assert.deepEqual(failureOf(new AppError('forbidden', 'Zhang San may not')), {
    outcome: 'refused',
    status: 403,
    reason: 'forbidden',
  })
})

test('what a schema refuses is a refusal; what is unavailable or a bug has failed', () => {
  const bySchema = Object.assign(new Error('body is wrong'), { validation: [] })
  assert.deepEqual(failureOf(bySchema), { outcome: 'refused', status: 400, reason: 'invalid-request' })
  assert.equal(failureOf(new AppError('unavailable', 'later')).outcome, 'failed')
  assert.deepEqual(failureOf(new TypeError('x')), { outcome: 'failed', status: 500, reason: 'internal' })
})
