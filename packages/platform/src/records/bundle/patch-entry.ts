// Reads the JSON Patch of a PATCH entry: a Binary with the patch in base64 (http://hl7.org/fhir/R4/http.html#patch).
import type { Resource } from '@xinglin/core/fhir'
import { parseResource } from '../prepare/parse-body.ts'
import { type Rewriting, rewriteReferences } from '../prepare/rewrite.ts'
import { parsePatch } from '../write/patch.ts'
import { type EntryRequest, entryError } from './entry.ts'

/** The operations, with references to other entries rewritten. */
export function readPatchEntry(request: EntryRequest, rewriting: Rewriting): readonly unknown[] {
  const operations = parsePatch(textOf(request.resource, request.index))
  rewriteReferences(operations, rewriting)
  return operations
}

/** The text of the patch in the Binary given as text. */
export function patchText(binary: string, index: number): string {
  return textOf(parseResource(binary).value, index)
}

function textOf(resource: Resource | undefined, index: number): string {
  const contentType = resource?.['contentType']
  const data = resource?.['data']
  if (resource?.resourceType !== 'Binary' || typeof data !== 'string' || typeof contentType !== 'string') {
    throw entryError(index, 'PATCH takes a Binary with contentType application/json-patch+json and the patch in data')
  }
  if (!contentType.startsWith('application/json-patch+json')) {
    throw entryError(index, 'only JSON Patch is applied: contentType must be application/json-patch+json')
  }
  return Buffer.from(data, 'base64').toString('utf8')
}
