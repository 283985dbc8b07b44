// What is refused and why, one small resource for each rule, and the valid neighbour of each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../types.ts'
import { validateResource, validateText } from './index.ts'

const xhtml = 'http://www.w3.org/1999/xhtml'
const narrative = (inside: string) => ({ status: 'generated', div: `<div xmlns="${xhtml}">${inside}</div>` })
const patient = (more: Record<string, unknown> = {}): Resource => ({ resourceType: 'Patient', id: 'p1', ...more })
const observation = (more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8302-2' }] },
  ...more,
})
const bundle = (more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Bundle',
  type: 'collection',
  ...more,
})
const attachment = (more: Record<string, unknown>): Resource =>
  patient({ photo: [{ contentType: 'image/png', ...more }] })
const basic = (id: string) => ({ resourceType: 'Basic', id, code: { text: 'x' } })
const withContained = (...contained: unknown[]): Resource =>
  patient({ contained, managingOrganization: { reference: '#o1' } })
const organization = { resourceType: 'Organization', id: 'o1', name: 'x' }

function errorsOf(resource: unknown): readonly string[] {
  return validateResource(resource as Resource)
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, expression }) => `${rule} ${expression}`)
}

type Example = readonly [what: string, refused: Resource, error: string, accepted: Resource]

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

check([
  [
    'a relative fullUrl',
    bundle({ entry: [{ fullUrl: 'Basic/b', resource: basic('b') }] }),
    'bundle.full-url Bundle.entry[0]',
    bundle({ entry: [{ fullUrl: 'http://x.org/Basic/b', resource: basic('b') }] }),
  ],
  [
    'a fullUrl that names another id',
    bundle({ entry: [{ fullUrl: 'http://x.org/Basic/a', resource: basic('b') }] }),
    'bundle.full-url Bundle.entry[0]',
    bundle({ entry: [{ fullUrl: 'urn:uuid:5f5b9a5e-52e5-4c5c-a6f5-5b0a1d5a5c11', resource: basic('b') }] }),
  ],
  [
    'two entries with one fullUrl',
    bundle({ entry: [1, 2].map(() => ({ fullUrl: 'http://x.org/Basic/b', resource: basic('b') })) }),
    'bdl-7 Bundle',
    bundle({
      entry: ['1', '2'].map((versionId) => ({
        fullUrl: 'http://x.org/Basic/b',
        resource: { ...basic('b'), meta: { versionId } },
      })),
    }),
  ],
  [
    'two links to the next page',
    bundle({ type: 'searchset', link: [1, 2].map((page) => ({ relation: 'next', url: `http://x.org/${page}` })) }),
    'bundle.link Bundle.link[1]',
    bundle({ type: 'searchset', link: ['next', 'self'].map((relation) => ({ relation, url: 'http://x.org/1' })) }),
  ],
  [
    'a request in a collection',
    bundle({ entry: [{ resource: basic('b'), request: { method: 'POST', url: 'Basic' } }] }),
    'bdl-3 Bundle',
    bundle({ type: 'batch', entry: [{ resource: basic('b'), request: { method: 'POST', url: 'Basic' } }] }),
  ],
  [
    'an error inside of an entry',
    bundle({ entry: [{ resource: basic('b') }, { resource: patient({ gender: 'x' }) }] }),
    'binding.required Bundle.entry[1].resource.gender',
    bundle({ entry: [{ resource: patient() }] }),
  ],
])

const composition = (entry: string) => ({
  resourceType: 'Composition',
  id: 'c',
  status: 'final',
  type: { text: 'x' },
  date: '2026',
  title: 'x',
  author: [{ reference: 'Patient/p1' }],
  section: [{ title: 'x', section: [{ title: 'y', entry: [{ reference: entry }] }] }],
})
const document = (entry: string): Resource =>
  bundle({
    type: 'document',
    identifier: { system: 'http://x.org/d', value: '1' },
    timestamp: '2026-01-01T00:00:00Z',
    entry: [composition(entry), patient(), { ...basic('b'), meta: { versionId: '2' } }].map((resource) => ({
      fullUrl: `http://x.org/${resource.resourceType}/${String(resource.id)}`,
      resource,
    })),
  })

check([
  ['a document without what it refers to', document('Basic/x'), 'document.complete Bundle', document('Basic/b')],
  [
    'a document with another version than it refers to',
    document('Basic/b/_history/1'),
    'document.complete Bundle',
    document('http://x.org/Basic/b/_history/2'),
  ],
])

const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const pressure = (code: string, unit = 'mm[Hg]') => ({
  code: loinc(code),
  valueQuantity: { value: 120, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: unit },
})
const vitalSigns = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }],
}
const bloodPressure = (more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Observation',
  meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bp'] },
  status: 'final',
  category: [vitalSigns, { text: 'x' }],
  code: loinc('85354-9'),
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2026-01-01',
  component: [pressure('8480-6'), pressure('8462-4')],
  ...more,
})

check([
  [
    'a blood pressure without its diastolic slice',
    bloodPressure({ component: [pressure('8480-6'), pressure('8867-4')] }),
    'profile Observation.component',
    bloodPressure({ component: [pressure('8867-4'), pressure('8480-6'), pressure('8462-4')] }),
  ],
  [
    'a slice twice',
    bloodPressure({ component: [pressure('8480-6'), pressure('8480-6'), pressure('8462-4')] }),
    'profile Observation.component',
    bloodPressure(),
  ],
  [
    'another unit in a slice',
    bloodPressure({ component: [pressure('8480-6', 'kPa'), pressure('8462-4')] }),
    'profile Observation.component[0].value.code',
    bloodPressure({
      meta: { profile: ['http://x.org/StructureDefinition/bp'] },
      component: [pressure('8480-6', 'kPa')],
    }),
  ],
  [
    'a vital sign without its category',
    bloodPressure({ category: [{ text: 'x' }] }),
    'profile Observation.category',
    bloodPressure({ category: [vitalSigns] }),
  ],
  [
    'a vital sign of no certain day',
    bloodPressure({ effectiveDateTime: '2026-01' }),
    'vs-1 Observation.effective',
    bloodPressure({ effectiveDateTime: undefined, effectivePeriod: { start: '2026-01' } }),
  ],
  [
    'a profile of another type',
    patient({ meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bp'] } }),
    'profile Patient',
    patient({ meta: { profile: ['http://hl7.org/fhir/StructureDefinition/bp|5.0.0'] } }),
  ],
])

const unsafe: readonly string[] = [
  '<script>alert(1)</script>',
  '<iframe src="http://x.org"></iframe>',
  '<object data="x"></object>',
  '<form action="http://x.org"><input name="x"/></form>',
  '<link rel="stylesheet" href="http://x.org/a.css"/>',
  '<style>p { }</style>',
  '<p onclick="x()">x</p>',
  '<img src="x.png" onerror="x()"/>',
  '<a href="javascript:x()">x</a>',
  '<a href=" JavaScript : x()">x</a>',
  '<a href="java&#10;script:x()">x</a>',
  '<a href="java&#x09;script:x()">x</a>',
  '<a href="&#1;javascript:x()">x</a>',
  '<a href="vbscript:x">x</a>',
  '<a href="data:text/html,x">x</a>',
  '<img src="data:image/svg+xml;base64,AAAA"/>',
  '<p style="width: expression(x())">x</p>',
  '<p style="background: url(javascript:x())">x</p>',
  '<p style="width: e\\78 pres/**/sion(x())">x</p>',
  '<p style="behavior: url(x.htc)">x</p>',
  '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"></svg>',
  '<math xmlns="http://www.w3.org/1998/Math/MathML"></math>',
  '<x:script xmlns:x="http://www.w3.org/1999/xhtml">x</x:script>',
  '<?php x ?>',
  '<p>x',
  '<p>x</b>',
  '&undefined;',
]

for (const content of unsafe) {
  test(`refuses ${content} in a narrative`, () => {
    const [first] = errorsOf(patient({ text: narrative(content) }))
    assert.equal(first, 'txt-1 Patient.text.div')
  })
}

test('accepts what formats a narrative', () => {
  const content =
    '<p style="color: red" title="x">&nbsp;x &lt; y<br/></p><table border="1"><tr><td colspan="2">x</td></tr></table>' +
    '<a name="x"> </a><a href="http://x.org">x</a><a href="#x">x</a><img src="data:image/png;base64,AAAA" alt="x"/><!-- x -->'
  assert.deepEqual(errorsOf(patient({ text: narrative(content) })), [])
  assert.deepEqual(errorsOf(patient({ text: narrative(' <p> </p> ') })), ['txt-2 Patient.text.div'])
})

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
