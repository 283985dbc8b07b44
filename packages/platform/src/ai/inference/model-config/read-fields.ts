// Turns a configuration into plain values by the table of fields: from text format, or from the JSON of a load request (pure).
import { invalid, type TritonError } from '../protocol/triton-error.ts'
import type { Field, Fields, Kind } from './schema.ts'
import type { TextMessage, TextScalar } from './text-format.ts'

/** Values by the names of their fields. */
export type Values = Readonly<Record<string, unknown>>

const maxListed = 256

interface Place {
  readonly path: string
  readonly ignored: string[]
}

function fault({ path }: Place, message: string): TritonError {
  return invalid(`model configuration, ${path}: ${message}`)
}

const isMessage = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function readWhole(value: unknown, place: Place): number {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw fault(place, 'must be a whole number')
  return number
}

function readText(value: unknown, place: Place): string {
  if (typeof value !== 'string' || value.length > 4096) throw fault(place, 'must be a text')
  return value
}

function readBoolean(value: unknown, place: Place): boolean {
  if (typeof value !== 'boolean') throw fault(place, 'must be true or false')
  return value
}

function readWord(value: unknown, words: readonly string[], place: Place): string {
  const word = typeof value === 'number' ? words[value] : value
  if (typeof word !== 'string' || !words.includes(word)) throw fault(place, `must be one of ${words.join(', ')}`)
  return word
}

function readMap(value: unknown, kind: Kind, place: Place): Values {
  if (!isMessage(value)) throw fault(place, 'must be a map')
  const entries = Object.entries(value)
  if (entries.length > maxListed) throw fault(place, `has more than ${maxListed} entries`)
  return Object.fromEntries(
    entries.map(([key, one]) => [key, readOne(one, kind, { ...place, path: `${place.path}["${key.slice(0, 64)}"]` })]),
  )
}

function readOne(value: unknown, kind: Kind, place: Place): unknown {
  switch (kind.kind) {
    case 'text':
      return readText(value, place)
    case 'whole':
      return readWhole(value, place)
    case 'boolean':
      return readBoolean(value, place)
    case 'word':
      return readWord(value, kind.words, place)
    case 'message':
      return readMessage(value, kind.fields, place)
    case 'map':
      return readMap(value, kind.value, place)
    case 'ignored':
      place.ignored.push(place.path)
      return undefined
    case 'refused':
      throw fault(place, 'is not supported by this server')
    default:
      return kind satisfies never
  }
}

// Fields that mean nothing when they are empty or off may be there.
const isOff = (value: unknown): boolean => value === false || (Array.isArray(value) && value.length === 0)

function readField(value: unknown, field: Field, place: Place): unknown {
  if (field.kind === 'refused' && isOff(value)) return undefined
  if (field.isRepeated !== true) return readOne(value, field, place)
  const list = Array.isArray(value) ? value : [value]
  if (list.length > maxListed) throw fault(place, `has more than ${maxListed} entries`)
  return list.map((one, at) => readOne(one, field, { ...place, path: `${place.path}[${at}]` }))
}

function readMessage(value: unknown, fields: Fields, place: Place): Values {
  if (!isMessage(value)) throw fault(place, 'must be a message')
  const entries = Object.entries(value).flatMap(([name, one]): [string, unknown][] => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined) throw fault(place, `there is no field ${JSON.stringify(name.slice(0, 64))}`)
    const path = place.path === 'config' ? name : `${place.path}.${name}`
    const read = readField(one, field, { ...place, path })
    return read === undefined ? [] : [[name, read]]
  })
  return Object.fromEntries(entries)
}

/**
 * Reads plain values (parsed JSON) by the table.
 * @returns the values, and the fields that were read past
 * @throws TritonError INVALID_ARG that names the field
 */
export function readFields(
  value: unknown,
  fields: Fields,
): { readonly values: Values; readonly ignored: readonly string[] } {
  const ignored: string[] = []
  return { values: readMessage(value, fields, { path: 'config', ignored }), ignored }
}

function scalarOf({ kind, value, line }: TextScalar, field: Kind): unknown {
  if (field.kind === 'text' && kind !== 'text') throw invalid(`config.pbtxt, line ${line}: a text needs quotes`)
  if (field.kind !== 'text' && kind === 'text') throw invalid(`config.pbtxt, line ${line}: quotes do not belong here`)
  if (field.kind === 'boolean' && ['true', 't', 'True', '1'].includes(value)) return true
  if (field.kind === 'boolean' && ['false', 'f', 'False', '0'].includes(value)) return false
  return field.kind === 'word' && /^\d+$/.test(value) ? Number(value) : value
}

function plainEntry(message: TextMessage, kind: Kind): [string, unknown] {
  const named = Object.fromEntries(message.fields.map(({ name, value }) => [name, value]))
  const { key, value } = named
  if (key === undefined || key.kind === 'message')
    throw invalid(`config.pbtxt, line ${message.line}: an entry needs a key`)
  return [key.value, value === undefined ? {} : plainValue(value, kind)]
}

function plainValue(value: TextScalar | TextMessage, kind: Kind): unknown {
  if (kind.kind === 'ignored') return value
  if (kind.kind === 'refused') return value.kind === 'word' && value.value === 'false' ? false : value
  if (value.kind !== 'message') return scalarOf(value, kind)
  if (kind.kind === 'message') return plainMessage(value, kind.fields)
  throw invalid(`config.pbtxt, line ${value.line}: a value is expected, not a message`)
}

/** Turns text format into what its JSON would be. @throws TritonError INVALID_ARG for a field that does not exist */
export function plainMessage(message: TextMessage, fields: Fields): Values {
  const plain: Record<string, unknown> = {}
  for (const { name, value } of message.fields) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined) {
      throw invalid(`config.pbtxt, line ${value.line}: there is no field ${JSON.stringify(name.slice(0, 64))}`)
    }
    const isGiven = Object.hasOwn(plain, name)
    if (field.kind === 'map' && value.kind === 'message') {
      const [key, entry] = plainEntry(value, field.value)
      plain[name] = { ...(plain[name] as Values | undefined), [key]: entry }
    } else if (field.isRepeated === true) {
      plain[name] = [...((plain[name] as readonly unknown[] | undefined) ?? []), plainValue(value, field)]
    } else if (isGiven && field.kind !== 'ignored') {
      throw invalid(`config.pbtxt, line ${value.line}: ${name} is given twice`)
    } else {
      plain[name] = plainValue(value, field)
    }
  }
  return plain
}
