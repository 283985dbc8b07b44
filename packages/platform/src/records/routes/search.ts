// HTTP of search: by type, over several types, in a compartment, by GET and by POST _search.
import type { SearchQuery } from '@xinglin/core/fhir/search'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Audit } from '../../kernel/ports.ts'
import type { SearchAnswer } from '../search/engine.ts'
import { compartmentPlace, type SearchPlace, systemPlace, typePlace } from '../search/places.ts'
import type { Search } from '../search/search.ts'
import type { RecordContext } from '../types.ts'
import { audited } from './audited.ts'
import { fhirJson, takeAsText } from './fhir-json.ts'
import { type Wishes, wishesOf, written } from './negotiation.ts'
import { formOf, type Handling, handlingOf, type Pairs, pairsOf } from './search-request.ts'

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
  readonly parse: (text: SearchText) => SearchQuery
  readonly context: (request: FastifyRequest) => RecordContext
}

/** Routes under the FHIR base. */
export function searchRoutes(options: SearchRouteOptions): FastifyPluginAsync {
  const answer =
    (find: (request: FastifyRequest) => SearchPlace) => async (request: FastifyRequest, reply: FastifyReply) => {
      const { bundle, wishes } = await audited(request, options.audit, () => run(options, request, find))
      return await reply.type(fhirJson).send(written(bundle, wishes))
    }
  const config = { errors: 'fhir' } as const
  return async (app) => {
    if (!app.hasContentTypeParser(formType)) takeAsText(app, formType)
    app.get('/fhir', { config }, answer(system))
    app.post('/fhir/_search', { config }, answer(system))
    app.get('/fhir/:type', { config }, answer(ofType))
    app.post('/fhir/:type/_search', { config }, answer(ofType))
    app.get('/fhir/:owner/:id/:type', { config }, answer(inCompartment))
    app.post('/fhir/:owner/:id/:type/_search', { config }, answer(inCompartment))
  }
}

const formType = 'application/x-www-form-urlencoded'

async function run(
  options: SearchRouteOptions,
  request: FastifyRequest,
  find: (request: FastifyRequest) => SearchPlace,
): Promise<SearchAnswer & { readonly interaction: string; readonly wishes: Wishes }> {
  const wishes = wishesOf(request, formOf(request))
  const { path, interaction, ...place } = find(request)
  const context = options.context(request)
  const pairs = wishes.pairs.filter(([name]) => interaction !== 'search-system' || name !== '_type')
  const query = options.parse({ ...place, pairs, handling: handlingOf(request) })
  const call = {
    access: context.access.read,
    holder: context.caller.subject,
    baseUrl: context.baseUrl,
    selfUrl: `${context.baseUrl}${path}`,
  }
  return { ...(await options.search.search(query, call)), interaction, wishes }
}

function ofType(request: FastifyRequest): SearchPlace {
  return typePlace((request.params as { readonly type: string }).type)
}

function system(request: FastifyRequest): SearchPlace {
  return systemPlace(pairsOf(request.url, formOf(request)))
}

function inCompartment(request: FastifyRequest): SearchPlace {
  const { owner, id, type } = request.params as { readonly owner: string; readonly id: string; readonly type: string }
  return compartmentPlace(owner, id, type)
}
