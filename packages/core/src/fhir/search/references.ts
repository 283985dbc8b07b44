// What a reference points at: a record here, an address elsewhere, or an identifier.
import { isObject, type TypedValue } from './paths.ts'
import { eachToken } from './tokens.ts'

/** Where a reference points; versions are left out, so a versioned reference matches its record. */
export type ReferenceTarget =
  | { readonly kind: 'record'; readonly type: string; readonly id: string }
  | { readonly kind: 'address'; readonly url: string }

const literal = /^([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/
const absolute =
  /^(https?:\/\/\S+)\/([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/

/**
 * Reads a literal reference. `Type/id` is a record here, and so is an absolute address under `baseUrl` when that is given;
 * any other address is somewhere else, even when it ends in `Type/id`: another server's Patient/1 is another person.
 */
export function parseReference(text: string, baseUrl?: string): ReferenceTarget | undefined {
  if (text === '' || text.startsWith('#')) return undefined
  const [, type, id] = literal.exec(text) ?? []
  if (type !== undefined && id !== undefined) return { kind: 'record', type, id }
  const [, base, farType, farId] = absolute.exec(text) ?? []
  if (base === undefined || farType === undefined || farId === undefined) return { kind: 'address', url: text }
  if (baseUrl !== undefined && base === baseUrl.replace(/\/+$/, '')) return { kind: 'record', type: farType, id: farId }
  return { kind: 'address', url: `${base}/${farType}/${farId}` }
}

/** Receives what a value refers to. */
export interface VisitReference {
  record(type: string, id: string): void
  /** An absolute address; canonical ones with a version are visited with and without it. */
  address(url: string): void
  identifier(system: string, value: string | undefined): void
  text(display: string): void
}

/** Calls `visit` with everything that a value refers to. */
export function eachReference(typed: TypedValue, visit: VisitReference, baseUrl: string | undefined): void {
  const { value } = typed
  if (typeof value === 'string') {
    eachAddress(value, visit.address)
    return
  }
  if (!isObject(value)) return
  if (typed.datatype === 'Resource') {
    // A resource in place: it is known by its type and id, but it need not be a record here.
    if (typeof value['resourceType'] === 'string' && typeof value['id'] === 'string') {
      visit.address(`${value['resourceType']}/${value['id']}`)
    }
    return
  }
  const target = typeof value['reference'] === 'string' ? parseReference(value['reference'], baseUrl) : undefined
  if (target?.kind === 'record') visit.record(target.type, target.id)
  if (target?.kind === 'address') visit.address(target.url)
  if (value['identifier'] !== undefined) {
    eachToken({ datatype: 'Identifier', system: undefined, value: value['identifier'] }, visit.identifier)
  }
  if (typeof value['display'] === 'string' && value['display'] !== '') visit.text(value['display'])
}

/** Calls `visit` with a uri, and for a canonical with a version (`url|1.0`) also with the url alone. */
export function eachAddress(value: string, visit: (url: string) => void): void {
  if (value === '') return
  visit(value)
  const bar = value.lastIndexOf('|')
  if (bar > 0) visit(value.slice(0, bar))
}
