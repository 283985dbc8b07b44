// Laws that hold for any input: validation never throws, ends soon, and stays within its limits.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cohortBundle, type Random, seededRandom } from '../../cohort/index.ts'
import type { Issue } from '../../errors/index.ts'
import { sampleExamples } from '../search/official-examples.test.ts'
import type { Resource } from '../types.ts'
import { validateResource, validateText } from './index.ts'

const longestMs = 50

const oddValues: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    0.1,
    '',
    ' ',
    'x',
    '\u0000',
    '\ud800',
    '#',
    '#x',
    'Patient/1',
    '2026-02-30',
    'urn:uuid:x',
  ],
  ...[
    [],
    {},
    [[]],
    [null],
    [{}],
    { extension: [] },
    { resourceType: 'Patient' },
    { reference: '#' },
    '<div>',
    'x'.repeat(5000),
  ],
]
const oddKeys = [
  '__proto__',
  'constructor',
  'resourceType',
  'id',
  '_id',
  'contained',
  'extension',
  'value[x]',
  '',
  'toString',
]

type Container = Record<string, unknown> | unknown[]

function containersOf(value: unknown): readonly Container[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Container, ...Object.values(value).flatMap(containersOf)]
}

/** Spoils a copy of a resource in one to five places. */
function spoiled(resource: unknown, random: Random): Resource {
  const copy = structuredClone(resource) as Record<string, unknown>
  const containers = containersOf(copy)
  const times = random.integer(1, 5)
  for (let time = 0; time < times; time += 1) {
    const place = random.pick(containers) as Record<string, unknown>
    const keys = Object.keys(place)
    const isOdd = !Array.isArray(place) && (keys.length === 0 || random.chance(0.15))
    const key = isOdd ? random.pick(oddKeys) : random.pick(keys.length === 0 ? ['0'] : keys)
    const donor = random.pick(containers)
    const value = random.chance(0.3) ? structuredClone(donor) : random.pick(oddValues)
    if (random.chance(0.2)) delete place[key]
    else Object.defineProperty(place, key, { value, enumerable: true, writable: true, configurable: true })
  }
  return copy as Resource
}

function timed(resource: Resource): readonly [issues: readonly Issue[], ms: number] {
  const started = performance.now()
  const issues = validateResource(resource)
  return [issues, performance.now() - started]
}

test('never throws and takes at most 50 ms on 20,000 spoiled resources', () => {
  const random = seededRandom(11)
  const bundle = cohortBundle({ seed: 3, patients: 20, untilMs: Date.UTC(2026, 0, 1), visits: 2 }, 4)
  const cohort = (bundle.entry ?? []).flatMap((entry) => entry.resource ?? [])
  const sources = [...cohort, ...sampleExamples(400, 3).filter((each) => JSON.stringify(each).length < 20_000)]
  for (const source of sources) validateResource(source)
  const slow: string[] = []
  let refused = 0
  for (let count = 0; count < 20_000; count += 1) {
    const resource = spoiled(random.pick(sources), random)
    const [issues, ms] = timed(resource)
    // A pause of the machine is not ours: what was slow once is asked again.
    if (ms > longestMs && timed(resource)[1] > longestMs) slow.push(JSON.stringify(resource).slice(0, 200))
    assert.ok(issues.length <= 100)
    if (issues.some(({ severity }) => severity === 'error')) refused += 1
  }
  assert.deepEqual(slow, [])
  assert.ok(refused > 10_000, `${refused} were refused`)
})

test('takes any JSON value and any text', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => validateResource(value as unknown as Resource).length > 0))
  fc.assert(fc.property(fc.string(), (text) => validateText(text).length > 0))
  fc.assert(
    fc.property(fc.json(), (text) => {
      const ofText = validateText(text).filter(({ rule }) => !rule?.startsWith('json.'))
      assert.deepEqual(ofText, validateResource(JSON.parse(text) as Resource))
    }),
  )
})

test('accepts the people that the project makes up', () => {
  for (let index = 0; index < 20; index += 1) {
    const bundle = cohortBundle({ seed: 9, patients: 20, untilMs: Date.UTC(2026, 0, 1), visits: 3 }, index)
    assert.deepEqual(validateResource(bundle), [])
  }
})

test('does not change what it validates', () => {
  for (const example of sampleExamples(100, 5)) {
    const before = structuredClone(example)
    validateResource(example)
    assert.deepEqual(example, before)
  }
})

function nested(levels: number): Resource {
  let item: Record<string, unknown> = { linkId: 'x', type: 'group' }
  for (let level = 0; level < levels; level += 1) item = { linkId: `x${level}`, type: 'group', item: [item] }
  return { resourceType: 'Questionnaire', status: 'draft', item: [item] }
}

test('refuses what is nested too deeply, without overflowing the stack', () => {
  const tooDeep = [['too-costly', 'limit.depth']]
  const found = (resource: Resource) => validateResource(resource).map(({ code, rule }) => [code, rule])
  assert.deepEqual(found(nested(100_000)), tooDeep)
  let section: Record<string, unknown> = { title: 'x', text: { status: 'empty', div: '<div/>' } }
  for (let level = 0; level < 100_000; level += 1) section = { title: 'x', section: [section] }
  const composition = {
    resourceType: 'Composition',
    id: 'c',
    status: 'final',
    type: { text: 'x' },
    date: '2026',
    title: 'x',
  }
  const resource = { ...composition, author: [{ display: 'x' }], section: [section] }
  const entry = [{ fullUrl: 'http://x.org/Composition/c', resource }]
  assert.deepEqual(found({ resourceType: 'Bundle', type: 'document', entry }), tooDeep)
})

test('stops at 100 findings', () => {
  const name = Array.from({ length: 10_000 }, () => ({ nothing: 1 }))
  assert.equal(validateResource({ resourceType: 'Patient', name }).length, 100)
})

/** Large content of one kind, where careless algorithms become quadratic. */
const large: Readonly<Record<string, (count: number) => Resource>> = {
  contained: (count) => ({
    resourceType: 'List',
    status: 'current',
    mode: 'working',
    contained: Array.from({ length: count }, (_each, at) => ({
      resourceType: 'Basic',
      id: `b${at}`,
      code: { text: 'x' },
    })),
    entry: Array.from({ length: count }, (_each, at) => ({ item: { reference: `#b${at}` } })),
  }),
  bundle: (count) => ({
    resourceType: 'Bundle',
    type: 'collection',
    entry: Array.from({ length: count }, (_each, at) => ({
      fullUrl: `http://x.org/Basic/b${at}`,
      resource: { resourceType: 'Basic', id: `b${at}`, code: { text: 'x' } },
    })),
  }),
  codings: (count) => {
    const coding = Array.from({ length: count }, (_each, at) => ({ system: 'http://x.org', code: `c${at}` }))
    const component = [{ code: { coding: coding.map(({ system, code }) => ({ system, code: `${code}x` })) } }]
    return { resourceType: 'Observation', status: 'final', code: { coding }, component, valueString: 'x' }
  },
  elements: (count) => {
    const paths = ['Patient', ...Array.from({ length: count }, (_each, at) => `Patient.e${at}`)]
    const element = paths.map((path) => ({
      id: path,
      path,
      definition: 'x',
      min: 0,
      max: '1',
      base: { path, min: 0, max: '1' },
    }))
    const [known, derivation, kind] = ['http://hl7.org/fhir/StructureDefinition/Patient', 'constraint', 'resource']
    const rest = { snapshot: { element }, differential: { element }, baseDefinition: known, derivation, kind }
    return {
      resourceType: 'StructureDefinition',
      url: 'http://x.org/p',
      name: 'P',
      status: 'draft',
      abstract: false,
      type: 'Patient',
      ...rest,
    }
  },
  concepts: (count) => ({
    resourceType: 'CodeSystem',
    status: 'draft',
    content: 'complete',
    concept: Array.from({ length: count }, (_each, at) => ({ code: `c${at}`, concept: [{ code: `d${at}` }] })),
  }),
  narrative: (count) => ({
    resourceType: 'Patient',
    text: {
      status: 'generated',
      div: `<div xmlns="http://www.w3.org/1999/xhtml">${'<b>x</b> &amp; '.repeat(count)}</div>`,
    },
  }),
}

// The thread's own time: how busy the machine is with other tests does not count.
const cpuMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000

for (const [kind, make] of Object.entries(large)) {
  test(`takes time in proportion to the size: ${kind}`, () => {
    const timed = (count: number): number => {
      const resource = make(count)
      const runs = Array.from({ length: 5 }, () => {
        const started = process.threadCpuUsage()
        assert.deepEqual(
          validateResource(resource).filter(({ severity }) => severity === 'error'),
          [],
        )
        return cpuMs(process.threadCpuUsage(started))
      })
      return Math.min(...runs)
    }
    timed(500)
    // Linear would be 8; quadratic 64. A collection of garbage may fall into one comparison, not into each of four.
    const pairs: string[] = []
    const isProportional = (): boolean => {
      const [small, big] = [timed(1000), timed(8000)]
      pairs.push(`${small.toFixed(1)} ms for 1000, ${big.toFixed(1)} ms for 8000`)
      return big < 8 * 4 * Math.max(small, 1)
    }
    assert.ok([1, 2, 3, 4].some(isProportional), pairs.join('; '))
  })
}
