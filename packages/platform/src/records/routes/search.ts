// HTTP of search: by type, over several types, in a compartment, by GET and by POST _search.
import { AppError } from '@xinglin/core/errors'
import type { SearchQuery } from '@xinglin/core/fhir/search'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Audit } from '../../kernel/ports.ts'
import type { SearchAnswer } from '../search/engine.ts'
import type { Search } from '../search/search.ts'
import type { RecordContext } from '../types.ts'
import { audited } from './audited.ts'
import { type Handling, handlingOf, type Pairs, pairsOf } from './search-request.ts'

/** A search as sent, for the parser of the search core. */
export interface SearchText {
  readonly types: readonly string[]
  readonly pairs: Pairs
  readonly handling: Handling
  readonly compartment?: { readonly type: string; readonly id: string }
}

/** What the routes of search need. */
export interface SearchRouteOptions {
  readonly search: Search
  readonly audit: Audit
  /** Every type that can be stored. */
  readonly types: readonly string[]
  /** The types in a compartment; empty for a type that has none. */
  readonly compartmentTypes: (compartment: string) => readonly string[]
  readonly parse: (text: SearchText) => SearchQuery
  readonly context: (request: FastifyRequest) => RecordContext
}

type Place = Pick<SearchText, 'types' | 'compartment'> & {
  readonly path: string
  readonly interaction: 'search-type' | 'search-system'
}

/** Content type of every FHIR answer. */
export const fhirJson = 'application/fhir+json; charset=utf-8'

/** Routes under the FHIR base. */
export function searchRoutes(options: SearchRouteOptions): FastifyPluginAsync {
  const answer = (find: (request: FastifyRequest) => Place) => async (request: FastifyRequest, reply: FastifyReply) => {
    const found = await audited(request, options.audit, () => run(options, request, find))
    return await reply.type(fhirJson).send(found.bundle)
  }
  const config = { errors: 'fhir' } as const
  return async (app) => {
    if (!app.hasContentTypeParser(formType)) {
      app.addContentTypeParser(formType, { parseAs: 'string' }, (_request, body, done) => done(null, body))
    }
    app.get(
      '/fhir',
      { config },
      answer((request) => system(options, request)),
    )
    app.post(
      '/fhir/_search',
      { config },
      answer((request) => system(options, request)),
    )
    app.get(
      '/fhir/:type',
      { config },
      answer((request) => ofType(options, request)),
    )
    app.post(
      '/fhir/:type/_search',
      { config },
      answer((request) => ofType(options, request)),
    )
    app.get(
      '/fhir/:owner/:id/:type',
      { config },
      answer((request) => inCompartment(options, request)),
    )
    app.post(
      '/fhir/:owner/:id/:type/_search',
      { config },
      answer((request) => inCompartment(options, request)),
    )
  }
}

const formType = 'application/x-www-form-urlencoded'

async function run(
  options: SearchRouteOptions,
  request: FastifyRequest,
  find: (request: FastifyRequest) => Place,
): Promise<SearchAnswer & { readonly interaction: string }> {
  const { path, interaction, ...place } = find(request)
  const context = options.context(request)
  const pairs = pairsOf(request).filter(([name]) => interaction !== 'search-system' || name !== '_type')
  const query = options.parse({ ...place, pairs, handling: handlingOf(request) })
  const call = { access: context.access.read, baseUrl: context.baseUrl, selfUrl: `${context.baseUrl}${path}` }
  return { ...(await options.search.search(query, call)), interaction }
}

function ofType(options: SearchRouteOptions, request: FastifyRequest): Place {
  const { type } = request.params as { readonly type: string }
  return { types: [knownType(options, type)], path: `/${type}`, interaction: 'search-type' }
}

function system(options: SearchRouteOptions, request: FastifyRequest): Place {
  const asked = pairsOf(request)
    .filter(([name]) => name === '_type')
    .flatMap(([, value]) => value.split(','))
  const types = asked.length === 0 ? options.types : [...new Set(asked)].map((type) => typeAsked(options, type))
  const path = asked.length === 0 ? '' : `?_type=${types.join(',')}`
  return { types, path, interaction: 'search-system' }
}

function inCompartment(options: SearchRouteOptions, request: FastifyRequest): Place {
  const { owner, id, type } = request.params as { readonly owner: string; readonly id: string; readonly type: string }
  const members = options.compartmentTypes(owner)
  if (members.length === 0) throw new AppError('not-found', `There is no compartment of ${owner.slice(0, 64)}.`)
  const types = type === '*' ? members : [knownType(options, type)]
  if (!types.every((member) => members.includes(member))) {
    throw new AppError('not-found', `${type} is not part of the ${owner} compartment.`)
  }
  return { types, compartment: { type: owner, id }, path: `/${owner}/${id}/${type}`, interaction: 'search-type' }
}

function knownType(options: SearchRouteOptions, type: string): string {
  if (options.types.includes(type)) return type
  throw new AppError('not-found', `${JSON.stringify(type.slice(0, 64))} is not a resource type of FHIR R4.`)
}

function typeAsked(options: SearchRouteOptions, type: string): string {
  if (options.types.includes(type)) return type
  throw new AppError(
    'invalid-parameter',
    `_type names ${JSON.stringify(type.slice(0, 64))}, which is not a resource type of FHIR R4.`,
  )
}
