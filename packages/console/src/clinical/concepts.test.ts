// Concepts read in the reader's language where we have words, and say so where they are the record's own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allergies, bloodPressure, illnesses, laboratory, vitalSigns } from '../../../core/src/cohort/knowledge.ts'
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

test('has words in both languages for each term and for the whole synthetic cohort', () => {
  for (const [code, { en, zh }] of allTerms) assert.ok(en !== '' && zh !== '', code)
  const measured = [...vitalSigns, ...laboratory, bloodPressure.systolic, bloodPressure.diastolic]
  const codes = [
    ...illnesses.map((one) => [snomed, one.snomed]),
    ...allergies.map((one) => [snomed, one.snomed]),
    ...measured.map((one) => ['http://loinc.org', one.loinc]),
    ...illnesses
      .flatMap((one) => one.medicines)
      .map((one) => ['http://www.nlm.nih.gov/research/umls/rxnorm', one.rxnorm]),
  ]
  for (const [system, code] of codes) assert.ok(termOf(system, code), `${system}|${code}`)
})
