// The exact matcher: decides criteria on the values of a resource itself, with the same readers that fill the index.
import type { Resource } from '../types.ts'
import { dateRange, eachDate } from './dates.ts'
import { isDateMatch, isNumberMatch, isQuantityMatch } from './match-ranges.ts'
import { isReferenceMatch, isStringMatch, isTextMatch, isTokenMatch, isUriMatch } from './match-values.ts'
import { definitionsOf } from './parameters.ts'
import { type ElementPath, parsePath, readValues, type TypedValue, walkPath } from './paths.ts'
import type { Criterion, SearchParameter, SearchQuery } from './types.ts'

/**
 * Whether a resource satisfies all criteria that its own content decides; chains and `_has` need other resources and are
 * taken as satisfied. `baseUrl` is as in indexing.
 */
export function matches(query: SearchQuery, resource: Resource, baseUrl?: string): boolean {
  if (!query.types.includes(resource.resourceType)) return false
  return query.criteria.every((criterion) => isMatch(criterion, { resource, baseUrl, element: undefined }))
}

/** A resource, or one element of a composite in it. */
interface Subject {
  readonly resource: Resource
  readonly baseUrl: string | undefined
  readonly element: { readonly value: unknown; readonly places: readonly ElementPath[] } | undefined
}

function isMatch(criterion: Criterion, subject: Subject): boolean {
  switch (criterion.kind) {
    case 'id':
      return criterion.values.includes(subject.resource.id ?? '')
    case 'last-updated': {
      const updated = dateRange(subject.resource.meta?.lastUpdated ?? '')
      return updated !== undefined && criterion.values.some((value) => isDateMatch(updated.lo, updated.lo + 1, value))
    }
    case 'composite':
      return criterion.values.some((parts) => isCompositeMatch(criterion.parameter, parts, subject))
    case 'chain':
    case 'has':
      return true
    case 'missing':
      return isPresent(criterion.parameter, subject) !== criterion.missing
    default:
      return isValueMatch(criterion, valuesOf(criterion.parameter, subject), subject.baseUrl)
  }
}

type ValueCriterion = Exclude<
  Criterion,
  { readonly kind: 'id' | 'last-updated' | 'composite' | 'chain' | 'has' | 'missing' }
>

function isValueMatch(criterion: ValueCriterion, values: readonly TypedValue[], baseUrl: string | undefined): boolean {
  switch (criterion.kind) {
    case 'token':
      return values.some((value) => isTokenMatch(value, criterion.values)) !== criterion.negated
    case 'reference':
      return values.some((value) => isReferenceMatch(value, criterion, baseUrl)) !== criterion.negated
    case 'string':
      return values.some((value) => isStringMatch(value, criterion.match, criterion.values))
    case 'text':
      return values.some((value) => isTextMatch(value, criterion.parameter, criterion.values))
    case 'uri':
      return values.some((value) => isUriMatch(value, criterion.match, criterion.values))
    case 'date':
      return values.some((value) => anyDate(value, (lo, hi) => criterion.values.some((v) => isDateMatch(lo, hi, v))))
    case 'number':
      return values.some((value) => isNumberMatch(value, criterion.values))
    case 'quantity':
      return values.some((value) => isQuantityMatch(value, criterion.values))
    default:
      return criterion satisfies never
  }
}

function anyDate(value: TypedValue, test: (lo: number, hi: number) => boolean): boolean {
  let found = false
  eachDate(value, (lo, hi) => {
    found = found || test(lo, hi)
  })
  return found
}

function pathsOf(parameter: SearchParameter, type: string): readonly ElementPath[] {
  return (definitionsOf(type).get(parameter.code)?.paths ?? []).map(parsePath)
}

function valuesOf(parameter: SearchParameter, { resource, element }: Subject): readonly TypedValue[] {
  if (element !== undefined) return readValues(element.places, element.value, resource)
  return readValues(pathsOf(parameter, resource.resourceType), resource, resource)
}

function isPresent(parameter: SearchParameter, subject: Subject): boolean {
  if (parameter.type !== 'composite') return valuesOf(parameter, subject).length > 0
  const first = definitionsOf(parameter.base).get(parameter.code)?.components[0]
  return elementsOf(parameter, subject).some(
    (element) => readValues((first?.paths ?? []).map(parsePath), element, subject.resource).length > 0,
  )
}

function elementsOf(parameter: SearchParameter, { resource }: Subject): readonly unknown[] {
  const elements: unknown[] = []
  for (const path of pathsOf(parameter, resource.resourceType)) {
    walkPath(path, resource, resource, (element) => elements.push(element))
  }
  return elements
}

function isCompositeMatch(parameter: SearchParameter, parts: readonly Criterion[], subject: Subject): boolean {
  const components = definitionsOf(parameter.base).get(parameter.code)?.components ?? []
  const places = components.map((component) => component.paths.map(parsePath))
  return elementsOf(parameter, subject).some((value) =>
    parts.every((part, index) => isMatch(part, { ...subject, element: { value, places: places[index] ?? [] } })),
  )
}
