// Turns files of several forms into units of work: transaction Bundles whose repetition changes nothing (pure).
import { createHash } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { Bundle, BundleEntry, Resource } from '@xinglin/core/fhir'
import { isMongoPatient, patientFromMongo } from './mongo.ts'

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

const idPattern = /^[A-Za-z0-9\-.]{1,64}$/
const keyLength = 24 // 96 bits

const sha256 = (...texts: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('hex')
}

/** The key of a content. */
export function keyOf(content: string): string {
  return sha256(content).slice(0, keyLength)
}

/** Gives ids to the resources of a file that bring none. */
export interface StableIds {
  idOf(resource: unknown): string
}

/**
 * The same content gets the same id in every run, wherever it stands in the file: a line that is mended or taken out changes
 * no other's. Equal resources of a file stay as many records as they are.
 */
export function stableIds(fileName: string): StableIds {
  const seen = new Map<number, number>()
  return {
    idOf(resource) {
      const content = JSON.stringify(resource)
      const short = Number.parseInt(sha256(content).slice(0, 12), 16)
      const before = seen.get(short) ?? 0
      seen.set(short, before + 1)
      const hash = sha256(fileName, content, String(before))
      return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
    },
  }
}

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

function bundleUnit(bundle: Bundle, ids: StableIds): Unit {
  const entry = (bundle.entry ?? []).map((each) => repeatable(each, ids))
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
  if (isResource(value) && value.resourceType === 'Bundle') return bundleUnit(value as Bundle, ids)
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
