// Reads one entry of a batch or transaction: what it asks for, of which record or condition.
import { AppError } from '@xinglin/core/errors'
import type { BundleEntry, Resource } from '@xinglin/core/fhir'
import { isObject } from '../prepare/parse-body.ts'

/** The verbs of a Bundle entry, in the order in which they are carried out. */
export const methodOrder = ['DELETE', 'POST', 'PUT', 'PATCH', 'GET', 'HEAD'] as const

/** A verb of {@link methodOrder}. */
export type EntryMethod = (typeof methodOrder)[number]

/** An entry, parsed. */
export interface EntryRequest {
  readonly index: number
  readonly method: EntryMethod
  /** Address relative to the FHIR base. */
  readonly url: string
  readonly type: string
  readonly id: string | undefined
  /** Criteria of a conditional update, patch or delete, or of a POST's ifNoneExist. */
  readonly criteria: string | undefined
  readonly fullUrl: string | undefined
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly resource: Resource | undefined
}

/** Ids that FHIR allows. */
export const idPattern = /^[A-Za-z0-9\-.]{1,64}$/
const typePattern = /^[A-Z][A-Za-z]{1,63}$/

/** Names the entry that a finding is about. */
export function entryPath(index: number): string {
  return `Bundle.entry[${index}]`
}

/** A refusal of one entry. */
export function entryError(index: number, diagnostics: string): AppError {
  const path = entryPath(index)
  const message = `${path}: ${diagnostics}`
  return new AppError('invalid-request', message, {
    issues: [{ severity: 'error', code: 'invalid', diagnostics: message, expression: path }],
  })
}

/** Reads an entry; throws `invalid-request` that names it. */
export function readEntry(entry: unknown, index: number, baseUrl: string): EntryRequest {
  if (!isObject(entry)) throw entryError(index, 'an entry must be an object with a request')
  const { request, resource, fullUrl } = entry as unknown as BundleEntry
  if (!isObject(request)) throw entryError(index, 'the entry has no request with method and url')
  const method = methodOrder.find((known) => known === request.method)
  if (method === undefined) throw entryError(index, 'request.method must be GET, HEAD, POST, PUT, PATCH or DELETE')
  for (const name of ['url', 'ifMatch', 'ifNoneMatch', 'ifModifiedSince', 'ifNoneExist'] as const) {
    const value: unknown = request[name]
    if (value !== undefined && typeof value !== 'string') throw entryError(index, `request.${name} must be a text`)
  }
  if (fullUrl !== undefined && typeof fullUrl !== 'string') throw entryError(index, 'fullUrl must be a text')
  const url = relativeUrl(request.url ?? '', baseUrl)
  const body = bodyOf(method, resource, index)
  const target = method === 'GET' || method === 'HEAD' ? readTarget(url) : writeTarget({ method, url, index, body })
  const criteria = method === 'POST' ? criteriaText(request.ifNoneExist) : target.criteria
  return {
    index,
    method,
    url,
    ...target,
    criteria,
    fullUrl,
    ifMatch: request.ifMatch,
    ifNoneMatch: request.ifNoneMatch,
    ifModifiedSince: request.ifModifiedSince,
    resource: body,
  }
}

function relativeUrl(url: string, baseUrl: string): string {
  const relative = url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length + 1) : url
  return relative.startsWith('/') ? relative.slice(1) : relative
}

function criteriaText(ifNoneExist: string | undefined): string | undefined {
  if (ifNoneExist === undefined) return undefined
  const mark = ifNoneExist.indexOf('?')
  return mark < 0 ? ifNoneExist : ifNoneExist.slice(mark + 1)
}

function bodyOf(method: EntryMethod, resource: unknown, index: number): Resource | undefined {
  const needsBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  if (!needsBody) return undefined
  if (!isObject(resource) || typeof resource['resourceType'] !== 'string') {
    throw entryError(index, `${method} needs a resource with a resourceType`)
  }
  return resource as Resource
}

type Target = Pick<EntryRequest, 'type' | 'id' | 'criteria'>

function readTarget(url: string): Target {
  const [type = '', id] = (url.split('?')[0] ?? '').split('/')
  return { type, id, criteria: undefined }
}

interface WriteEntry {
  readonly method: EntryMethod
  readonly url: string
  readonly index: number
  readonly body: Resource | undefined
}

function writeTarget({ method, url, index, body }: WriteEntry): Target {
  const mark = url.indexOf('?')
  const [type = '', id, ...rest] = (mark < 0 ? url : url.slice(0, mark)).split('/')
  const criteria = mark < 0 ? undefined : url.slice(mark + 1)
  if (!typePattern.test(type) || rest.length > 0) {
    throw entryError(index, `request.url of ${method} must be Type${method === 'POST' ? '' : '/id or Type?criteria'}`)
  }
  if (id !== undefined && !idPattern.test(id)) throw entryError(index, 'the id in request.url is not a FHIR id')
  if (method === 'POST' && (id !== undefined || criteria !== undefined)) {
    throw entryError(index, 'operations and addresses with an id cannot be POSTed inside a Bundle; use Type alone')
  }
  if (method !== 'POST' && (id === undefined) === (criteria === undefined)) {
    throw entryError(index, `request.url of ${method} must be Type/id or Type?criteria`)
  }
  if (body !== undefined && method !== 'PATCH' && body.resourceType !== type) {
    throw entryError(index, `request.url says ${type}, but the resource is a ${body.resourceType.slice(0, 64)}`)
  }
  return { type, id, criteria }
}
