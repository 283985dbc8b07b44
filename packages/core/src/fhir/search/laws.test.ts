// Laws that tie the index to the exact matcher: what matches is found, and what is asked for in any variant is the same.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Resource } from '../types.ts'
import { compositeRows } from './composites.ts'
import { dateRange } from './dates.ts'
import { escapeValue } from './escape.ts'
import { indexRows } from './index-rows.ts'
import { matches } from './match.ts'
import { isDateMatch } from './match-ranges.ts'
import { normaliseText } from './normalise.ts'
import { impliedRange } from './numbers.ts'
import { sampleExamples } from './official-examples.test.ts'
import { parameterHash, textHash } from './parameter-keys.ts'
import { definitionsOf, type ParameterDefinition } from './parameters.ts'
import { parseSearch } from './parse.ts'
import { parsePath, readValues } from './paths.ts'
import { eachToken } from './tokens.ts'
import type { Criterion, IndexRows } from './types.ts'
import { valueHash } from './value-keys.ts'
import { verifyText } from './verify.ts'

test('normalising twice changes nothing', () => {
  const letters = fc.string({ unit: 'binary', maxLength: 700 })
  const mixed = fc
    .array(fc.constantFrom('張', '三', ' ', 'É', 'ﬁ', 'İ', 'ß', 'ǆ', '\u0301', 'A', '　', '가', '\0', 'ſ'))
    .map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(letters, mixed), (text) => normaliseText(normaliseText(text)) === normaliseText(text)),
    { numRuns: 2000 },
  )
})

test('a longer date lies within the shorter ones that begin it', () => {
  const days = fc.date({ min: new Date('0101-01-01'), max: new Date('9998-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(days, (day) => {
      const text = day.toISOString()
      const ranges = [24, 19, 16, 10, 7, 4].map((length) => {
        const range = dateRange(length === 24 ? text : text.slice(0, length))
        assert.ok(range !== undefined, text)
        return range
      })
      assert.equal(ranges[0]?.lo, day.getTime())
      for (const [index, range] of ranges.entries()) {
        assert.ok(range.lo < range.hi)
        const wider = ranges[index + 1]
        if (wider !== undefined) assert.ok(wider.lo <= range.lo && range.hi <= wider.hi, text)
      }
    }),
  )
})

test('prefixes of dates divide the ranges', () => {
  const ends = fc.integer({ min: -1000, max: 1000 })
  const range = fc.tuple(ends, ends).map(([a, b]) => ({ lo: Math.min(a, b), hi: Math.max(a, b) + 1 }))
  fc.assert(
    fc.property(range, range, (stored, asked) => {
      const is = (prefix: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le' | 'sa' | 'eb' | 'ap') =>
        isDateMatch(stored.lo, stored.hi, { prefix, ...asked })
      assert.equal(is('eq'), !is('ne'))
      if (is('sa')) assert.ok(is('gt') && is('ge') && !is('ap'))
      if (is('eb')) assert.ok(is('lt') && is('le') && !is('ap'))
      if (is('gt') || is('eq')) assert.ok(is('ge'))
      if (is('lt') || is('eq')) assert.ok(is('le'))
      assert.equal(is('ap'), !is('sa') && !is('eb'))
    }),
  )
})

test('the range of a number holds the number and halves with each digit', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 0, max: 6 }), (number, digits) => {
      const range = impliedRange((number / 7).toFixed(digits))
      assert.ok(range !== undefined && range.lo <= range.value && range.value <= range.hi)
      assert.ok(Math.abs(range.hi - range.lo - 10 ** -digits) < 1e-6 * 10 ** -digits + 1e-9)
    }),
  )
})

/** Values to ask a parameter for, taken from the resource itself. */
function questions(definition: ParameterDefinition, resource: Resource): readonly string[] {
  const values = readValues(definition.paths.map(parsePath), resource, resource)
  const found: string[] = []
  for (const typed of values) {
    if (definition.type === 'token') {
      eachToken(typed, (system, code) => {
        if (code !== undefined) found.push(escapeValue(code), `${escapeValue(system)}|${escapeValue(code)}`)
        if (system !== '') found.push(`${escapeValue(system)}|`)
      })
    }
    const text = typeof typed.value === 'string' ? typed.value : undefined
    if (text !== undefined && ['date', 'string', 'uri'].includes(definition.type)) found.push(escapeValue(text))
    const reference = (typed.value as { readonly reference?: unknown } | null)?.reference
    if (definition.type === 'reference' && typeof reference === 'string' && !reference.startsWith('#'))
      found.push(escapeValue(reference))
    const quantity = (typed.value as { readonly value?: unknown } | null)?.value
    if (definition.type === 'quantity' && typeof quantity === 'number') found.push(String(quantity), `ge${quantity}`)
  }
  return found.filter((text) => text !== '' && text !== '|' && text.length < 4000)
}

/** Whether the rows of the index say what the criterion asks, as the SQL side reads them. */
function isIndexed(criterion: Criterion, rows: IndexRows): boolean {
  switch (criterion.kind) {
    case 'token':
      return criterion.values.some((value) => rows.tok.includes(value.h))
    case 'reference':
      return criterion.values.some((value) => value.h.some((h) => rows.tok.includes(h)))
    case 'uri':
      return criterion.values.some((value) => rows.tok.includes(valueHash(parameterHash(criterion.parameter), value)))
    case 'string': {
      const p = parameterHash(criterion.parameter)
      return rows.strings.some(
        (row) => row.p === p && criterion.values.some((value) => row.v.startsWith(normaliseText(value))),
      )
    }
    case 'text': {
      const p = textHash(criterion.parameter)
      return rows.strings.some(
        (row) => row.p === p && criterion.values.some((value) => row.v.includes(normaliseText(value))),
      )
    }
    case 'date': {
      const p = parameterHash(criterion.parameter)
      return rows.dates.some(
        (row) => row.p === p && criterion.values.some((value) => isDateMatch(row.lo, row.hi, value)),
      )
    }
    case 'quantity':
      return criterion.values.some(({ p, lo, hi }) =>
        rows.numbers.some((row) => row.p === p && row.hi >= lo && row.lo <= hi + 1e300),
      )
    default:
      return true
  }
}

test('what an official example says is matched, verified and indexed when asked for', (context) => {
  const examples = sampleExamples(200, 7)
  if (examples.length === 0) return context.skip('the examples are not installed: npm install hl7.fhir.r4.examples')
  let asked = 0
  for (const resource of examples) {
    const rows = indexRows(resource)
    const content = JSON.stringify(resource)
    const types = [resource.resourceType]
    for (const definition of definitionsOf(resource.resourceType).values()) {
      if (definition.code === '_id' || definition.code === '_lastUpdated') continue
      for (const value of questions(definition, resource).slice(0, 6)) {
        const query = parseSearch({ types, parameters: [[definition.code, value]], lenient: true })
        const [criterion] = query.criteria
        // Some examples have dates and references that are none.
        if (criterion === undefined) continue
        asked += 1
        const label = `${resource.resourceType}/${resource.id}?${definition.code}=${value}`
        assert.ok(matches(query, resource), `${label} does not match`)
        assert.ok(verifyText(query, content), `${label} is not verified`)
        assert.ok(isIndexed(criterion, rows), `${label} is not indexed`)
      }
    }
  }
  assert.ok(asked > 2000, `only ${asked} questions`)
})

test('the hashes of one example do not find another that does not match', (context) => {
  const examples = sampleExamples(60, 5)
  if (examples.length === 0) return context.skip('the examples are not installed: npm install hl7.fhir.r4.examples')
  for (const resource of examples) {
    const others = examples.filter((other) => other.resourceType === resource.resourceType)
    for (const definition of definitionsOf(resource.resourceType).values()) {
      if (definition.type !== 'token' || definition.code === '_id') continue
      for (const value of questions(definition, resource).slice(0, 2)) {
        const query = parseSearch({
          types: [resource.resourceType],
          parameters: [[definition.code, value]],
          lenient: false,
        })
        const [criterion] = query.criteria
        assert.ok(criterion !== undefined)
        for (const other of others) {
          assert.equal(
            isIndexed(criterion, indexRows(other)),
            matches(query, other),
            `${definition.code}=${value} of ${other.id}`,
          )
        }
      }
    }
  }
})

test('a collision is caught by the content', () => {
  const query = parseSearch({ types: ['Patient'], parameters: [['gender', 'male']], lenient: false })
  assert.ok(!verifyText(query, '{"resourceType":"Patient","gender":"other"}'))
  assert.ok(verifyText(query, '{"resourceType":"Patient","gender":"m\\u0061le"}'))
})

test('the matcher knows negation, absence, kinds of match and composites', () => {
  const patient: Resource = {
    resourceType: 'Patient',
    id: 'a',
    gender: 'male',
    name: [{ family: 'Zhang' }],
    birthDate: '1980-05-01',
  }
  const is = (name: string, value: string) =>
    matches(parseSearch({ types: ['Patient'], parameters: [[name, value]], lenient: false }), patient)
  const yes = [
    ['gender:not', 'female'],
    ['email:missing', 'true'],
    ['name:contains', 'han'],
    ['family:exact', 'Zhang'],
    ['birthdate', 'lt1981'],
    ['_id', 'b,a'],
    ['deceased', 'false'],
  ]
  const no = [
    ['gender:not', 'male'],
    ['gender:missing', 'true'],
    ['family:exact', 'zhang'],
    ['birthdate', 'ne1980'],
    ['_id', 'b'],
  ]
  for (const [name = '', value = ''] of yes) assert.ok(is(name, value), `${name}=${value}`)
  for (const [name = '', value = ''] of no) assert.ok(!is(name, value), `${name}=${value}`)
})

test('a composite does not mix the parts of different elements', () => {
  const part = (code: string, value: number) => ({
    code: { coding: [{ code }] },
    valueQuantity: { value, code: 'mm[Hg]' },
  })
  const pressure: Resource = { resourceType: 'Observation', component: [part('sys', 120), part('dia', 80)] }
  const rows = indexRows(pressure)
  for (const [value, expected] of [
    ['sys$120', true],
    ['dia$80', true],
    ['sys$80', false],
    ['dia$gt90', false],
  ] as const) {
    const query = parseSearch({
      types: ['Observation'],
      parameters: [['component-code-value-quantity', value]],
      lenient: false,
    })
    assert.equal(matches(query, pressure), expected, value)
    const [criterion] = query.criteria
    assert.ok(criterion?.kind === 'composite')
    const found = compositeRows(criterion.parameter, criterion.values[0] ?? [])?.rows?.criterion
    assert.ok(found?.kind === 'quantity')
    const isFound = found.values.some((one) =>
      rows.numbers.some(
        (row) => row.p === one.p && (one.prefix === 'gt' ? row.hi > one.value : row.lo >= one.lo && row.hi <= one.hi),
      ),
    )
    assert.equal(isFound, expected, `${value} in the index`)
  }
})
