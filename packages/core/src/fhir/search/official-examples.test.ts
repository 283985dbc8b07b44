// A seeded sample of the official R4 examples for the tests of search; empty where that test-only package is not installed.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Resource } from '../types.ts'

const folder = new URL('../../../../../node_modules/hl7.fhir.r4.examples/', import.meta.url)
// Definitions are many and alike; a few of them do.
const definitions = /^(SearchParameter|StructureDefinition|ValueSet|CodeSystem|ConceptMap|OperationDefinition)/
const maxBytes = 200_000

/** About `size` examples, the same ones for the same seed. */
export function sampleExamples(size: number, seed: number): readonly Resource[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((file) => /^[A-Z].*\.json$/.test(file))
  const records = files.filter((file) => !definitions.test(file))
  const others = files.filter((file) => definitions.test(file)).filter((_file, index) => index % 40 === 0)
  const candidates = [...records, ...others]
  const step = Math.max(1, Math.floor(candidates.length / size))
  return candidates
    .filter((_file, index) => (index + seed) % step === 0)
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .filter((text) => text.length <= maxBytes)
    .map((text) => JSON.parse(text) as Resource)
    .filter((resource) => typeof resource.resourceType === 'string')
}

test('a seed gives the same examples again', () => {
  const ids = (seed: number) => sampleExamples(20, seed).map((resource) => `${resource.resourceType}/${resource.id}`)
  assert.deepEqual(ids(1), ids(1))
})
