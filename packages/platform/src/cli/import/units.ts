// Turns files of several forms into units of work: transaction Bundles whose repetition changes nothing (pure).
import { AppError } from '@xinglin/core/errors'
import type { Bundle, BundleEntry, Resource } from '@xinglin/core/fhir'
import { isMongoPatient, patientFromMongo } from './mongo.ts'
import { keyOf, type StableIds } from './stable-ids.ts'

/** What an entry is known by: its content, and for people its place, e.g. `patients.ndjson:17`. */
export interface Part {
  readonly key: string
  readonly source: string
}

/** An entry that may be sent with any others. */
export interface KeyedEntry extends Part {
  readonly entry: BundleEntry
}

/** One request to the server and what it holds. */
export interface Unit {
  readonly bundle: Bundle
  readonly resources: number
  /** Known by its content, wherever it stands in its file. */
  readonly key: string
  /** Its entries, where each may also be sent without the others; empty for a Bundle of the file. */
  readonly parts: readonly Part[]
}

// A body may be nested 120 levels deep; a Bundle takes three of them.
const maxDepth = 115
const idPattern = /^[A-Za-z0-9\-.]{1,64}$/

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && typeof (value as Resource).resourceType === 'string'
}

function putEntry(resource: Resource, ids: StableIds, fullUrl?: string): BundleEntry {
  const id = typeof resource.id === 'string' && idPattern.test(resource.id) ? resource.id : ids.idOf(resource)
  const request = { method: 'PUT', url: `${resource.resourceType}/${id}` }
  return { ...(fullUrl === undefined ? {} : { fullUrl }), resource: { ...resource, id }, request }
}

// A plain POST would double the record when the answer was lost; a conditional one would not and stays as it is.
function repeatable(entry: BundleEntry, ids: StableIds): BundleEntry {
  const { request, resource } = entry
  if (resource === undefined) return entry
  const isPlainPost = request === undefined || (request.method === 'POST' && request.ifNoneExist === undefined)
  return isPlainPost ? putEntry(resource, ids, entry.fullUrl) : entry
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

function isEntry(value: unknown): boolean {
  if (!isObject(value)) return false
  const { request, resource } = value as Readonly<Record<string, unknown>>
  return (request === undefined || isObject(request)) && (resource === undefined || isResource(resource))
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1))
}

function bundleUnit(bundle: Bundle, source: string, ids: StableIds): Unit {
  const { entry: sent = [] } = bundle
  if (!Array.isArray(sent) || !sent.every(isEntry))
    throw new AppError(
      'invalid-request',
      `${source}: the entries of the Bundle are not a list of requests and resources`,
    )
  const entry = sent.map((each) => repeatable(each, ids))
  const type = bundle.type === 'batch' ? 'batch' : 'transaction'
  return {
    bundle: { resourceType: 'Bundle', type, entry },
    resources: entry.length,
    key: keyOf(type + JSON.stringify(entry)),
    parts: [],
  }
}

function keyed(entry: BundleEntry, source: string): KeyedEntry {
  return { entry, source, key: keyOf(JSON.stringify(entry)) }
}

/**
 * Makes units from one JSON value: a Bundle, a FHIR resource, or a patient document exported by mongoexport.
 * @param source names the place for messages, e.g. `patients.json:17`
 * @throws AppError `invalid-request` when the value is none of them
 */
export function entriesOf(value: unknown, source: string, ids: StableIds): Unit | KeyedEntry {
  if (isDeeper(value, maxDepth))
    throw new AppError('invalid-request', `${source}: it is nested deeper than ${maxDepth} levels`)
  if (isResource(value) && value.resourceType === 'Bundle') return bundleUnit(value as Bundle, source, ids)
  if (isResource(value)) return keyed(putEntry(value, ids), source)
  if (isMongoPatient(value)) return keyed(patientFromMongo(value, source), source)
  throw new AppError(
    'invalid-request',
    `${source}: neither a FHIR resource nor a Bundle nor an exported patient (it has no resourceType and no name list)`,
  )
}

/** Gathers single entries into one batch. */
export function gather(entries: readonly KeyedEntry[]): Unit {
  return {
    bundle: { resourceType: 'Bundle', type: 'batch', entry: entries.map(({ entry }) => entry) },
    resources: entries.length,
    key: keyOf(entries.map(({ key }) => key).join()),
    parts: entries.map(({ key, source }) => ({ key, source })),
  }
}

/** The unit without the parts that are in already; undefined when nothing is left. */
export function without(unit: Unit, isIn: (key: string) => boolean): Unit | undefined {
  const { bundle, parts } = unit
  if (parts.length === 0) return unit
  const left = (bundle.entry ?? []).flatMap((entry, at) => {
    const part = parts[at]
    return part === undefined || isIn(part.key) ? [] : [{ ...part, entry }]
  })
  if (left.length === parts.length) return unit
  return left.length === 0 ? undefined : { ...gather(left), key: unit.key }
}

/** True for a unit, false for a single entry. */
export function isUnit(value: Unit | KeyedEntry): value is Unit {
  return 'bundle' in value
}
