// What resources leave in the index: token variants, references, strings in all their forms, ranges, compartments.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../types.ts'
import { compositeRows } from './composites.ts'
import { indexRows } from './index-rows.ts'
import { identifierHash, parameterHash, presenceHash, textHash } from './parameter-keys.ts'
import { parseSearch } from './parse.ts'
import { labelHash, ofTypeHash, tokenHash, valueHash } from './value-keys.ts'

const loinc = 'http://loinc.org'
const ucum = 'http://unitsofmeasure.org'
const observation: Resource = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  meta: { security: [{ system: 'urn:s', code: 'R' }] },
  code: { coding: [{ system: loinc, code: '8302-2', display: 'Body height' }] },
  subject: { reference: 'Patient/p1/_history/3', identifier: { system: 'urn:mrn', value: '7' }, display: 'Zhang San' },
  effectiveDateTime: '2026-03-01',
  valueQuantity: { value: 180.5, unit: 'centimetres', system: ucum, code: 'cm' },
}

function p(type: string, code: string): number {
  return parameterHash({ base: type, code })
}

function pinyinRows(resource: Resource, code: string): readonly string[] {
  return indexRows(resource)
    .strings.filter((row) => row.p === p(resource.resourceType, code))
    .map((row) => row.v)
}

test('a coding is found by system and code, by code, and by system', () => {
  const { tok, tokens } = indexRows(observation)
  const code = p('Observation', 'code')
  for (const [system, value] of [
    [loinc, '8302-2'],
    [undefined, '8302-2'],
    [loinc, undefined],
  ] as const) {
    assert.ok(tokens.includes(tokenHash(code, system, value)))
  }
  assert.ok(!tok.includes(tokenHash(code, '', '8302-2')))
  assert.deepEqual(
    tok,
    tok.toSorted((a, b) => a - b),
  )
})

test('a code is found with the system of its required binding and without', () => {
  const { tok } = indexRows(observation)
  const status = p('Observation', 'status')
  for (const system of ['http://hl7.org/fhir/observation-status', '', undefined]) {
    assert.ok(tok.includes(tokenHash(status, system, 'final')))
  }
})

test('presence is in tok and not worth an index of its own', () => {
  const { tok, tokens } = indexRows(observation)
  const present = presenceHash({ base: 'Observation', code: 'subject' })
  assert.ok(tok.includes(present) && !tokens.includes(present))
  assert.ok(!tok.includes(presenceHash({ base: 'Observation', code: 'encounter' })))
})

test('a versioned reference is a reference to the record', () => {
  const rows = indexRows(observation)
  const subject = p('Observation', 'subject')
  assert.ok(rows.tokens.includes(valueHash(subject, 'Patient/p1')))
  assert.ok(rows.tokens.includes(tokenHash(identifierHash(subject), 'urn:mrn', '7')))
  assert.ok(rows.references.some((row) => row.p === subject && row.type === 'Patient' && row.id === 'p1'))
  assert.deepEqual(rows.patients, ['p1'])
})

test('a reference to another server is no record here, unless the server is this one', () => {
  const far: Resource = { ...observation, subject: { reference: 'https://far.example/fhir/Patient/p1' } }
  const rows = indexRows(far)
  assert.deepEqual([rows.patients, rows.references], [[], []])
  assert.ok(rows.tokens.includes(valueHash(p('Observation', 'subject'), 'https://far.example/fhir/Patient/p1')))
  assert.deepEqual(indexRows(far, { baseUrl: 'https://far.example/fhir/' }).patients, ['p1'])
})

test('a contained or empty reference leaves presence alone', () => {
  const rows = indexRows({ ...observation, subject: { reference: '#p' } })
  assert.deepEqual([rows.patients, rows.references], [[], []])
})

test('a date is the range of its precision and the clinical date its start', () => {
  const rows = indexRows(observation)
  const lo = Date.UTC(2026, 2, 1)
  assert.deepEqual(
    rows.dates.find((row) => row.p === p('Observation', 'date')),
    { p: p('Observation', 'date'), lo, hi: lo + 86_400_000 },
  )
  assert.equal(rows.clinicalDate, lo)
})

test('the clinical date of a condition without onset is when it was recorded', () => {
  const condition: Resource = { resourceType: 'Condition', recordedDate: '2020', onsetDateTime: '2019' }
  assert.equal(indexRows(condition).clinicalDate, Date.UTC(2019, 0))
  assert.equal(indexRows({ resourceType: 'Condition', recordedDate: '2020' }).clinicalDate, Date.UTC(2020, 0))
})

test('labels, texts and identifiers by type have hashes of their own', () => {
  const rows = indexRows(observation)
  assert.deepEqual(rows.labels, [labelHash('urn:s', 'R')])
  assert.ok(
    rows.strings.some((row) => row.p === textHash({ base: 'Observation', code: 'code' }) && row.v === 'body height'),
  )
  const type = { coding: [{ system: 'urn:t', code: 'MR' }] }
  const patient: Resource = { resourceType: 'Patient', id: 'p', identifier: [{ type, system: 'urn:x', value: '1' }] }
  const hash = ofTypeHash(p('Patient', 'identifier'), { system: 'urn:t', code: 'MR' }, '1')
  assert.ok(indexRows(patient).tokens.includes(hash))
  assert.deepEqual(indexRows(patient).patients, ['p'])
})

test('a Chinese name is found by its characters, pinyin and initials', () => {
  const patient: Resource = { resourceType: 'Patient', name: [{ family: '张', given: ['三'] }] }
  const names = pinyinRows(patient, 'name')
  for (const form of ['张三', '张', 'zhangsan', 'zhang san', 'zs', 'zhang']) assert.ok(names.includes(form), form)
  // 单 is read dān, but shàn as a surname; 吕 is typed lv or lu.
  const shan: Resource = { resourceType: 'Patient', name: [{ family: '单', given: ['田芳'] }] }
  assert.ok(pinyinRows(shan, 'family').includes('shan'))
  assert.ok(pinyinRows(shan, 'name').includes('shantianfang'))
  const text: Resource = { resourceType: 'Patient', name: [{ text: '吕 布' }] }
  for (const form of ['吕布', 'lvbu', 'lubu', 'lb']) assert.ok(pinyinRows(text, 'name').includes(form), form)
})

test('a Latin name is found in both orders, without accents', () => {
  const patient: Resource = { resourceType: 'Patient', name: [{ family: 'Müller', given: ['Zoë', 'Ana'] }] }
  const names = pinyinRows(patient, 'name')
  for (const form of ['muller', 'zoe', 'muller zoe ana', 'zoe ana muller']) assert.ok(names.includes(form), form)
})

test('a quantity has rows without unit, with its code, with system and code, and with its text', () => {
  const rows = indexRows(observation).numbers
  for (const value of ['180.5', '180.5||cm', `180.5|${ucum}|cm`, '180.5||centimetres']) {
    const [criterion] = parse('value-quantity', value).criteria
    assert.ok(criterion?.kind === 'quantity')
    assert.ok(
      rows.some((row) => row.p === criterion.values[0]?.p),
      value,
    )
  }
  const [other] = parse('value-quantity', `180.5|${ucum}|m`).criteria
  assert.ok(other?.kind === 'quantity' && !rows.some((row) => row.p === other.values[0]?.p))
})

test('a composite finds both parts in the same element', () => {
  const rows = indexRows(observation).numbers
  for (const value of [`${loinc}|8302-2$gt180`, '8302-2$gt180', `8302-2$180.5|${ucum}|cm`, '8302-2$180.5||cm']) {
    const [criterion] = parse('code-value-quantity', value).criteria
    assert.ok(criterion?.kind === 'composite')
    const found = compositeRows(criterion.parameter, criterion.values[0] ?? [])?.rows?.criterion
    assert.ok(found?.kind === 'quantity' && found.values.some((one) => rows.some((row) => row.p === one.p)), value)
  }
})

test('a composite of two codes is one hash', () => {
  const document: Resource = {
    resourceType: 'DocumentReference',
    relatesTo: [{ code: 'replaces', target: { reference: 'DocumentReference/d1' } }],
  }
  const query = parseSearch({
    types: ['DocumentReference'],
    parameters: [['relationship', 'replaces$DocumentReference/d1']],
    lenient: false,
  })
  const [criterion] = query.criteria
  assert.ok(criterion?.kind === 'composite')
  const hash = compositeRows(criterion.parameter, criterion.values[0] ?? [])?.tok
  assert.ok(hash !== undefined && indexRows(document).tok.includes(hash))
})

test('a patient without word of death is not deceased', () => {
  const deceased = p('Patient', 'deceased')
  assert.ok(indexRows({ resourceType: 'Patient' }).tok.includes(tokenHash(deceased, undefined, 'false')))
  const dead: Resource = { resourceType: 'Patient', deceasedDateTime: '2020' }
  assert.ok(indexRows(dead).tok.includes(tokenHash(deceased, undefined, 'true')))
})

test('a type that R4 does not have leaves nothing', () => {
  assert.deepEqual(indexRows({ resourceType: 'Nothing', id: 'x' }).tok, [])
})

test('a canonical with a version is found with and without it', () => {
  const { tok } = indexRows({ resourceType: 'QuestionnaireResponse', questionnaire: 'http://q.example/a|2' })
  const questionnaire = p('QuestionnaireResponse', 'questionnaire')
  for (const url of ['http://q.example/a|2', 'http://q.example/a'])
    assert.ok(tok.includes(valueHash(questionnaire, url)))
})

function parse(name: string, value: string) {
  return parseSearch({ types: ['Observation'], parameters: [[name, value]], lenient: false })
}

test('a resource with very many values is indexed in time and without NUL', () => {
  const coding = Array.from({ length: 50_000 }, (_value, index) => ({ code: `c${index}`, display: `d\0${index}` }))
  const startMs = performance.now()
  const rows = indexRows({
    resourceType: 'Condition',
    code: { coding },
    identifier: coding.map(({ code }) => ({ value: code })),
  })
  assert.equal(rows.strings.length, 50_000)
  assert.ok(rows.strings.every((row) => !row.raw.includes('\0') && !row.v.includes('\0')))
  assert.ok(performance.now() - startMs < 5000)
})

test('long runs of marks neither take long nor hide the text around them', () => {
  const startMs = performance.now()
  const { strings } = indexRows({ resourceType: 'Patient', name: [{ text: `a${'\u0301\u0316'.repeat(60_000)}é` }] })
  assert.ok(strings.some((row) => row.v === 'ae'))
  assert.ok(performance.now() - startMs < 2000) // in their canonical order they would take a quarter of a minute
})
