// Searches and pages: the rows of a Bundle and the address of its next page, kept on our own origin.
import type { Request } from './client.ts'
import type { Bundle, FhirResource } from './fhir.ts'

/** One page of a search. */
export interface Page<T> {
  readonly rows: readonly T[]
  /** Path and query of the next page; undefined on the last. */
  readonly next: string | undefined
  readonly total: number | undefined
}

/** Names and values of a search, in order; undefined and empty ones are left out. */
export type SearchValues = readonly (readonly [name: string, value: string | number | undefined])[]

/** Path and query of a search. */
export function searchPath(base: string, values: SearchValues): string {
  const pairs = values.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, String(value)]]))
  return pairs.length === 0 ? base : `${base}?${new URLSearchParams(pairs)}`
}

const ownPath = /^\/(?:fhir|audit)(?:[/?]|$)/

/**
 * The next page's path and query. The server writes links with its own base URL, which may differ from the address in the
 * browser (a proxy, localhost): only path and query are taken, and only under our own interfaces.
 */
export function nextPath(bundle: Pick<Bundle<FhirResource>, 'link'>): string | undefined {
  const url = bundle.link?.find(({ relation }) => relation === 'next')?.url
  if (url === undefined || !URL.canParse(url, 'http://local')) return undefined
  const { pathname, search } = new URL(url, 'http://local')
  const path = `${pathname}${search}`
  return ownPath.test(path) ? path : undefined
}

/** Reads a searchset into a page; what was included or is an outcome is not a row. */
export function pageOf<T extends FhirResource>(bundle: Bundle<T>): Page<T> {
  const rows = (bundle.entry ?? []).flatMap(({ resource, search }) =>
    resource === undefined || (search?.mode !== undefined && search.mode !== 'match') ? [] : [resource],
  )
  return { rows, next: nextPath(bundle), total: bundle.total }
}

/** Fetches one page. */
export async function fetchPage<T extends FhirResource>(
  request: Request,
  path: string,
  signal: AbortSignal,
): Promise<Page<T>> {
  return pageOf(await request<Bundle<T>>(path, { signal }))
}

/** All that was found, up to a limit of pages. */
export interface Collected<T> {
  readonly rows: readonly T[]
  /** False when more is stored than was fetched. */
  readonly isComplete: boolean
}

/** Follows the next links; bounded by `maxPages`. */
export async function fetchAll<T extends FhirResource>(
  request: Request,
  path: string,
  given: { readonly signal: AbortSignal; readonly maxPages: number },
): Promise<Collected<T>> {
  const rows: T[] = []
  let next: string | undefined = path
  for (let page = 0; page < given.maxPages && next !== undefined; page += 1) {
    const found: Page<T> = await fetchPage<T>(request, next, given.signal)
    rows.push(...found.rows)
    next = found.next
  }
  return { rows, isComplete: next === undefined }
}
