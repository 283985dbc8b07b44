// Criteria on what the store itself knows of a resource: its id and when it was last changed.
import type { DateValue } from '@xinglin/core/fhir/search'
import { timestamp } from '../binder.ts'
import { anyOf, type Scope } from '../scope.ts'

/** The row has one of the ids. */
export function hasId(scope: Scope, ids: readonly string[]): string {
  return `${scope.alias}.id = ANY(${scope.binder.bind(ids, 'text[]')})`
}

/** The row was last changed as asked: an instant in ms, so each prefix is a comparison of the bare column, which its index serves. */
export function wasUpdated(scope: Scope, values: readonly DateValue[]): string {
  const bind = (ms: number) => scope.binder.bind(timestamp(ms), 'timestamptz')
  return anyOf(values.map((value) => compare(`${scope.alias}.at`, value, bind)))
}

function compare(at: string, value: DateValue, bind: (ms: number) => string): string {
  switch (value.prefix) {
    case 'eq':
    case 'ap':
      return `${at} >= ${bind(value.lo)} AND ${at} < ${bind(value.hi)}`
    case 'ne':
      return `${at} < ${bind(value.lo)} OR ${at} >= ${bind(value.hi)}`
    case 'ge':
      return `${at} >= ${bind(value.lo)}`
    case 'gt':
    case 'sa':
      return `${at} >= ${bind(value.hi)}`
    case 'le':
      return `${at} < ${bind(value.hi)}`
    case 'lt':
    case 'eb':
      return `${at} < ${bind(value.lo)}`
    default:
      return value.prefix satisfies never
  }
}
