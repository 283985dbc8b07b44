// A seeded sample of the killed readings; in full: `npm run proof killed-readings`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOf, proveKilledReading } from './killed-readings.ts'

test('a reading whose process is killed goes on: one report, one segmentation', async () => {
  const report = await proveKilledReading({ steps: ['marking'], seed: 3, slices: 5 })
  assert.ok(report.nodules > 0, 'the model marked nothing: the test would show nothing')
  assert.deepEqual(faultsOf(report), [], JSON.stringify(report))
})
