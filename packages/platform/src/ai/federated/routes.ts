// HTTP of federated learning: set up, start, cancel and watch federations.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import {
  type Asker,
  addSite,
  cancelFederation,
  createFederation,
  type FederationParts,
  startFederation,
  viewFederation,
  viewRounds,
} from './federations.ts'
import type { Feed } from './feed.ts'
import { sentenceOf } from './feed-sentence.ts'
import { demandRole, guarded, readers, writers } from './guarded.ts'
import { planOf } from './plan.ts'
import { listEvents } from './round-store.ts'
import * as schemas from './schemas.ts'
import { listFederations } from './store.ts'

/** What the routes need. */
export interface FederatedRouteOptions extends FederationParts {
  readonly feed: Feed
  readonly flower: () => FlowerAddress
}

/** Where and how Flower clients join this server. */
export interface FlowerAddress {
  readonly host: string
  readonly port: number
  /** Whether clients without a token are let in. */
  readonly isOpen: boolean
  readonly isEncrypted: boolean
}

const base = '/api/v1/federations'
const attachValidation = true
const bodyLimit = 65_536
const plain = { attachValidation, schema: { params: schemas.FederationAddress, querystring: schemas.NoQuery } }

const askerOf = ({ caller, traceId }: FastifyRequest): Asker => ({ caller, traceId })
const idOf = (request: FastifyRequest): string => (request.params as Static<typeof schemas.FederationAddress>).id

function managing(parts: FederatedRouteOptions): FastifyPluginAsync {
  const list = guarded(readers, async (request) => {
    const { _count: count = 50, before } = request.query as Static<typeof schemas.FederationQuery>
    const found = await listFederations(parts.sql, { count: count + 1, before })
    const federations = found.slice(0, count)
    const last = federations.at(-1)
    const flower = parts.flower()
    if (found.length <= count || last === undefined) return { federations, flower }
    return { federations, flower, next: `${base}?_count=${count}&before=${last.id}` }
  })
  const create = async (request: FastifyRequest, reply: FastifyReply) => {
    demandRole(request, writers)
    const body = request.body as Static<typeof schemas.FederationBody>
    const made = await createFederation(parts, { name: body.name, plan: planOf(body) }, askerOf(request))
    reply.code(201).header('location', `${base}/${made.id}`)
    return { ...made, flower: parts.flower() }
  }
  const add = async (request: FastifyRequest, reply: FastifyReply) => {
    demandRole(request, writers)
    const { name } = request.body as Static<typeof schemas.SiteBody>
    const site = await addSite(parts, { federation: idOf(request), name }, askerOf(request))
    reply.code(201)
    return site
  }
  const start = guarded(writers, (request) => startFederation(parts, idOf(request), askerOf(request)))
  const cancel = guarded(writers, (request) => cancelFederation(parts, idOf(request), askerOf(request)))
  return async (app) => {
    app.get(base, { attachValidation, schema: { querystring: schemas.FederationQuery } }, list)
    const creation = { body: schemas.FederationBody, querystring: schemas.NoQuery }
    app.post(base, { attachValidation, bodyLimit, schema: creation }, create)
    app.get(
      `${base}/:id`,
      plain,
      guarded(readers, async (request) => ({
        ...(await viewFederation(parts.sql, idOf(request))),
        flower: parts.flower(),
      })),
    )
    const addition = { ...plain.schema, body: schemas.SiteBody }
    app.post(`${base}/:id/sites`, { attachValidation, bodyLimit, schema: addition }, add)
    app.post(`${base}/:id/start`, plain, start)
    app.post(`${base}/:id/cancel`, plain, cancel)
  }
}

function lastEventOf(request: FastifyRequest): number {
  const { after } = request.query as Static<typeof schemas.EventQuery>
  const header = Number(request.headers['last-event-id'] ?? Number.NaN)
  return Number.isSafeInteger(header) && header >= 0 ? header : (after ?? 0)
}

function watching({ sql, feed }: FederatedRouteOptions): FastifyPluginAsync {
  const rounds = guarded(readers, (request) => {
    const { _count: count = 100, after = -1 } = request.query as Static<typeof schemas.RoundQuery>
    return viewRounds(sql, idOf(request), { after, count })
  })
  // A reader that accepts server-sent events gets the feed as it happens; others a page of it.
  const events = async (request: FastifyRequest, reply: FastifyReply) => {
    demandRole(request, readers)
    const id = idOf(request)
    await viewFederation(sql, id)
    const after = lastEventOf(request)
    if ((request.headers.accept ?? '').includes('text/event-stream')) {
      await feed.stream(reply, id, after)
      return
    }
    const { _count: count = 200 } = request.query as Static<typeof schemas.EventQuery>
    const found = await listEvents(sql, id, { after, count: count + 1 })
    const page = found.slice(0, count).map((event) => ({ ...event, sentence: sentenceOf(event) }))
    const last = page.at(-1)
    const next =
      found.length > count && last !== undefined ? `${base}/${id}/events?_count=${count}&after=${last.id}` : undefined
    return { events: page, ...(next === undefined ? {} : { next }) }
  }
  return async (app) => {
    const params = schemas.FederationAddress
    app.get(`${base}/:id/rounds`, { attachValidation, schema: { params, querystring: schemas.RoundQuery } }, rounds)
    app.get(`${base}/:id/events`, { attachValidation, schema: { params, querystring: schemas.EventQuery } }, events)
  }
}

/** The routes under `/api/v1/federations`. */
export function federatedRoutes(options: FederatedRouteOptions): FastifyPluginAsync {
  return async (app) => {
    await app.register(managing(options))
    await app.register(watching(options))
  }
}
