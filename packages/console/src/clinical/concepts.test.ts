// Concepts read in the reader's language where we have words, and say so where they are the record's own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cohort } from '@xinglin/core/cohort'
import type { Coding } from '../api/fhir.ts'
import { wordsOf } from './concepts.ts'
import { allTerms, termOf } from './terms.ts'

const snomed = 'http://snomed.info/sct'

test('prefers our words to the recorded display', () => {
  const diabetes = { coding: [{ system: snomed, code: '44054006', display: 'Diabetes mellitus type 2 (disorder)' }] }
  assert.deepEqual(wordsOf(diabetes, 'zh'), { text: '2型糖尿病', otherLanguage: undefined })
  assert.deepEqual(wordsOf(diabetes, 'en'), { text: 'Type 2 diabetes mellitus', otherLanguage: undefined })
})

test('falls back to the record’s own words, marks their language and leaves out the semantic tag', () => {
  const rare = { coding: [{ system: snomed, code: '1', display: 'Sprain of ankle (disorder)' }] }
  assert.deepEqual(wordsOf(rare, 'en'), { text: 'Sprain of ankle', otherLanguage: undefined })
  assert.deepEqual(wordsOf(rare, 'zh'), { text: 'Sprain of ankle', otherLanguage: 'en' })
  assert.deepEqual(wordsOf({ text: '踝关节扭伤' }, 'en'), { text: '踝关节扭伤', otherLanguage: 'zh' })
  assert.deepEqual(wordsOf({ coding: [{ code: 'X1' }] }, 'en'), { text: 'X1', otherLanguage: undefined })
  assert.equal(wordsOf({}, 'en'), undefined)
})

test('has words in both languages for each term', () => {
  for (const [code, { en, zh }] of allTerms) assert.ok(en !== '' && zh !== '', code)
})

// Every coding of a clinical system in the resources, wherever it stands.
function codingsIn(value: unknown): readonly Coding[] {
  if (Array.isArray(value)) return value.flatMap(codingsIn)
  if (typeof value !== 'object' || value === null) return []
  const own = value as Coding
  const isCoding = typeof own.system === 'string' && typeof own.code === 'string' && own.display !== undefined
  return [...(isCoding ? [own] : []), ...Object.values(value).flatMap(codingsIn)]
}

test('has words for all that the synthetic cohort can have, take and be measured for', () => {
  const clinical = new Set([
    'http://snomed.info/sct',
    'http://loinc.org',
    'http://www.nlm.nih.gov/research/umls/rxnorm',
  ])
  const bundles = [...cohort({ seed: 1, patients: 150, untilMs: Date.UTC(2026, 0, 1) })]
  const codings = codingsIn(bundles).filter(({ system }) => clinical.has(system ?? ''))
  assert.ok(codings.length > 1000)
  const missing = codings.filter(({ system, code }) => termOf(system, code) === undefined)
  assert.deepEqual(new Set(missing.map(({ code, display }) => `${code} ${display}`)), new Set())
})
