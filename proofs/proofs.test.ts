// Seeded samples of the long proofs; in full: `npm run proof`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proveFuzz } from './fuzz.ts'
import { faultsOf, proveKilledReading } from './killed-readings.ts'
import { proveKills } from './kills.ts'

test('a kill of the server and one of PostgreSQL under writers lose nothing that was acknowledged', async () => {
  const report = await proveKills({ kills: 2, writers: 8, seed: 1 })
  assert.deepEqual([report.killsOfServer, report.killsOfPostgres], [1, 1])
  assert.ok(report.acknowledged > 50, `${report.acknowledged} acknowledged`)
  assert.deepEqual(report.lostExamples, [])
  assert.equal(report.counterOk, true)
  assert.equal(report.auditOk, true, report.audit)
})

test('a reading whose process is killed goes on: one report, one segmentation', async () => {
  const report = await proveKilledReading({ steps: ['marking'], seed: 3, slices: 5 })
  assert.ok(report.nodules > 0, 'the model marked nothing: the test would show nothing')
  assert.deepEqual(faultsOf(report), [], JSON.stringify(report))
})

test('a thousand mutated requests give no 500 and no hang', async () => {
  const report = await proveFuzz({ requests: 1000, seed: 11 })
  assert.deepEqual(report.failures, [])
})
