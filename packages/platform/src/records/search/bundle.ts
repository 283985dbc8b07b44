// Writes a searchset Bundle as text: contents go in verbatim, nothing is parsed that is not cut down.
import type { Issue } from '@xinglin/core/errors'
import { operationOutcome } from '@xinglin/core/fhir'
import type { SearchQuery } from '@xinglin/core/fhir/search'
import { isSubset, subset } from './elements.ts'
import type { FoundRow } from './includes.ts'

/** The parts of a searchset. */
export interface SearchsetParts {
  readonly baseUrl: string
  readonly query: SearchQuery
  readonly matches: readonly FoundRow[]
  readonly included: readonly FoundRow[]
  readonly total: number | undefined
  readonly links: readonly { readonly relation: string; readonly url: string }[]
  /** What must be told: parameters left out, limits reached. */
  readonly issues: readonly Issue[]
}

/** The Bundle as JSON text. */
export function writeSearchset(parts: SearchsetParts): string {
  const total = parts.total === undefined ? '' : `,"total":${parts.total}`
  const entries = [
    ...parts.matches.map((row) => entry(parts, row, 'match')),
    ...parts.included.map((row) => entry(parts, row, 'include')),
    ...(parts.issues.length === 0 ? [] : [outcome(parts.issues)]),
  ]
  const entryText = entries.length === 0 ? '' : `,"entry":[${entries.join(',')}]`
  return `{"resourceType":"Bundle","type":"searchset"${total},"link":${JSON.stringify(parts.links)}${entryText}}`
}

function entry(parts: SearchsetParts, row: FoundRow, mode: 'match' | 'include'): string {
  const content = isSubset(parts.query) ? subset(row.content, parts.query) : row.content
  return `{"fullUrl":${JSON.stringify(`${parts.baseUrl}/${row.type}/${row.id}`)},"resource":${content},"search":{"mode":"${mode}"}}`
}

function outcome(issues: readonly Issue[]): string {
  return `{"resource":${JSON.stringify(operationOutcome(issues))},"search":{"mode":"outcome"}}`
}

/** The address of a search as understood, with a cursor for a following page. */
export function searchUrl(base: string, query: SearchQuery, extra: Readonly<Record<string, string>>): string {
  const pairs = query.understood.filter(([name]) => name !== '_cursor' && !(name in extra))
  const text = [...pairs, ...Object.entries(extra)]
    .map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`)
    .join('&')
  return text === '' ? base : `${base}${base.includes('?') ? '&' : '?'}${text}`
}

// Commas, colons, bars and slashes are plain in FHIR searches and may stay readable in a query.
function encodePart(text: string): string {
  return encodeURIComponent(text).replace(/%(?:2C|3A|2F|24|40)/g, (code) => decodeURIComponent(code))
}
