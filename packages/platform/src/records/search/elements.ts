// Cuts resources down to what `_summary` and `_elements` ask for; mandatory elements stay and the resource is tagged SUBSETTED.
import type { Resource } from '@xinglin/core/fhir'
import type { SearchQuery } from '@xinglin/core/fhir/search'
import table from './generated/summary-elements.json' with { type: 'json' }

interface Elements {
  readonly summary: readonly string[]
  readonly parents: readonly string[]
  readonly mandatory: readonly string[]
}

const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }

/** Whether the query asks for less than whole resources. */
export function isSubset(query: SearchQuery): boolean {
  return query.elements.length > 0 || query.summary === 'true' || query.summary === 'text' || query.summary === 'data'
}

/** The content cut down as the query asks. */
export function subset(content: string, query: SearchQuery): string {
  const resource = JSON.parse(content) as Resource
  const definition = (table as Readonly<Record<string, Elements>>)[resource.resourceType]
  const kept = prune(resource, keeper(query, definition), '')
  const meta = resource.meta ?? {}
  return JSON.stringify({ ...kept, meta: { ...meta, tag: [...(meta.tag ?? []), subsetted] } })
}

type Keep = (path: string) => boolean

function keeper(query: SearchQuery, definition: Elements | undefined): Keep {
  const mandatory = new Set(['resourceType', 'id', 'meta', ...(definition?.mandatory ?? [])])
  if (query.elements.length > 0) {
    // A choice is asked for by its base name too: `value` is valueQuantity, valueString …
    const asked = new Set(query.elements.flatMap((name) => [name, `${name}[x]`]))
    return (path) => isWithin(path, mandatory) || isWithin(path, asked)
  }
  if (query.summary === 'text') return (path) => isWithin(path, mandatory) || path === 'text'
  if (query.summary === 'data') return (path) => path !== 'text'
  const summary = new Set(['resourceType', ...(definition?.summary ?? [])])
  const parents = new Set(definition?.parents ?? [])
  return (path) =>
    isNamed(path, summary) || (isNamed(path, mandatory) && !path.includes('.')) || !isBackbonePart(path, parents)
}

// Below a datatype everything stays; below a backbone element only what the definition marks.
function isBackbonePart(path: string, parents: ReadonlySet<string>): boolean {
  const dot = path.lastIndexOf('.')
  return dot < 0 || parents.has(path.slice(0, dot))
}

function isWithin(path: string, names: ReadonlySet<string>): boolean {
  const [top] = path.split('.')
  return top !== undefined && isNamed(top, names)
}

// `valueQuantity` is the choice `value[x]`, and `_birthDate` carries the extensions of `birthDate`.
function isNamed(path: string, names: ReadonlySet<string>): boolean {
  const plain = path.replace(/(^|\.)_/, '$1')
  if (names.has(plain)) return true
  return [...plain.matchAll(/[A-Z]/g)].some((capital) => names.has(`${plain.slice(0, capital.index)}[x]`))
}

function prune(value: Readonly<Record<string, unknown>>, keep: Keep, prefix: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) => {
      const path = prefix === '' ? name : `${prefix}.${name}`
      return keep(path) ? [[name, pruneChild(child, keep, path)]] : []
    }),
  )
}

function pruneChild(child: unknown, keep: Keep, path: string): unknown {
  if (Array.isArray(child)) return child.map((item) => pruneChild(item, keep, path))
  if (child === null || typeof child !== 'object') return child
  return prune(child as Readonly<Record<string, unknown>>, keep, path)
}
