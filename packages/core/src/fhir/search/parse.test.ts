// Searches are understood whole or refused with reasons: names, modifiers, values, chains, limits, leniency.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../errors/index.ts'
import { escapeValue } from './escape.ts'
import { parameterHash } from './parameter-keys.ts'
import { definitionsOf, resourceTypes } from './parameters.ts'
import { parseSearch, type SearchInput } from './parse.ts'
import type { Criterion, SearchQuery } from './types.ts'
import { tokenHash } from './value-keys.ts'

type Pairs = readonly (readonly [string, string])[]

function search(type: string, parameters: Pairs, more: Partial<SearchInput> = {}): SearchQuery {
  return parseSearch({ types: [type], parameters, lenient: false, ...more })
}

function one(type: string, name: string, value: string): Criterion {
  const [criterion] = search(type, [[name, value]]).criteria
  assert.ok(criterion !== undefined)
  return criterion
}

function refusal(type: string, parameters: Pairs): AppError {
  try {
    search(type, parameters)
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    return error
  }
  return assert.fail(`${JSON.stringify(parameters)} was taken`)
}

test('all faults are told at once, with the nearest names', () => {
  const error = refusal('Patient', [
    ['nmae', 'x'],
    ['birthdate', 'soon'],
    ['gender:exact', 'x'],
    ['_count', '-1'],
    ['near', '1|2'],
  ])
  assert.equal(error.code, 'unknown-parameter')
  assert.equal(error.status, 400)
  assert.deepEqual(
    error.issues.map((issue) => issue.code),
    ['not-supported', 'value', 'not-supported', 'value', 'not-supported'],
  )
  assert.match(error.issues[0]?.diagnostics ?? '', /Patient.*'nmae'.*name/)
  assert.equal(refusal('Patient', [['birthdate', 'soon']]).code, 'invalid-parameter')
})

test('a lenient search leaves out what it does not understand and says so', () => {
  const query = search(
    'Patient',
    [
      ['nmae', 'x'],
      ['name', 'li'],
    ],
    { lenient: true },
  )
  assert.equal(query.criteria.length, 1)
  assert.deepEqual(query.understood, [['name', 'li']])
  assert.deepEqual(
    query.ignored.map((issue) => issue.severity),
    ['warning'],
  )
})

for (const [type, name, value] of [
  ['Patient', '_filter', 'x'],
  ['Patient', '_text', 'x'],
  ['Location', 'near', '1|2'],
  ['Observation', 'code:in', 'http://vs'],
  ['Observation', 'code', ''],
  ['Observation', 'code', '|'],
  ['Observation', 'code', 'a|b|c'],
  ['Observation', 'code', 'a,,b'],
  ['Observation', 'date', '2026-02-30'],
  ['Observation', 'date', '2026-01-01T25:00'],
  ['Observation', 'value-quantity', '5|mg'],
  ['Observation', 'value-quantity', 'NaN'],
  ['Observation', 'code-value-quantity', '8302-2'],
  ['Observation', 'code:missing', 'maybe'],
  ['Observation', 'subject:Medication', 'x'],
  ['Observation', 'subject:Patient', 'Group/1'],
  ['Observation', 'code.text', 'x'],
  ['Observation', 'subject.nothing', 'x'],
  ['Patient', '_has:Observation:code:code', 'x'],
  ['Patient', '_has:Observation', 'x'],
  ['Patient', '_has:Organization:partof:name', 'x'],
  ['Patient', '_sort', 'nothing'],
  ['Patient', '_include', 'Patient:name'],
  ['Patient', '_include', 'Patient'],
  ['Patient', '_revinclude', '*'],
  ['Patient', '_summary', 'maybe'],
  ['Patient', '__proto__', 'x'],
  ['Patient', 'constructor', 'x'],
  ['Patient', '_total:exact', 'none'],
] as const) {
  test(`refuses ${type}?${name}=${value}`, () => {
    assert.ok(['unknown-parameter', 'invalid-parameter'].includes(refusal(type, [[name, value]]).code))
  })
}

test('prefixes, precision and alternatives of dates', () => {
  const criterion = one('Observation', 'date', 'ge2026-01-01,lt2020,2026-01-01T10:00:00 08:00')
  assert.ok(criterion.kind === 'date')
  assert.deepEqual(
    criterion.values.map((value) => value.prefix),
    ['ge', 'lt', 'eq'],
  )
  assert.equal(criterion.values[2]?.lo, Date.UTC(2026, 0, 1, 2))
})

test('the precision of a number asked for is its range', () => {
  const criterion = one('RiskAssessment', 'probability', '100,100.00,1e2,ap10')
  assert.ok(criterion.kind === 'number')
  const widths = criterion.values.map(({ lo, hi }) => Number((hi - lo).toFixed(4)))
  assert.deepEqual(widths, [1, 0.01, 10, 2])
})

test('chains go through types to the end', () => {
  const criterion = one('Observation', 'subject:Patient.organization.name:exact', 'A')
  assert.ok(criterion.kind === 'chain')
  const next = criterion.targets[0]?.criterion
  assert.ok(next?.kind === 'chain' && next.targets[0]?.type === 'Organization')
  const last = next.targets[0]?.criterion
  assert.ok(last?.kind === 'string' && last.match === 'exact')
})

test('a chain without type follows the types that know the parameter', () => {
  const criterion = one('Observation', 'subject.name', 'x')
  assert.ok(criterion.kind === 'chain')
  assert.deepEqual(criterion.targets.map((target) => target.type).sort(), ['Location', 'Patient'])
})

test('chains are bounded in length and breadth', () => {
  const long = refusal('Observation', [
    ['subject:Patient.link:Patient.link:Patient.link:Patient.link:Patient.name', 'x'],
  ])
  assert.equal(long.issues[0]?.code, 'too-costly')
  assert.equal(refusal('AuditEvent', [['entity.subject.organization.partof.name', 'x']]).issues[0]?.code, 'too-costly')
})

test('reverse chains nest', () => {
  const criterion = one('Patient', '_has:Observation:patient:_has:AuditEvent:entity:action', 'R')
  assert.ok(criterion.kind === 'has' && criterion.type === 'Observation')
  assert.ok(criterion.criterion.kind === 'has' && criterion.criterion.type === 'AuditEvent')
})

test('the parameters that shape the answer', () => {
  const query = search('Observation', [
    ['_sort', '-date,_id'],
    ['_count', '0'],
    ['_total', 'accurate'],
    ['_elements', 'code,subject'],
    ['_include', 'Observation:subject:Patient'],
    ['_include:iterate', 'Patient:general-practitioner'],
    ['_revinclude', 'Provenance:*'],
    ['_format', 'json'],
    ['_cursor', 'abc'],
  ])
  assert.deepEqual(
    query.sort.map((key) => key.descending),
    [true, false],
  )
  assert.deepEqual([query.count, query.total, query.cursor, query.elements.length], [0, 'accurate', 'abc', 2])
  assert.deepEqual(
    query.includes.map((include) => [include.reverse, include.iterate]),
    [
      [false, false],
      [false, true],
      [true, false],
    ],
  )
  assert.equal(query.understood.length, 9)
})

test('several types share the parameters that all have', () => {
  const types = ['Patient', 'Observation', 'Group']
  const query = parseSearch({
    types,
    parameters: [
      ['_type', 'Patient,Observation'],
      ['_tag', 'x'],
    ],
    lenient: false,
  })
  assert.deepEqual(query.types, ['Patient', 'Observation'])
  const [criterion] = query.criteria
  assert.ok(criterion?.kind === 'token')
  const hashes = ['Patient', 'Observation'].map((base) =>
    tokenHash(parameterHash({ base, code: '_tag' }), undefined, 'x'),
  )
  assert.deepEqual(
    criterion.values.map((value) => value.h),
    hashes,
  )
  assert.throws(() => parseSearch({ types, parameters: [['code', 'x']], lenient: false }), AppError)
  assert.throws(() => parseSearch({ types, parameters: [['_type', 'Nothing']], lenient: false }), AppError)
})

test('limits hold for lenient searches too', () => {
  const many = Array.from({ length: 65 }, (_value, index) => ['name', `n${index}`] as const)
  assert.throws(() => search('Patient', many, { lenient: true }), AppError)
  assert.throws(() => search('Patient', [['name', 'x'.repeat(4097)]], { lenient: true }), AppError)
  refusal('Patient', [['name', Array.from({ length: 201 }, () => 'x').join(',')]])
})

test('an absolute reference under this base is a record here', () => {
  const [criterion] = search('Observation', [['subject', 'http://me/fhir/Patient/1']], {
    baseUrl: 'http://me/fhir',
  }).criteria
  assert.ok(criterion?.kind === 'reference')
  assert.equal(criterion.values[0]?.type, 'Patient')
})

test('what is escaped comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, unit: 'binary' }), { minLength: 1, maxLength: 5 }), (values) => {
      const criterion = one('Patient', 'name:exact', values.map(escapeValue).join(','))
      assert.ok(criterion.kind === 'string')
      assert.deepEqual(criterion.values, values)
    }),
  )
})

test('no text makes parsing fail otherwise than by a refusal', () => {
  const types = fc.constantFrom('Patient', 'Observation', 'AuditEvent', 'Bundle', ...resourceTypes.slice(0, 20))
  const names = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'subject:Patient.name',
      '_has:Observation:patient:code',
      '_sort',
      '_include',
      'value-quantity',
      'date',
    ),
    fc
      .tuple(
        fc.constantFrom(...definitionsOf('Observation').keys()),
        fc.constantFrom('', ':', ':not', ':missing', ':below', '.x'),
      )
      .map((parts) => parts.join('')),
  )
  const values = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^(ge|ap|eq)?[\d\-.:TZ|$,\\]{0,20}$/))
  fc.assert(
    fc.property(types, fc.array(fc.tuple(names, values), { maxLength: 4 }), (type, parameters) => {
      try {
        search(type, parameters)
      } catch (error) {
        assert.ok(error instanceof AppError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
