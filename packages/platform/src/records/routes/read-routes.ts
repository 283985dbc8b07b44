// HTTP of reading: read, vread and histories, with conditional reads.
import { AppError } from '@xinglin/core/errors'
import { parseSearch } from '@xinglin/core/fhir/search'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { PresentVersion, Records } from '../records.ts'
import { isSubset, subset } from '../search/elements.ts'
import type { RecordContext } from '../types.ts'
import { etagOf, names } from '../write/precondition.ts'
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
    const shape = shapeOf(type, wishes)
    return answerVersion(request, reply, await records.read(context(request), type, id), { wishes, shape })
  }
  const vread = async (request: FastifyRequest, reply: FastifyReply) => {
    const address = servedAddress(request, options)
    const wishes = wishesOf(request)
    const shape = shapeOf(address.type, wishes)
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

type Shape = ReturnType<typeof parseSearch>

// Of the parameters of a search a read takes _summary and _elements.
function shapeOf(type: string, wishes: Wishes): Shape | undefined {
  if (wishes.pairs.length === 0) return undefined
  const stranger = wishes.pairs.find(([name]) => name !== '_summary' && name !== '_elements')
  if (stranger !== undefined) {
    throw new AppError(
      'unknown-parameter',
      `A read takes _summary, _elements, _format and _pretty, not ${stranger[0].slice(0, 60)}`,
    )
  }
  return parseSearch({ types: [type], parameters: wishes.pairs, lenient: false })
}

interface Manner {
  readonly wishes: Wishes
  readonly shape: Shape | undefined
}

function answerVersion(
  request: FastifyRequest,
  reply: FastifyReply,
  found: PresentVersion,
  { wishes, shape }: Manner,
): FastifyReply {
  reply.header('etag', etagOf(found.version)).header('last-modified', found.at.toUTCString())
  if (isKnown(request, found)) return reply.code(304).send()
  const content = shape !== undefined && isSubset(shape) ? subset(found.content, shape) : found.content
  return reply.type(fhirJson).send(written(content, wishes))
}

// If-None-Match goes before If-Modified-Since (RFC 9110, section 13.2.2).
function isKnown(request: FastifyRequest, found: PresentVersion): boolean {
  const tag = headerOf(request, 'if-none-match')
  if (tag !== undefined) return names(tag, found.version)
  const since = Date.parse(headerOf(request, 'if-modified-since') ?? '')
  return !Number.isNaN(since) && Math.floor(found.at.getTime() / 1000) * 1000 <= since
}
