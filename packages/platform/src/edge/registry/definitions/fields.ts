// Reads the fields of a JSON body one by one: names in any spelling that Consul's clients use, every fault named by its path.
import { badRequest, type ConsulError } from '../consul-error.ts'
import { parseDuration } from '../duration.ts'

/** The limits of a text. */
export interface TextLimits {
  readonly max: number
  readonly min?: number
  /** Lines may be broken (notes, outputs). */
  readonly isMultiline?: boolean
}

/** The fields of one object; each is taken once, `end` refuses what nobody took. */
export interface Fields {
  has(name: string): boolean
  text(name: string, limits: TextLimits): string | undefined
  integer(name: string, min: number, max: number): number | undefined
  boolean(name: string): boolean | undefined
  texts(name: string, maxItems: number, limits: TextLimits): readonly string[] | undefined
  textMap(name: string, maxItems: number, limits: TextLimits): Readonly<Record<string, string>> | undefined
  /** In milliseconds. */
  duration(name: string, minMs: number, maxMs: number): number | undefined
  object(name: string): Fields | undefined
  objects(name: string, maxItems: number): readonly Fields[] | undefined
  /** The value as it was sent. */
  raw(name: string): unknown
  /** Refuses fields that were not taken and say something; fields of `unsupported` get a word of their own. */
  end(unsupported?: readonly string[]): void
}

const maxFields = 64
const nsPerMs = 1e6

// Controls cannot be stored or shown; a lone surrogate is no text.
const unprintable = /[\p{Cc}\p{Cs}]/u
const unprintableLines = /[^\P{Cc}\t\r\n]|\p{Cs}/u

const spelling = (name: string): string => name.replaceAll('_', '').toLowerCase()

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === '' ||
  value === false ||
  value === 0 ||
  (typeof value === 'object' && Object.keys(value).length === 0)

/** A refusal that names the field. */
export const fault = (path: string, must: string): ConsulError => badRequest(`Request decode failed: ${path} ${must}`)

/** Checks one text. @throws ConsulError 400 naming `path` */
export function checkText(value: unknown, path: string, { min = 0, max, isMultiline }: TextLimits): string {
  if (typeof value !== 'string') throw fault(path, 'must be a text')
  if (value.length < min || value.length > max) throw fault(path, `must have ${min} to ${max} characters`)
  if ((isMultiline === true ? unprintableLines : unprintable).test(value))
    throw fault(path, 'must not hold control characters')
  return value
}

function entriesOf(value: unknown, path: string): ReadonlyMap<string, { readonly name: string; value: unknown }> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fault(path === '' ? 'the body' : path, 'must be an object')
  }
  const entries = Object.entries(value)
  if (entries.length > maxFields) throw fault(path === '' ? 'the body' : path, `must have at most ${maxFields} fields`)
  const known = new Map<string, { readonly name: string; value: unknown }>()
  for (const [name, one] of entries) {
    if (known.has(spelling(name))) throw fault(`${path}${name}`, 'is given twice')
    known.set(spelling(name), { name, value: one })
  }
  return known
}

function listOf(value: unknown, path: string, maxItems: number): readonly unknown[] {
  if (!Array.isArray(value)) throw fault(path, 'must be a list')
  if (value.length > maxItems) throw fault(path, `must have at most ${maxItems} items`)
  return value
}

function mapOf(value: unknown, path: string, maxItems: number): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault(path, 'must be an object')
  const entries = Object.entries(value)
  if (entries.length > maxItems) throw fault(path, `must have at most ${maxItems} entries`)
  return entries
}

function durationOf(value: unknown, path: string): number {
  const ms = typeof value === 'number' ? value / nsPerMs : typeof value === 'string' ? parseDuration(value) : undefined
  if (ms === undefined || !Number.isFinite(ms)) throw fault(path, 'must be a duration such as "10s" or "1m30s"')
  return ms
}

/** Opens an object; `path` is written before the names of its fields. @throws ConsulError 400 when it is none */
export function fieldsOf(value: unknown, path = ''): Fields {
  const known = entriesOf(value, path)
  const taken = new Set<string>()
  const prefix = path === '' ? '' : `${path}.`
  const at = (name: string): string => `${prefix}${name}`
  const take = <T>(name: string, read: (value: unknown) => T): T | undefined => {
    const key = spelling(name)
    taken.add(key)
    const entry = known.get(key)
    return entry === undefined || entry.value === null ? undefined : read(entry.value)
  }
  return {
    has: (name) => !isEmpty(known.get(spelling(name))?.value ?? null),
    raw: (name) => take(name, (one) => one),
    text: (name, limits) => take(name, (one) => checkText(one, at(name), limits)),
    boolean: (name) =>
      take(name, (one) => {
        if (typeof one !== 'boolean') throw fault(at(name), 'must be true or false')
        return one
      }),
    integer: (name, min, max) =>
      take(name, (one) => {
        if (typeof one === 'number' && Number.isInteger(one) && one >= min && one <= max) return one
        throw fault(at(name), `must be a whole number from ${min} to ${max}`)
      }),
    texts: (name, maxItems, limits) =>
      take(name, (one) =>
        listOf(one, at(name), maxItems).map((item, index) => checkText(item, `${at(name)}[${index}]`, limits)),
      ),
    textMap: (name, maxItems, limits) =>
      take(name, (one) =>
        Object.fromEntries(
          mapOf(one, at(name), maxItems).map(([key, item]) => [
            checkText(key, at(name), { min: 1, max: 128 }),
            checkText(item, `${at(name)}.${key}`, limits),
          ]),
        ),
      ),
    duration: (name, minMs, maxMs) =>
      take(name, (one) => {
        if (one === '') return undefined
        const ms = durationOf(one, at(name))
        if (ms >= minMs && ms <= maxMs) return ms
        throw fault(at(name), `must be from ${minMs / 1000}s to ${maxMs / 1000}s`)
      }),
    object: (name) => take(name, (one) => fieldsOf(one, at(name))),
    objects: (name, maxItems) =>
      take(name, (one) =>
        listOf(one, at(name), maxItems).map((item, index) => fieldsOf(item, `${at(name)}[${index}]`)),
      ),
    end(unsupported = []) {
      const refused = new Set(unsupported.map(spelling))
      for (const [key, { name, value: sent }] of known) {
        if (taken.has(key)) continue
        if (!refused.has(key)) throw fault(at(name), 'is not a known field')
        if (!isEmpty(sent)) throw fault(at(name), 'is not supported by this registry')
      }
    },
  }
}
