// A seeded sample of the kills under writers; in full: `npm run proof kills`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proveKills } from './kills.ts'

test('a kill of the server and one of PostgreSQL under writers lose nothing that was acknowledged', async () => {
  const report = await proveKills({ kills: 2, writers: 8, seed: 1 })
  assert.deepEqual([report.killsOfServer, report.killsOfPostgres], [1, 1])
  assert.ok(report.acknowledged > 50, `${report.acknowledged} acknowledged`)
  assert.deepEqual(report.lostExamples, [])
  assert.equal(report.counterOk, true)
  assert.equal(report.auditOk, true, report.audit)
})
