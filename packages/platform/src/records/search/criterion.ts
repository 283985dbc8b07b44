// Turns one criterion of a parsed search into a condition on a resource row; one file per kind does the work.
import type { Criterion } from '@xinglin/core/fhir/search'
import { hasChained, isReferredTo } from './criteria/chain.ts'
import { hasComposite } from './criteria/composite.ts'
import { hasId, wasUpdated } from './criteria/identity.ts'
import { hasDate, hasNumber, hasQuantity } from './criteria/range.ts'
import { hasString } from './criteria/string.ts'
import { hasHash, hasPresence, lacksHash } from './criteria/token.ts'
import { hasUri } from './criteria/uri.ts'
import type { Scope } from './scope.ts'

/** The condition on `scope.alias` under which the criterion holds. */
export function compileCriterion(scope: Scope, criterion: Criterion): string {
  const { knowledge } = scope
  switch (criterion.kind) {
    case 'id':
      return hasId(scope, criterion.values)
    case 'last-updated':
      return wasUpdated(scope, criterion.values)
    case 'missing':
      return hasPresence(scope, knowledge.presenceHash(criterion.parameter), criterion.missing)
    case 'token':
    case 'reference': {
      const hashes = hashesOf(criterion)
      return criterion.negated ? lacksHash(scope, hashes) : hasHash(scope, hashes)
    }
    case 'string':
      return hasString(scope, knowledge.parameterHash(criterion.parameter), criterion.match, criterion.values)
    case 'text':
      return hasString(scope, knowledge.textHash(criterion.parameter), 'contains', criterion.values)
    case 'date':
      return hasDate(scope, knowledge.parameterHash(criterion.parameter), criterion.values)
    case 'number':
      return hasNumber(scope, knowledge.parameterHash(criterion.parameter), criterion.values)
    case 'quantity':
      return hasQuantity(scope, criterion.values)
    case 'uri':
      return hasUri(scope, criterion)
    case 'composite':
      return hasComposite(scope, criterion)
    case 'chain':
      return hasChained(scope, criterion)
    case 'has':
      return isReferredTo(scope, criterion)
    default:
      return criterion satisfies never
  }
}

/** The hashes of a token or reference criterion; any of them is a match. */
export function hashesOf(criterion: Criterion & { readonly kind: 'token' | 'reference' }): readonly number[] {
  return criterion.kind === 'token'
    ? criterion.values.map((value) => value.h)
    : criterion.values.flatMap((value) => value.h)
}
