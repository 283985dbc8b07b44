// Turns files of several forms into units of work: transaction Bundles whose repetition changes nothing (pure).
import { createHash } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { Bundle, BundleEntry, Resource } from '@xinglin/core/fhir'
import { isMongoPatient, patientFromMongo } from './mongo.ts'

/** One request to the server and what it holds. */
export interface Unit {
  readonly bundle: Bundle
  readonly resources: number
}

const idPattern = /^[A-Za-z0-9\-.]{1,64}$/

// A stable id for a resource that brings none: the same source gives the same id, so that a repeated unit updates.
function stableId(source: string, resource: unknown): string {
  const hash = createHash('sha256').update(source).update('\0').update(JSON.stringify(resource)).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && typeof (value as Resource).resourceType === 'string'
}

function putEntry(resource: Resource, source: string, fullUrl?: string): BundleEntry {
  const id = typeof resource.id === 'string' && idPattern.test(resource.id) ? resource.id : stableId(source, resource)
  const request = { method: 'PUT', url: `${resource.resourceType}/${id}` }
  return { ...(fullUrl === undefined ? {} : { fullUrl }), resource: { ...resource, id }, request }
}

// A plain POST would double the record when the answer was lost; a conditional one would not and stays as it is.
function repeatable(entry: BundleEntry, source: string): BundleEntry {
  const { request, resource } = entry
  if (resource === undefined) return entry
  const isPlainPost = request === undefined || (request.method === 'POST' && request.ifNoneExist === undefined)
  return isPlainPost ? putEntry(resource, source, entry.fullUrl) : entry
}

function bundleUnit(bundle: Bundle, source: string): Unit {
  const entry = (bundle.entry ?? []).map((each, index) => repeatable(each, `${source}#${index}`))
  return {
    bundle: { resourceType: 'Bundle', type: bundle.type === 'batch' ? 'batch' : 'transaction', entry },
    resources: entry.length,
  }
}

/**
 * Makes units from one JSON value: a Bundle, a FHIR resource, or a patient document exported by mongoexport.
 * @param source names the place for stable ids and messages, e.g. `patients.json:17`
 * @throws AppError `invalid-request` when the value is none of them
 */
export function entriesOf(value: unknown, source: string): Unit | BundleEntry {
  if (isResource(value) && value.resourceType === 'Bundle') return bundleUnit(value as Bundle, source)
  if (isResource(value)) return putEntry(value, source)
  if (isMongoPatient(value)) return patientFromMongo(value, source)
  throw new AppError(
    'invalid-request',
    `${source}: neither a FHIR resource nor a Bundle nor an exported patient (it has no resourceType and no name list)`,
  )
}

/** Gathers single entries into transaction Bundles of at most `size` entries. */
export function gather(entries: readonly BundleEntry[]): Unit {
  return { bundle: { resourceType: 'Bundle', type: 'batch', entry: entries }, resources: entries.length }
}

/** True for a unit, false for a single entry. */
export function isUnit(value: Unit | BundleEntry): value is Unit {
  return 'bundle' in value
}
