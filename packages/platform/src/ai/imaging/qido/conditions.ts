// Turns criteria into SQL conditions with parameters: wildcards, ranges, lists, names in any of their groups (pure).
import { AppError } from '@xinglin/core/errors'
import type { SearchKey } from './keys.ts'
import type { Criterion } from './query.ts'

/** Collects parameters; gives the placeholder of each. */
export type Bind = (value: unknown) => string

const datePattern = /^\d{8}$/
const timePattern = /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/
const maxInteger = 2_147_483_647

// `*` is any text, `?` any character (PS3.4 section C.2.2.2.4); what LIKE takes for its own is escaped.
function likePattern(value: string): string {
  return value
    .replace(/[\\%_]/g, (character) => `\\${character}`)
    .replaceAll('*', '%')
    .replaceAll('?', '_')
}

const hasWildcard = (value: string): boolean => /[*?]/.test(value)

function text(column: string, value: string, bind: Bind): string {
  return hasWildcard(value) ? `${column} LIKE ${bind(likePattern(value))}` : `${column} = ${bind(value)}`
}

// A name matches without regard to case, in its alphabetic, ideographic or phonetic group, or whole.
function name(column: string, value: string, bind: Bind): string {
  const pattern = bind(likePattern(value))
  return `(${column} ILIKE ${pattern} OR EXISTS (SELECT FROM unnest(string_to_array(${column}, '=')) part WHERE part ILIKE ${pattern}))`
}

function anyText(column: string, value: string, bind: Bind): string {
  if (!hasWildcard(value)) return `${column} @> ARRAY[${bind(value)}]::text[]`
  return `EXISTS (SELECT FROM unnest(${column}) part WHERE part LIKE ${bind(likePattern(value))})`
}

function integer(column: string, value: string, bind: Bind): string {
  const number = Number(value)
  if (/^[+-]?\d+$/.test(value) && Math.abs(number) <= maxInteger) return `${column} = ${bind(number)}`
  throw new AppError('invalid-parameter', `${value.slice(0, 64)} is no whole number`)
}

function ends(value: string, pattern: RegExp, what: string): readonly [from: string, to: string] {
  const [from = '', to = from, ...more] = value.split('-').map((end) => end.trim())
  const isValid = more.length === 0 && from + to !== '' && [from, to].every((end) => end === '' || pattern.test(end))
  if (isValid) return [from, to]
  throw new AppError('invalid-parameter', `${value.slice(0, 64)} is no ${what} or range of them`)
}

function dates(column: string, value: string, bind: Bind): string {
  const [from, to] = ends(value.replaceAll('.', ''), datePattern, 'date (YYYYMMDD)')
  const parts = [from === '' ? [] : [`${column} >= ${bind(from)}`], to === '' ? [] : [`${column} <= ${bind(to)}`]]
  return `(${column} <> '' AND ${parts.flat().join(' AND ')})`
}

// A time that names fewer parts stands for all times that begin so.
function times(column: string, value: string, bind: Bind): string {
  const [from, to] = ends(value.replaceAll(':', ''), timePattern, 'time (HHMMSS)')
  const parts = [from === '' ? [] : [`${column} >= ${bind(from)}`], to === '' ? [] : [`${column} <= ${bind(`${to}~`)}`]]
  return `(${column} <> '' AND ${parts.flat().join(' AND ')})`
}

function uids(column: string, values: readonly string[], bind: Bind): string {
  const isValid = values.every((value) => /^[0-9.]{1,64}$/.test(value))
  if (isValid) return `${column} = ANY(${bind(values)}::text[])`
  throw new AppError('invalid-parameter', 'A UID is made of digits and dots, 64 characters at most')
}

const single: Readonly<Record<Exclude<SearchKey['matching'], 'uids'>, typeof text>> = {
  text,
  name,
  date: dates,
  time: times,
  integer,
  'any-text': anyText,
}

/**
 * The SQL condition of a criterion.
 * @throws AppError 'invalid-parameter' for a value that its key cannot have
 */
export function conditionOf({ key, values }: Criterion, bind: Bind): string {
  const { column, matching } = key
  if (matching === 'uids') return uids(column, values, bind)
  const conditions = values.map((value) => single[matching](column, value, bind))
  return conditions.length === 1 ? (conditions[0] ?? 'true') : `(${conditions.join(' OR ')})`
}
