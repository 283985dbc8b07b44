// The query of a request: options that all reads share, and typed readers that name the parameter at fault.
import { badRequest, ConsulError } from '../consul-error.ts'
import { parseDuration } from '../duration.ts'

/** How long a read may wait, and for what. */
export interface Blocking {
  /** Answer when the index is greater than this; 0: at once. */
  readonly index: number
  readonly waitMs: number
}

/** The data centre that this registry is. */
export const datacenter = 'dc1'

const defaultWaitMs = 300_000
const maxWaitMs = 600_000
const whole = /^\d{1,15}$/
const maxParameters = 32

/** Parses a query. @throws ConsulError 400 when it has too many parameters, or one twice */
export function parseQuery(search: string): URLSearchParams {
  const query = new URLSearchParams(search)
  const names = [...query.keys()]
  if (names.length > maxParameters) throw badRequest(`A query may have at most ${maxParameters} parameters`)
  const twice = names.find((name, at) => name !== 'tag' && names.indexOf(name) !== at)
  if (twice !== undefined) throw badRequest(`The query parameter ${JSON.stringify(twice.slice(0, 64))} is given twice`)
  const withNul = names.find((name) => name.includes('\0') || query.getAll(name).some((value) => value.includes('\0')))
  if (withNul !== undefined) throw badRequest('A query must not hold the character NUL')
  return query
}

// Every address takes these, as Consul's clients send them everywhere; `near` and `cached` change nothing with one node.
const common: ReadonlySet<string> = new Set([
  'cached',
  'consistent',
  'dc',
  'index',
  'near',
  'ns',
  'partition',
  'peer',
  'pretty',
  'stale',
  'token',
  'wait',
])

/** Checks the options that every address takes, and refuses what neither they nor `own` name. @throws ConsulError */
export function checkOptions(query: URLSearchParams, own: readonly string[]): void {
  const unknown = [...query.keys()].find((name) => !common.has(name) && !own.includes(name))
  if (unknown !== undefined) {
    throw badRequest(`The query parameter ${JSON.stringify(unknown.slice(0, 64))} is not known at this address`)
  }
  if (query.has('stale') && query.has('consistent')) {
    throw badRequest('Cannot specify ?stale with ?consistent, conflicting semantics.')
  }
  for (const name of ['ns', 'partition', 'peer']) {
    if ((query.get(name) ?? '') !== '') throw badRequest(`Invalid query parameter: "${name}" is not supported here`)
  }
  const dc = query.get('dc') ?? ''
  if (dc !== '' && dc !== datacenter) throw new ConsulError(500, 'No path to datacenter')
}

/** A flag: present without value means true. @throws ConsulError 400 */
export function readFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  if (text === null) return false
  if (['', '1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false
  throw badRequest(`Invalid value for ?${name}`)
}

/** A whole number. @throws ConsulError 400 */
export function readWhole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!whole.test(text)) throw badRequest(`Invalid value for ?${name}: it must be a whole number`)
  return Number(text)
}

/** Reads what a blocking query waits for; `random` spreads those that time out. @throws ConsulError 400 */
export function readBlocking(query: URLSearchParams, random: () => number): Blocking {
  const index = query.get('index') ?? ''
  if (index !== '' && !whole.test(index)) throw badRequest('Invalid index')
  const wait = query.get('wait') ?? ''
  const waitMs = wait === '' ? 0 : parseDuration(wait)
  if (waitMs === undefined || waitMs < 0) throw badRequest('Invalid wait time')
  const cappedMs = waitMs === 0 ? defaultWaitMs : Math.min(waitMs, maxWaitMs)
  return { index: Number(index), waitMs: cappedMs + (random() * cappedMs) / 16 }
}
