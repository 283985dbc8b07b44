// Seeded samples of the long proofs; in full: `npm run proof`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proveFuzz } from './fuzz.ts'
import { proveKills } from './kills.ts'

test('a few kills under writers lose nothing that was acknowledged', async () => {
  const report = await proveKills({ kills: 3, writers: 8, seed: 4 })
  assert.ok(report.acknowledged > 50, `${report.acknowledged} acknowledged`)
  assert.deepEqual(report.lostExamples, [])
  assert.equal(report.counterOk, true)
  assert.equal(report.auditOk, true, report.audit)
})

test('a few thousand mutated requests give no 500 and no hang', async () => {
  const report = await proveFuzz({ requests: 2000, seed: 11 })
  assert.deepEqual(report.failures, [])
})
