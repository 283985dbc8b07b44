// Mutations of valid requests: what clumsy clients and hostile ones send (pure, seeded).
import type { Random } from '@xinglin/core/cohort'

/** A request to send as it is. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  -0,
  '',
  ' ',
  'x'.repeat(3000),
  '\u0000',
  '\ud800',
  '𠮷',
  '<script>alert(1)</script>',
  "'; DROP TABLE records.version; --",
  '../../etc/passwd',
  '9999-99-99',
  '2026-02-30',
  [],
  {},
  [[]],
  [null],
  { a: null },
  { resourceType: 'Patient' },
  '__proto__',
  Number.MAX_SAFE_INTEGER,
  'urn:uuid:',
  '#',
  'Patient/',
]

const oddKeys = [
  '__proto__',
  'constructor',
  'resourceType',
  'id',
  'meta',
  '_id',
  'contained',
  'extension',
  'value[x]',
  '',
  ' ',
  'ſ',
  'a'.repeat(500),
]

function clone<T>(value: T): T {
  return structuredClone(value)
}

function containersOf(value: unknown): (Record<string, unknown> | unknown[])[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(containersOf)]
}

function mutateContainer(container: Record<string, unknown> | unknown[], random: Random): void {
  const keys = Object.keys(container)
  const target = container as Record<string, unknown>
  const key = keys.length > 0 && random.chance(0.8) ? random.pick(keys) : random.pick(oddKeys)
  const move = random.integer(0, 4)
  const held = Object.hasOwn(target, key) ? clone(target[key]) : null
  const set = (value: unknown): void =>
    void Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  if (move === 0) delete target[key]
  else if (move === 1) set(clone(random.pick(oddValues)))
  else if (move === 2) set([held, clone(held)])
  else if (move === 3) set({ [random.pick(oddKeys)]: held })
  else target[`${key}${random.pick(['', 'x', '_', '[0]'])}`] = clone(random.pick(oddValues))
}

/** Changes a JSON value in one to four places. */
export function mutateJson(value: unknown, random: Random): unknown {
  const changed = clone(value)
  for (let count = random.integer(1, 4); count > 0; count -= 1) {
    const containers = containersOf(changed)
    if (containers.length > 0) mutateContainer(random.pick(containers), random)
  }
  return changed
}

/** Damages a text: bytes flipped, cut, doubled, nested. */
export function mutateText(text: string, random: Random): string {
  const at = random.integer(0, Math.max(0, text.length - 1))
  const move = random.integer(0, 5)
  if (move === 0) return text.slice(0, at)
  if (move === 1) return text.slice(0, at) + String.fromCharCode(random.integer(0, 0xffff)) + text.slice(at + 1)
  if (move === 2) return text + text.slice(at)
  if (move === 3) return '['.repeat(random.integer(1, 20_000)) + text
  if (move === 4) return text.replaceAll('"', random.pick(["'", '', '""', '\\"']))
  return (
    text.slice(0, at) + random.pick(['\u0000', '\ufeff', '}', ']', ',', '{"a":', '1e999', '\\u12']) + text.slice(at)
  )
}

const fragments = [
  '_count=',
  '_count=-1',
  '_count=1e9',
  '_sort=',
  '_sort=-',
  '_sort=nothing',
  '_include=*',
  '_include=Observation:*',
  '_revinclude:iterate=Observation:subject',
  '_has:Observation:patient:code=1',
  '_has:::=',
  'name:exact=a',
  'name:contains=%',
  'name=\\',
  'name=a\\,b',
  'birthdate=lt',
  'birthdate=ge2026-13',
  'birthdate=eq2026',
  'identifier=|',
  'identifier=a|b|c',
  'identifier:of-type=a|b|c',
  'subject:Patient.name=a',
  'subject.subject.subject.subject.subject=a',
  'code:not=a',
  'code:text=heart',
  'code:in=x',
  'value-quantity=5.4|http://unitsofmeasure.org|mg',
  'value-quantity=gtNaN',
  'value-quantity=ap1e400',
  '_cursor=x',
  '_cursor=eyJhIjoxfQ.sig',
  '_summary=text',
  '_summary=everything',
  '_elements=name,,',
  '_total=accurate',
  '_lastUpdated=gt2020',
  '_id=a,b,,',
  '_type=Patient,Nothing',
  '_format=xml',
  '_format=json',
  'date=ge2020&date=lt2021',
  'code-value-quantity=8480-6$gt100',
  'gender:missing=maybe',
  'gender:missing=true',
  '%E0%A4%A',
  'a[]=1',
  'name=%00',
  `name=${'a,'.repeat(300)}`,
  'url:below=http://',
  '=',
  '&&&',
  '?',
]

/** A search string of odd parts. */
export function mutateQuery(random: Random): string {
  const parts = Array.from({ length: random.integer(1, 5) }, () => random.pick(fragments))
  return random.chance(0.2)
    ? mutateText(parts.join('&'), random).replace(/[^\x21-\x7e]/g, (char) =>
        encodeURIComponent(char.isWellFormed() ? char : '?'),
      )
    : parts.join('&')
}

const headerMoves: readonly (readonly [string, readonly string[]])[] = [
  ['if-match', ['W/"1"', '"1"', 'W/"x"', '*', '', 'W/"99999999999999999999"', '1']],
  ['if-none-match', ['*', 'W/"1"', 'x']],
  ['if-none-exist', ['identifier=a', 'nothing=1', '', '?', 'identifier=a|b&identifier=c|d']],
  ['if-modified-since', ['yesterday', 'Tue, 24 Nov 2026 09:00:00 GMT']],
  [
    'prefer',
    ['return=minimal', 'return=everything', 'handling=lenient', 'handling=strict, return=representation', ';;;'],
  ],
  [
    'content-type',
    [
      'application/fhir+json',
      'application/fhir+xml',
      'text/plain',
      'application/json-patch+json',
      'multipart/form-data',
      'x',
      'application/json; charset=utf-16',
    ],
  ],
  ['accept', ['application/fhir+json', 'application/fhir+xml', '*/*', 'x', 'application/json;fhirVersion=9.0']],
  ['content-encoding', ['gzip', 'br', 'x']],
  ['traceparent', ['00-0-0-00', 'x', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`]],
  ['x-request-id', ['a'.repeat(4000), '\t']],
  ['x-xinglin-caller', ['x.y.z']],
  ['authorization', ['Bearer x', 'Bearer ', 'Basic eDp5', `Bearer ${'a'.repeat(9000)}`]],
]

/** Adds or replaces one to three headers. */
export function mutateHeaders(
  headers: Readonly<Record<string, string>>,
  random: Random,
): Readonly<Record<string, string>> {
  const moves = Array.from({ length: random.integer(1, 3) }, () => random.pick(headerMoves))
  return { ...headers, ...Object.fromEntries(moves.map(([name, values]) => [name, random.pick(values)])) }
}
