// String criteria: start, whole value, part, and `:text`.
import { AppError } from '@xinglin/core/errors'
import type { Scope } from '../scope.ts'
import { anyOf } from '../scope.ts'

/** How a stored string is compared. */
export type StringMatch = 'starts' | 'exact' | 'contains'

/** The row has a string under `p` that matches any of the values. */
export function hasString(scope: Scope, p: number, match: StringMatch, values: readonly string[]): string {
  return anyOf(values.map((value) => oneString(scope, p, match, value)))
}

function oneString(scope: Scope, p: number, match: StringMatch, value: string): string {
  const { alias, binder } = scope
  const s = binder.alias('s')
  const condition = stringCondition(scope, s, match, value)
  return `EXISTS (SELECT 1 FROM records.string_index ${s} WHERE ${s}.rid = ${alias}.rid AND ${s}.p = ${binder.bind(p, 'bigint')} AND ${condition})`
}

/** The condition on the row `s` of records.string_index that its text matches the value. */
export function stringCondition(scope: Scope, s: string, match: StringMatch, value: string): string {
  const { binder, knowledge } = scope
  const normal = knowledge.normalise(value)
  if (normal === '' && match !== 'exact') {
    throw new AppError(
      'invalid-parameter',
      'A text to search for needs a letter, a digit or a sign; this would match all.',
    )
  }
  if (match === 'exact') {
    // The raw value decides; the normalised one finds the row in the index.
    return `${s}.v = ${binder.bind(normal, 'text')} AND ${s}.raw = ${binder.bind(value, 'text')}`
  }
  if (match === 'contains') return `${s}.v LIKE ${binder.bind(`%${escapeLike(normal)}%`, 'text')}`
  // In the C collation U+10FFFF sorts after every continuation, so the start is a range of the index.
  const upper = binder.bind(`${normal}\u{10FFFF}`, 'text')
  return `${s}.v >= ${binder.bind(normal, 'text')} AND ${s}.v < ${upper}`
}

/** Escapes the wildcards of LIKE. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`)
}
