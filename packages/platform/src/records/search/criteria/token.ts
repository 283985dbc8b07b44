// Hash criteria: tokens, references, uris and presence are looked up by their hash.
import type { Scope } from '../scope.ts'

/** The row has any of the hashes. */
export function hasHash(scope: Scope, hashes: readonly number[]): string {
  const { alias, binder } = scope
  const list = binder.bind([...new Set(hashes)], 'bigint[]')
  if (scope.isNarrow) return hashes.length === 1 ? `${alias}.tok @> ${list}` : `${alias}.tok && ${list}`
  const token = binder.alias('t')
  return `${alias}.rid IN (SELECT ${token}.rid FROM records.token_index ${token} WHERE ${token}.h = ANY(${list}))`
}

/** The row has none of the hashes; never a driver, so `tok` of the row is asked. */
export function lacksHash(scope: Scope, hashes: readonly number[]): string {
  return `NOT ${scope.alias}.tok && ${scope.binder.bind(hashes, 'bigint[]')}`
}

/** The parameter has a value, or has none. Presence is only in `tok`. */
export function hasPresence(scope: Scope, hash: number, missing: boolean): string {
  const present = `${scope.alias}.tok @> ${scope.binder.bind([hash], 'bigint[]')}`
  return missing ? `NOT ${present}` : present
}
