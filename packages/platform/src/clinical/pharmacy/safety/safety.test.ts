// The safety check on the real thesaurus: known pairs, names and codes, allergies through groups, and reasons given.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '@xinglin/core/fhir'
import type { Change, RuleView } from '../../../records/types.ts'
import { createMedicines } from '../medicines/holder.ts'
import { interactionsBetween } from '../medicines/medicines.ts'
import { substancesOf } from '../medicines/recognise.ts'
import { medicationSafetyRules } from './safety-rules.ts'

const holder = createMedicines()
const medicines = holder.current()
const rules = medicationSafetyRules(() => medicines)
const rxnorm = 'http://www.nlm.nih.gov/research/umls/rxnorm'

const request = (text: string, more: object = {}): Resource => ({
  resourceType: 'MedicationRequest',
  id: text,
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/p' },
  medicationCodeableConcept: { text },
  ...more,
})
const allergy = (text: string, more: object = {}): Resource => ({
  resourceType: 'AllergyIntolerance',
  id: 'a',
  patient: { reference: 'Patient/p' },
  code: { text },
  ...more,
})

function issues(
  after: Resource,
  given: { requests?: readonly Resource[]; allergies?: readonly Resource[]; before?: Resource } = {},
) {
  const { requests = [], allergies = [], before } = given
  const kind = before === undefined ? 'create' : 'update'
  const change: Change = {
    kind,
    type: 'MedicationRequest',
    id: 'new',
    before,
    after,
    isRevival: false,
    now: new Date(0),
  }
  const view: RuleView = {
    record: () => undefined,
    deleted: () => undefined,
    referrers: (type) => (type === 'MedicationRequest' ? requests : allergies),
  }
  return rules.flatMap((rule) => rule.check(change, view))
}

test('recognises substances by code, by English, American and Chinese names, and not by their salt', () => {
  const known: readonly (readonly [string, readonly string[]])[] = [
    ['Acetaminophen 325 MG Oral Tablet', ['paracetamol']],
    ['120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler', ['fluticasone']],
    ['Warfarin Sodium 5 MG Oral Tablet', ['warfarin']],
    ['losartan potassium 50 MG', ['losartan']],
    ['potassium chloride 20 MEQ Oral Tablet', ['potassium']],
    ['华法林钠片 2.5mg', ['warfarin']],
    ['阿司匹林肠溶片 100mg', ['acetylsalicylic-acid']],
    ['Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet', ['amoxicillin']],
    ['a box of nothing', []],
  ]
  for (const [text, substances] of known) {
    const got = substancesOf(medicines, { text })
    for (const id of substances) assert.ok(got.includes(id), `${text}: ${got}`)
    if (substances.length === 0 || text.startsWith('losartan')) assert.deepEqual(got, substances, text)
  }
  assert.deepEqual(substancesOf(medicines, { coding: [{ system: rxnorm, code: '11289' }] }), ['warfarin'])
  assert.deepEqual(substancesOf(medicines, { coding: [{ system: 'http://www.whocc.no/atc', code: 'B01AA03' }] }), [
    'warfarin',
  ])
})

test('is symmetric, and finds no interaction of a substance with itself', () => {
  const ids = [...medicines.drugs.keys()].filter((_, index) => index % 29 === 0)
  for (const a of ids) {
    assert.deepEqual(interactionsBetween(medicines, a, a), [])
    for (const b of ids) {
      const there = interactionsBetween(medicines, a, b).map(({ severity }) => severity)
      assert.deepEqual(
        there,
        interactionsBetween(medicines, b, a).map(({ severity }) => severity),
      )
    }
  }
})

test('refuses what is contraindicated, says why and from where it can be mended', () => {
  const [issue] = issues(request('Clarithromycin 500 MG'), { requests: [request('Simvastatin 20 MG Oral Tablet')] })
  assert.equal(issue?.severity, 'error')
  assert.equal(issue?.rule, 'medication-request.interaction')
  assert.match(issue?.diagnostics ?? '', /clarithromycin with simvastatin is contraindicated: .*DetectedIssue/)
})

test('tells a lesser interaction and lets it pass', () => {
  const found = issues(request('Warfarin 5 MG'), { requests: [request('Amiodarone 200 MG')] })
  assert.ok(found.length > 0)
  assert.ok(found.every(({ severity }) => severity === 'warning'))
})

test('prescribes all the same when a DetectedIssue names the reason', () => {
  const issue = {
    resourceType: 'DetectedIssue',
    id: 'why',
    status: 'final',
    mitigation: [{ action: { text: 'Short course, simvastatin paused' } }],
  }
  const after = request('Clarithromycin 500 MG', { contained: [issue], detectedIssue: [{ reference: '#why' }] })
  const [told] = issues(after, { requests: [request('Simvastatin 20 MG')] })
  assert.equal(told?.severity, 'warning')
  const empty = { ...issue, mitigation: [{ action: { text: ' ' } }] }
  const silent = request('Clarithromycin 500 MG', { contained: [empty], detectedIssue: [{ reference: '#why' }] })
  assert.equal(issues(silent, { requests: [request('Simvastatin 20 MG')] })[0]?.severity, 'error')
})

test('checks what is prescribed now: not what was stopped, and not an unchanged prescription again', () => {
  const simvastatin = request('Simvastatin 20 MG')
  assert.deepEqual(issues(request('Clarithromycin'), { requests: [{ ...simvastatin, status: 'stopped' }] }), [])
  assert.deepEqual(issues(request('Clarithromycin', { status: 'stopped' }), { requests: [simvastatin] }), [])
  const same = request('Clarithromycin')
  assert.deepEqual(issues({ ...same, note: [{ text: 'x' }] }, { requests: [simvastatin], before: same }), [])
  const activated = issues(same, { requests: [simvastatin], before: { ...same, status: 'draft' } })
  assert.equal(activated[0]?.severity, 'error')
})

test('refuses a medicine the patient is allergic to, also through its group', () => {
  const [direct] = issues(request('Amoxicillin 500 MG'), { allergies: [allergy('Amoxicillin')] })
  assert.equal(direct?.rule, 'medication-request.allergy')
  assert.equal(direct?.severity, 'error')
  for (const name of ['Penicillin', 'Allergy to penicillin', '青霉素']) {
    const [group] = issues(request('Amoxicillin 500 MG'), { allergies: [allergy(name)] })
    assert.equal(group?.severity, 'error', name)
  }
  assert.deepEqual(issues(request('Amoxicillin 500 MG'), { allergies: [allergy('Allergy to tree pollen')] }), [])
  assert.deepEqual(issues(request('Warfarin'), { allergies: [allergy('Penicillin')] }), [])
})

test('a low risk is told, a refuted or resolved allergy is not', () => {
  const low = issues(request('Amoxicillin'), { allergies: [allergy('Penicillin', { criticality: 'low' })] })
  assert.equal(low[0]?.severity, 'warning')
  const coding = (code: string) => ({ coding: [{ code }] })
  const refuted = allergy('Penicillin', { verificationStatus: coding('refuted') })
  const resolved = allergy('Penicillin', { clinicalStatus: coding('resolved') })
  assert.deepEqual(issues(request('Amoxicillin'), { allergies: [refuted, resolved] }), [])
  const severe = allergy('Penicillin', { criticality: 'low', reaction: [{ severity: 'severe' }] })
  assert.equal(issues(request('Amoxicillin'), { allergies: [severe] })[0]?.severity, 'error')
})
