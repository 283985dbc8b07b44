// A page of a history as Bundle text, with signed next links; contents go in verbatim.
import type { StoredVersion } from './types.ts'
import { etagOf } from './write/precondition.ts'

/** A page of a history. */
export interface HistoryPage {
  readonly baseUrl: string
  readonly versions: readonly StoredVersion[]
  readonly links: readonly { readonly relation: string; readonly url: string }[]
}

/** Writes the Bundle (http://hl7.org/fhir/R4/http.html#history). */
export function writeHistory(page: HistoryPage): string {
  const entries = page.versions.map((version) => entry(page.baseUrl, version))
  const entryText = entries.length === 0 ? '' : `,"entry":[${entries.join(',')}]`
  return `{"resourceType":"Bundle","type":"history","link":${JSON.stringify(page.links)}${entryText}}`
}

function entry(baseUrl: string, version: StoredVersion): string {
  const { type, id, content, method, at } = version
  const resource = content === undefined ? '' : `,"resource":${content}`
  const url = method === 'POST' ? type : `${type}/${id}`
  const status = content === undefined ? '204' : version.version === 1 ? '201' : '200'
  const response = { status, etag: etagOf(version.version), lastModified: at.toISOString() }
  return `{"fullUrl":${JSON.stringify(`${baseUrl}/${type}/${id}`)}${resource},"request":${JSON.stringify({ method, url })},"response":${JSON.stringify(response)}}`
}
