// Uri criteria: the whole uri by its hash, those below it by its start, those above it by each shorter path.
import type { Criterion } from '@xinglin/core/fhir/search'
import { anyOf, type Scope } from '../scope.ts'
import { hasHash } from './token.ts'

/** The row has the uri, one below it, or one above it. */
export function hasUri(scope: Scope, criterion: Criterion & { readonly kind: 'uri' }): string {
  const { knowledge } = scope
  const hash = (value: string) => knowledge.uriHash(criterion.parameter, value)
  switch (criterion.match) {
    case 'exact':
      return hasHash(scope, criterion.values.map(hash))
    case 'above':
      return hasHash(scope, criterion.values.flatMap(pathsAbove).map(hash))
    case 'below':
      return anyOf(criterion.values.map((value) => below(scope, knowledge.parameterHash(criterion.parameter), value)))
    default:
      return criterion.match satisfies never
  }
}

// Uris are case-sensitive, so the raw value decides.
function below(scope: Scope, p: number, value: string): string {
  const { alias, binder } = scope
  const s = binder.alias('s')
  const start = value.endsWith('/') ? value : `${value}/`
  const raw = `${s}.raw = ${binder.bind(value, 'text')} OR starts_with(${s}.raw, ${binder.bind(start, 'text')})`
  return `EXISTS (SELECT 1 FROM records.string_index ${s} WHERE ${s}.rid = ${alias}.rid AND ${s}.p = ${binder.bind(p, 'bigint')} AND (${raw}))`
}

/** The uri itself and each uri made by leaving out its last path segment, down to the authority. */
export function pathsAbove(uri: string): readonly string[] {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(uri)?.[0]
  if (authority === undefined) return [uri]
  const segments = uri
    .slice(authority.length)
    .split('/')
    .filter((segment) => segment !== '')
  const above = segments.map((_segment, index) => `${authority}/${segments.slice(0, index + 1).join('/')}`)
  return [...new Set([uri, authority, ...above])]
}
