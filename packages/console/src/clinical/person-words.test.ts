// Ages and record numbers as the banner and the list show them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Patient } from '../api/fhir.ts'
import { ageWords, isDeceased, patientAge, recordNumberOf, sexWords } from './person-words.ts'
import { clinicalText } from './text.ts'

const patient = (given: Partial<Patient>): Patient => ({ resourceType: 'Patient', id: 'p', ...given })

test('says ages in both languages', () => {
  const age = patientAge(patient({ birthDate: '1980-05-15' }), '2026-05-14')
  assert.ok(age)
  assert.deepEqual([ageWords(age, clinicalText.en), ageWords(age, clinicalText.zh)], ['45 y', '45岁'])
  const about = patientAge(patient({ birthDate: '1950' }), '2026-05-14')
  assert.ok(about)
  assert.deepEqual([ageWords(about, clinicalText.en), ageWords(about, clinicalText.zh)], ['about 76 y', '约76岁'])
})

test('stops counting at death', () => {
  const dead = patient({ birthDate: '1930-01-01', deceasedDateTime: '2000-06-01' })
  assert.equal(patientAge(dead, '2026-05-14')?.amount, 70)
  assert.deepEqual([isDeceased(dead), isDeceased(patient({ deceasedBoolean: false }))], [true, false])
})

test('prefers the number that is typed as a medical record number, and never an old one', () => {
  const mr = { coding: [{ code: 'MR' }] }
  assert.equal(recordNumberOf(patient({ identifier: [{ value: 'A' }, { value: 'B', type: mr }] })), 'B')
  assert.equal(
    recordNumberOf(patient({ identifier: [{ value: 'A' }, { system: 'urn:xinglin:mrn', value: 'C' }] })),
    'C',
  )
  assert.equal(recordNumberOf(patient({ identifier: [{ value: 'A', use: 'old', type: mr }, { value: 'D' }] })), 'D')
  assert.equal(recordNumberOf(patient({})), undefined)
})

test('names the recorded sex', () => {
  assert.equal(sexWords('female', clinicalText.zh), '女')
  assert.equal(sexWords(undefined, clinicalText.zh), undefined)
})
