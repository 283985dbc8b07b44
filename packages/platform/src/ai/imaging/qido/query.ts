// Reads a QIDO-RS query (PS3.18 section 8.3.4): matching keys, fields to include, page (pure).
import { tagOf } from '@xinglin/core/dicom'
import { AppError } from '@xinglin/core/errors'
import { isSearchable, type Level, type SearchKey, searchKeys } from './keys.ts'

/** One criterion: the key and its values, of which one must match. */
export interface Criterion {
  readonly key: SearchKey
  readonly values: readonly string[]
}

/** A query as read. */
export interface Query {
  readonly level: Level
  readonly criteria: readonly Criterion[]
  readonly limit: number
  readonly offset: number
  /** Tags beyond those that are always answered; `all` asks for everything that is known. */
  readonly include: 'all' | readonly string[]
  /** What the answer must warn of. */
  readonly warnings: readonly string[]
}

/** The parameters of an address, each with all its values. */
export type Parameters = Readonly<Record<string, unknown>>

/** Most results of one answer. */
export const maxResults = 5000
const defaultResults = 1000
const maxOffset = 1_000_000
const maxIncluded = 100
const maxValueCharacters = 4096

function texts(name: string, value: unknown): readonly string[] {
  const values = [value].flat()
  if (!values.every((one): one is string => typeof one === 'string' && one.length <= maxValueCharacters)) {
    throw new AppError('invalid-parameter', `${name} must be a text of at most ${maxValueCharacters} characters`)
  }
  return values
}

function count(name: string, value: unknown, [min, max]: readonly [number, number]): number {
  const [text = '', ...more] = texts(name, value)
  const number = Number(text)
  if (more.length === 0 && /^\d{1,9}$/.test(text) && number >= min) return Math.min(number, max)
  throw new AppError('invalid-parameter', `${name} must be a whole number from ${min}`)
}

function included(value: unknown): Query['include'] {
  const names = texts('includefield', value).flatMap((text) => text.split(','))
  if (names.includes('all')) return 'all'
  if (names.length > maxIncluded)
    throw new AppError('invalid-parameter', `includefield takes ${maxIncluded} fields at most`)
  return names.map((name) => {
    const tag = tagOf(name)
    if (tag === undefined) throw new AppError('invalid-parameter', `includefield: ${name.slice(0, 64)} is no attribute`)
    return tag
  })
}

function keyOf(name: string, level: Level): SearchKey {
  const tags = name.split('.').map(tagOf)
  const key = tags.includes(undefined) ? undefined : searchKeys.get(tags.join('.'))
  if (key !== undefined && isSearchable(key, level)) return key
  const hint = name === 'Modality' && level === 'study' ? '; studies are searched by ModalitiesInStudy' : ''
  throw new AppError('unknown-parameter', `${name.slice(0, 64)} is nothing that a ${level} can be searched by${hint}`)
}

// A list of UIDs is separated by commas or backslashes; every other value is one.
function criterionOf(name: string, value: unknown, level: Level): readonly Criterion[] {
  const key = keyOf(name, level)
  const given = texts(name, value).flatMap((text) => (key.matching === 'uids' ? text.split(/[,\\]/) : [text]))
  const values = given.map((text) => text.trim()).filter((text) => text !== '')
  return values.length === 0 ? [] : [{ key, values }] // an empty value matches everything
}

/**
 * Reads the parameters of a query.
 * @throws AppError 'unknown-parameter' or 'invalid-parameter'
 */
export function parseQuery(level: Level, parameters: Parameters): Query {
  const { limit, offset, includefield, fuzzymatching, ...keys } = parameters
  const isFuzzy = fuzzymatching !== undefined && texts('fuzzymatching', fuzzymatching).includes('true')
  return {
    level,
    criteria: Object.entries(keys).flatMap(([name, value]) => criterionOf(name, value, level)),
    limit: limit === undefined ? defaultResults : count('limit', limit, [1, maxResults]),
    offset: offset === undefined ? 0 : count('offset', offset, [0, maxOffset]),
    include: includefield === undefined ? [] : included(includefield),
    warnings: isFuzzy
      ? ['The fuzzymatching parameter is not supported. Only literal matching has been performed.']
      : [],
  }
}
