// A stated emergency goes with requests about its patient, images included, and with no others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Emergency, type Known, reasonFor } from './emergency-subject.ts'

const until = '2026-01-01T00:30:00Z'
const emergencies = new Map<string, Emergency>([
  ['li-si', { reason: 'fell from a ladder', until }],
  ['zhang-san', { reason: 'found unconscious', until }],
  ['old', { reason: 'long ago', until: '2025-12-31T00:00:00Z' }],
])
const known: Known = {
  nowMs: Date.parse('2026-01-01T00:00:00Z'),
  emergencies,
  patientOf: (study) => ({ '1.2': 'li-si', '1.3': 'wang-wu', '1.4': null })[study],
  studyOf: (reading) => (reading === 'r-2' ? '1.2' : undefined),
}

test('goes with what is about the patient', () => {
  for (const path of [
    '/fhir/Patient/li-si',
    '/fhir/Observation?patient=li-si&_count=20',
    '/fhir/Condition?subject=Patient%2Fli-si',
    '/api/v1/imaging/studies/1.2',
    '/dicom-web/studies/1.2/series/1.2.1/metadata?accept=application/json',
    '/api/v1/imaging/readings?study=1.2&_count=50',
    '/api/v1/imaging/readings/r-2/masks',
  ]) {
    assert.equal(reasonFor(path, known), 'fell from a ladder', path)
  }
})

test('the newest goes with lists of studies, and with a study that was never seen', () => {
  for (const path of ['/api/v1/imaging/studies?limit=100', '/dicom-web/studies/9.9/metadata'])
    assert.equal(reasonFor(path, known), 'found unconscious', path)
})

test('goes with nothing about others, nor after its end', () => {
  for (const path of [
    '/fhir/Patient/wang-wu',
    '/fhir/Patient/old',
    '/api/v1/imaging/studies/1.3',
    '/dicom-web/studies/1.4/series/1/metadata',
    '/audit/events?from=2026-01-01',
    '/health/ready',
  ]) {
    assert.equal(reasonFor(path, known), undefined, path)
  }
  assert.equal(reasonFor('/api/v1/imaging/studies', { ...known, nowMs: Date.parse(until) }), undefined)
})
