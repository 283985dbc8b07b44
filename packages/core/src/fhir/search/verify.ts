// The guard against hash collisions: a hit must contain what was asked for, or satisfy the exact matcher.
import type { Resource } from '../types.ts'
import { matches } from './match.ts'
import type { Criterion, SearchQuery } from './types.ts'

/**
 * Whether the content of a hit really answers the query. Cheap for the usual case: each code or id asked for stands in the
 * text; only where one does not (an escape, an absolute reference, a collision) is the content parsed and matched exactly.
 */
export function verifyText(query: SearchQuery, content: string, baseUrl?: string): boolean {
  if (query.criteria.every((criterion) => standsIn(criterion, content))) return true
  return matches(query, JSON.parse(content) as Resource, baseUrl)
}

function standsIn(criterion: Criterion, content: string): boolean {
  if (criterion.kind === 'token' && !criterion.negated) {
    return criterion.values.some((value) => includes(content, value.code ?? value.system ?? ''))
  }
  if (criterion.kind === 'reference' && !criterion.negated) {
    return criterion.values.some((value) => {
      if (value.identifier !== undefined)
        return includes(content, value.identifier.code ?? value.identifier.system ?? '')
      return includes(content, value.id ?? value.url ?? '')
    })
  }
  // With two ranges (MolecularSequence) the index knows each of them, not that they are of one element.
  if (criterion.kind === 'composite') return criterion.values.every((parts) => parts.length < 3)
  if (criterion.kind === 'uri' && criterion.match === 'exact')
    return criterion.values.some((value) => includes(content, value))
  return true
}

function includes(content: string, text: string): boolean {
  return content.includes(JSON.stringify(text).slice(1, -1))
}
