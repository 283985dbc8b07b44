// Composite criteria: both parts must hold of the same element, which the combined hash of its rows says.
import { AppError } from '@xinglin/core/errors'
import type { Criterion } from '@xinglin/core/fhir/search'
import { allOf, anyOf, type Scope } from '../scope.ts'
import { hasHash } from './token.ts'

/** The row has an element of which all parts of any alternative hold. */
export function hasComposite(scope: Scope, criterion: Criterion & { readonly kind: 'composite' }): string {
  return anyOf(criterion.values.map((parts) => alternative(scope, criterion, parts)))
}

function alternative(
  scope: Scope,
  criterion: Criterion & { readonly kind: 'composite' },
  parts: readonly Criterion[],
): string {
  const rows = scope.knowledge.composite(criterion.parameter, parts)
  if (rows === undefined) {
    throw new AppError(
      'unknown-parameter',
      `The composite ${criterion.parameter.code} cannot be searched with these values.`,
    )
  }
  const conditions: string[] = []
  if (rows.tok !== undefined) conditions.push(hasHash(scope, [rows.tok]))
  for (const { p, criterion: part } of [...(rows.rows === undefined ? [] : [rows.rows]), ...(rows.more ?? [])])
    conditions.push(scope.compile({ ...scope, knowledge: under(scope, p) }, part))
  return allOf(conditions)
}

// The part's rows lie under the composite's combined `p`.
function under(scope: Scope, p: number): Scope['knowledge'] {
  return { ...scope.knowledge, parameterHash: () => p }
}
