// HTTP of reading: read, vread and histories, with conditional reads.
import { AppError } from '@xinglin/core/errors'
import type { SearchQuery } from '@xinglin/core/fhir/search'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { PresentVersion, Records } from '../records.ts'
import { readShape, shaped } from '../search/read-shape.ts'
import type { RecordContext } from '../types.ts'
import { etagOf, isKnown } from '../write/precondition.ts'
import { fhirJson } from './fhir-json.ts'
import { headerOf, type Wishes, wishesOf, written } from './negotiation.ts'

/** What the routes of reading and writing need. */
export interface RecordRouteOptions {
  readonly records: Records
  /** The types served here. */
  readonly types: readonly string[]
  /** Whether the base itself is served: Bundles and the history of everything. */
  readonly system: boolean
  readonly context: (request: FastifyRequest) => RecordContext
}

/** The parts of an address. */
export interface AddressParams {
  readonly type: string
  readonly id: string
  readonly version: string
}

const config = { errors: 'fhir' } as const

/** Routes under the FHIR base. */
export function readRoutes(options: RecordRouteOptions): FastifyPluginAsync {
  const { records, context } = options
  const read = async (request: FastifyRequest, reply: FastifyReply) => {
    const { type, id } = servedAddress(request, options)
    const wishes = wishesOf(request)
    const shape = readShape(type, wishes.pairs)
    return answerVersion(request, reply, await records.read(context(request), type, id), { wishes, shape })
  }
  const vread = async (request: FastifyRequest, reply: FastifyReply) => {
    const address = servedAddress(request, options)
    const wishes = wishesOf(request)
    const shape = readShape(address.type, wishes.pairs)
    return answerVersion(request, reply, await records.vread(context(request), address), { wishes, shape })
  }
  const history = async (request: FastifyRequest, reply: FastifyReply) => {
    const { type, id } = request.params as Partial<AddressParams>
    if (type !== undefined) servedAddress(request, options)
    const wishes = wishesOf(request)
    const scope = { ...(type === undefined ? {} : { type }), ...(id === undefined ? {} : { id }) }
    const bundle = await records.history(context(request), scope, wishes.pairs)
    return await reply.type(fhirJson).send(written(bundle, wishes))
  }
  return async (app) => {
    app.get('/fhir/:type/:id', { config }, read)
    app.get('/fhir/:type/:id/_history/:version', { config }, vread)
    app.get('/fhir/:type/:id/_history', { config }, history)
    app.get('/fhir/:type/_history', { config }, history)
    if (options.system) app.get('/fhir/_history', { config }, history)
  }
}

/** The address of the request; throws `not-found` for a type that is not served here. */
export function servedAddress(request: FastifyRequest, options: Pick<RecordRouteOptions, 'types'>): AddressParams {
  const { type = '', id = '', version = '' } = request.params as Partial<AddressParams>
  if (options.types.includes(type)) return { type, id, version }
  throw new AppError('not-found', `${JSON.stringify(type.slice(0, 64))} is not a resource type that is served here`)
}

interface Manner {
  readonly wishes: Wishes
  readonly shape: SearchQuery | undefined
}

function answerVersion(
  request: FastifyRequest,
  reply: FastifyReply,
  found: PresentVersion,
  { wishes, shape }: Manner,
): FastifyReply {
  reply.header('etag', etagOf(found.version)).header('last-modified', found.at.toUTCString())
  const ifNoneMatch = headerOf(request, 'if-none-match')
  const ifModifiedSince = headerOf(request, 'if-modified-since')
  if (isKnown({ ifNoneMatch, ifModifiedSince }, found)) return reply.code(304).send()
  return reply.type(fhirJson).send(written(shaped(found.content, shape), wishes))
}
