// What is refused and why, one small resource for each rule, and the valid neighbour of each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../types.ts'
import { validateResource, validateText } from './index.ts'
import { type Example, errorsOf } from './testing/examples.ts'

const patient = (more: Record<string, unknown> = {}): Resource => ({ resourceType: 'Patient', id: 'p1', ...more })
const observation = (more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8302-2' }] },
  ...more,
})
const attachment = (more: Record<string, unknown>): Resource =>
  patient({ photo: [{ contentType: 'image/png', ...more }] })
const basic = (id: string) => ({ resourceType: 'Basic', id, code: { text: 'x' } })
const withContained = (...contained: unknown[]): Resource =>
  patient({ contained, managingOrganization: { reference: '#o1' } })
const organization = { resourceType: 'Organization', id: 'o1', name: 'x' }

function check(examples: readonly Example[]): void {
  for (const [what, refused, error, accepted] of examples) {
    test(`refuses ${what}`, () => {
      assert.deepEqual(errorsOf(refused), [error])
      assert.deepEqual(errorsOf(accepted), [])
    })
  }
}

check([
  ['an unknown element', patient({ colour: 'x' }), 'structure.unknown-element Patient', patient({ gender: 'male' })],
  [
    'an unknown element deep inside',
    patient({ name: [{ family: 'Zhang' }, { family: 'Li', nick: 'x' }] }),
    'structure.unknown-element Patient.name[1]',
    patient({ name: [{ family: 'Li' }] }),
  ],
  ['a resource type of no R4', { resourceType: 'Patientt' }, 'resource.type Patientt', patient()],
  ['a missing element', observation({ status: undefined }), 'structure.required Observation', observation()],
  [
    'a missing choice',
    { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: { display: 'x' } },
    'structure.required MedicationRequest',
    {
      resourceType: 'MedicationRequest',
      status: 'active',
      intent: 'order',
      subject: { display: 'x' },
      medicationCodeableConcept: { text: 'x' },
    },
  ],
  [
    'two of one choice',
    observation({ valueString: 'x', valueInteger: 1 }),
    'structure.choice Observation.value',
    observation({ valueString: 'x', _valueString: { id: 'a' } }),
  ],
  [
    'a type that the choice does not have',
    observation({ valueUri: 'x:y' }),
    'structure.unknown-element Observation',
    observation(),
  ],
  [
    'a single value in place of a list',
    patient({ name: { family: 'x' } }),
    'structure.list Patient.name',
    patient({ name: [{ family: 'x' }] }),
  ],
  [
    'a list in place of a single value',
    patient({ gender: ['male'] }),
    'primitive.format Patient.gender',
    patient({ gender: 'male' }),
  ],
  ['an empty list', patient({ name: [] }), 'structure.empty Patient.name', patient()],
  ['an empty object', patient({ name: [{}] }), 'ele-1 Patient.name[0]', patient({ name: [{ text: 'x' }] })],
  ['a null', patient({ gender: null }), 'structure.null Patient.gender', patient()],
  [
    'a null in a list without its extension',
    patient({ name: [{ given: ['a', null] }] }),
    'structure.null Patient.name[0].given[1]',
    patient({
      name: [{ given: ['a', null], _given: [null, { extension: [{ url: 'http://x.org/e', valueCode: 'x' }] }] }],
    }),
  ],
  [
    'more extensions than values',
    patient({ name: [{ given: ['a'], _given: [null, { extension: [{ url: 'http://x.org/e', valueCode: 'x' }] }] }] }),
    'structure.sibling Patient.name[0].given',
    patient({ name: [{ given: ['a'], _given: [{ id: 'x' }] }] }),
  ],
  [
    'text in place of a number',
    observation({ valueInteger: '1' }),
    'primitive.format Observation.value',
    observation({ valueInteger: 1 }),
  ],
  [
    'a fraction in place of a whole number',
    observation({ valueInteger: 1.5 }),
    'primitive.format Observation.value',
    observation({ valueInteger: -1 }),
  ],
  [
    'a day that does not exist',
    patient({ birthDate: '2026-02-29' }),
    'primitive.format Patient.birthDate',
    patient({ birthDate: '2024-02-29' }),
  ],
  [
    'a time without time zone',
    patient({ deceasedDateTime: '2026-02-01T10:00:00' }),
    'primitive.format Patient.deceased',
    patient({ deceasedDateTime: '2026-02-01T10:00:00+08:00' }),
  ],
  ['an id with other characters', patient({ id: 'a_b' }), 'primitive.format Patient.id', patient({ id: 'a-b.C9' })],
  [
    'a code outside of the value set',
    patient({ gender: 'man' }),
    'binding.required Patient.gender',
    patient({ gender: 'other' }),
  ],
  [
    'a coding outside of a required value set',
    { resourceType: 'Condition', subject: { display: 'x' }, clinicalStatus: { coding: [{ code: 'active' }] } },
    'binding.required Condition.clinicalStatus',
    {
      resourceType: 'Condition',
      subject: { display: 'x' },
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
      },
    },
  ],
  [
    'a relative code system',
    observation({ code: { coding: [{ system: 'loinc', code: 'x' }] } }),
    'uri.absolute Observation.code.coding[0].system',
    observation(),
  ],
])

check([
  [
    'a reference of no form',
    observation({ subject: { reference: 'p1' } }),
    'reference.form Observation.subject',
    observation({ subject: { reference: 'Patient/p1' } }),
  ],
  [
    'a reference to a type that is not allowed',
    observation({ subject: { reference: 'Medication/m1' } }),
    'reference.target Observation.subject',
    observation({ subject: { reference: 'urn:uuid:5f5b9a5e-52e5-4c5c-a6f5-5b0a1d5a5c11' } }),
  ],
  [
    'a reference whose type disagrees',
    observation({ subject: { reference: 'Patient/p1', type: 'Group' } }),
    'reference.type Observation.subject',
    observation({ subject: { reference: 'Patient/p1', type: 'Patient' } }),
  ],
  [
    'a reference to nothing contained',
    observation({ subject: { reference: '#x' } }),
    'ref-1 Observation.subject',
    observation(),
  ],
  [
    'a contained resource that nothing refers to',
    patient({ contained: [organization] }),
    'dom-3 Patient.contained[0]',
    withContained(organization),
  ],
  [
    'contained resources in a contained one',
    withContained({ ...organization, contained: [{ ...basic('b'), subject: { reference: '#' } }] }),
    'dom-2 Patient.contained[0]',
    withContained(organization, { ...basic('b'), author: { reference: '#o1' }, subject: { reference: '#' } }),
  ],
  [
    'a version of a contained resource',
    withContained({ ...organization, meta: { versionId: '1' } }),
    'dom-4 Patient.contained[0]',
    withContained({ ...organization, meta: { tag: [{ code: 'x' }] } }),
  ],
  [
    'security labels on a contained resource',
    withContained({ ...organization, meta: { security: [{ code: 'R' }] } }),
    'dom-5 Patient.contained[0]',
    withContained(organization),
  ],
  [
    'an extension without value',
    patient({ extension: [{ url: 'http://x.org/e' }] }),
    'ext-1 Patient.extension[0]',
    patient(),
  ],
  [
    'an extension with a relative url',
    patient({ extension: [{ url: 'e', valueCode: 'x' }] }),
    'extension.url Patient.extension[0]',
    patient({ extension: [{ url: 'http://x.org/e', extension: [{ url: 'e', valueCode: 'x' }] }] }),
  ],
  [
    'an invariant that does not hold',
    patient({ contact: [{ gender: 'male' }] }),
    'pat-1 Patient.contact[0]',
    patient({ contact: [{ name: { text: 'x' } }] }),
  ],
  [
    'a period that ends before it starts',
    patient({ name: [{ text: 'x', period: { start: '2026-02', end: '2026-01' } }] }),
    'per-1 Patient.name[0].period',
    patient({ name: [{ text: 'x', period: { start: '2026-02-05', end: '2026-02' } }] }),
  ],
  [
    'a range whose low is above its high',
    observation({ valueRange: { low: { value: 2, unit: 'kg' }, high: { value: 1, unit: 'kg' } } }),
    'rng-2 Observation.value',
    observation({ valueRange: { low: { value: 2, unit: 'g' }, high: { value: 1, unit: 'kg' } } }),
  ],
])

const data = btoa('hello')
const hash = 'qvTGHdzF6KLavt4PO0gs2a6pQ00='

check([
  [
    'data that is no base64',
    attachment({ data: '%%%' }),
    'primitive.format Patient.photo[0].data',
    attachment({ data }),
  ],
  [
    'a size that the data does not have',
    attachment({ data, size: 6 }),
    'attachment.size Patient.photo[0]',
    attachment({ data, size: 5 }),
  ],
  [
    'a hash that is not of the data',
    attachment({ data: btoa('other'), hash }),
    'attachment.hash Patient.photo[0]',
    attachment({ data, hash }),
  ],
  [
    'data without its type',
    attachment({ data, contentType: undefined }),
    'att-1 Patient.photo[0]',
    attachment({ url: 'http://x.org/1.png', hash, size: 9 }),
  ],
  [
    'a type that is no MIME type',
    attachment({ contentType: 'a picture' }),
    'binding.required Patient.photo[0].contentType',
    attachment({ contentType: 'text/plain; charset="utf 8"' }),
  ],
])

test('says what is wrong and how to mend it', () => {
  const [issue] = validateResource(patient({ name: [{ given: ['San', 1] }] }))
  assert.deepEqual(issue, {
    severity: 'error',
    code: 'value',
    rule: 'primitive.format',
    expression: 'Patient.name[0].given[1]',
    diagnostics: "The value '1' must be a JSON string, not a number.",
  })
})

test('reads JSON text as it is meant and refuses what it cannot', () => {
  const rules = (text: string) => validateText(text).map(({ rule, severity }) => `${severity} ${rule}`)
  assert.deepEqual(rules('{"resourceType":"Patient","id":"a"}'), [])
  assert.deepEqual(rules('\ufeff{"resourceType":"Patient","id":"//a/*"}'), ['error primitive.format'])
  assert.deepEqual(rules('{"resourceType":"Patient", // who\n "id":"a" /* which */}'), ['warning json.comment'])
  assert.deepEqual(rules('{"resourceType":"Patient","id":"a","name":[{"text":"a"},{"text":"b","text":"c"}]}'), [
    'error json.duplicate',
  ])
  for (const text of [
    '',
    '{',
    '{"resourceType":"Patient",}',
    "{'resourceType':'Patient'}",
    '{"a":1 /*',
    '"\\',
    '[1,]',
  ]) {
    assert.deepEqual(rules(text), ['error json.form'], text)
  }
})
