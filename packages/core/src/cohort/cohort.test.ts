// The cohort repeats for a seed, and looks like people.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cohort, cohortBundle, seededRandom } from './index.ts'

const options = { seed: 7, patients: 200, untilMs: Date.UTC(2026, 0, 1) }

test('makes the same person for the same seed, and another for another', () => {
  assert.deepEqual(cohortBundle(options, 3), cohortBundle(options, 3))
  assert.notDeepEqual(cohortBundle(options, 3), cohortBundle({ ...options, seed: 8 }, 3))
})

test('gives every resource an id of its own and refers only within the Bundle', () => {
  for (const bundle of cohort(options)) {
    const keys = (bundle.entry ?? []).map((entry) => entry.request?.url ?? '')
    assert.equal(new Set(keys).size, keys.length)
    const references = JSON.stringify(bundle).matchAll(/"reference":"([^"]+)"/g)
    for (const [, reference] of references) assert.ok(keys.includes(reference ?? ''), reference)
  }
})

test('has Chinese and English names, illnesses, prescriptions and allergies', () => {
  const text = JSON.stringify([...cohort(options)])
  const types = ['Encounter', 'Condition', 'Observation', 'MedicationRequest', 'AllergyIntolerance']
  for (const type of types) assert.ok(text.includes(`"resourceType":"${type}"`), type)
  assert.match(text, /"family":"王"/)
  assert.match(text, /"family":"Smith"/)
})

test('draws uniformly and normally', () => {
  const random = seededRandom(1)
  const draws = Array.from({ length: 20_000 }, () => random.normal(10, 2))
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length
  // Standard errors are 0.014 and 0.04; five of each keep a fixed seed far from the edge.
  assert.ok(Math.abs(mean - 10) < 0.07 && Math.abs(variance - 4) < 0.2, `${mean} ${variance}`)
})
