// The place in a statement at which a criterion is compiled: which resource row it speaks of and who may see it.
import type { Criterion } from '@xinglin/core/fhir/search'
import type { AccessFilter } from '../types.ts'
import type { Binder } from './binder.ts'
import type { SearchKnowledge } from './knowledge.ts'

/** Where a condition is written: on the row `alias` of records.resource. */
export interface Scope {
  readonly alias: string
  readonly binder: Binder
  readonly access: AccessFilter
  readonly knowledge: SearchKnowledge
  /** How many chains lead here. */
  readonly depth: number
  readonly maxDepth: number
  /** True where the row is already few (patient-scoped, or after another driver): hashes are then looked up in `tok`, not in the token index. */
  readonly isNarrow: boolean
  /** Compiles a further criterion (chains need it); an argument, so that files need not import in a circle. */
  readonly compile: (scope: Scope, criterion: Criterion) => string
}

/** Joins conditions, each in brackets; an empty list is true. */
export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.map((condition) => `(${condition})`).join(' AND ')
}

/** Joins alternatives, each in brackets; an empty list is false. */
export function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'false' : conditions.map((condition) => `(${condition})`).join(' OR ')
}
