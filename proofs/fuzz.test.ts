// A seeded sample of the mutated requests; in full: `npm run proof fuzz`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proveFuzz } from './fuzz.ts'

test('a thousand mutated requests give no 500 and no hang', async () => {
  const report = await proveFuzz({ requests: 1000, seed: 11 })
  assert.deepEqual(report.failures, [])
})
