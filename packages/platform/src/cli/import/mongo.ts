// Patient documents as mongoexport writes them (MongoDB Extended JSON v2, relaxed or canonical) in the registration form.
import { AppError } from '@xinglin/core/errors'
import type { BundleEntry } from '@xinglin/core/fhir'
import { patientFromRegistration } from '../../clinical/patient/index.ts'

type Document = Readonly<Record<string, unknown>>

/** System of the identifiers that keep MongoDB's `_id`. */
export const mongoIdentifierSystem = 'urn:xinglin:mongodb-id'

/** True for an object that looks like a patient document: a list of names and no FHIR resourceType. */
export function isMongoPatient(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null) return false
  const document = value as Document
  return Array.isArray(document.name) && document.resourceType === undefined
}

function plainId(id: unknown): string | undefined {
  if (typeof id === 'string' || typeof id === 'number') return String(id)
  const { $oid, $uuid } = (id ?? {}) as Document
  return typeof $oid === 'string' ? $oid : typeof $uuid === 'string' ? $uuid : undefined
}

function plainDate(value: unknown): unknown {
  const { $date } = (value ?? {}) as Document
  const inner = typeof $date === 'object' && $date !== null ? Number(($date as Document).$numberLong) : $date
  const at = typeof inner === 'number' ? new Date(inner) : undefined
  if (at !== undefined && !Number.isNaN(at.getTime())) return at.toISOString().slice(0, 10)
  const text = typeof inner === 'string' ? inner : value
  return typeof text === 'string' ? text.slice(0, 10) : text
}

/**
 * Turns an exported patient document into a conditional update keyed by its `_id`, so that a repeated import changes nothing.
 * @throws AppError `unprocessable` naming the fields that do not fit
 */
export function patientFromMongo(document: Document, source: string): BundleEntry {
  const id = plainId(document._id)
  if (id === undefined) throw new AppError('unprocessable', `${source}: the document has no _id to recognise it by`)
  const { _id, id: _ownId, birth_date, ...form } = document
  const today = new Date().toISOString().slice(0, 10)
  const patient = patientFromRegistration({ ...form, birth_date: plainDate(birth_date) }, today)
  const identifier = [{ system: mongoIdentifierSystem, value: id }]
  const url = `Patient?identifier=${encodeURIComponent(`${mongoIdentifierSystem}|${id}`)}`
  return { resource: { ...patient, identifier }, request: { method: 'PUT', url } }
}
