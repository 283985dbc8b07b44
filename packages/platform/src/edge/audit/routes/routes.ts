// HTTP of the audit trail: events, state, checkpoints, proofs, verification and erasure.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync } from 'fastify'
import type { Static } from 'typebox'
import type { Audit } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { auditEventOf } from '../events/audit-event.ts'
import { eraseByLaw } from '../events/erase-event.ts'
import { readEvent } from '../events/event-store.ts'
import { type EventSearch, searchEvents } from '../events/search-events.ts'
import { proveConsistency, proveInclusion } from '../proofs/prove.ts'
import { listCheckpoints, trailState } from '../state.ts'
import type { BackgroundVerification } from '../verify/background.ts'
import { guarded } from './guarded.ts'
import * as schemas from './schemas.ts'

/** What the routes need. */
export interface AuditRouteOptions {
  readonly sql: Sql
  readonly audit: Audit
  readonly verification: BackgroundVerification
  readonly publicPem: string
  readonly isRolledBack: () => boolean
}

const fhirJson = 'application/fhir+json; charset=utf-8'
const defaultCheckpoints = 50
// The caller is checked before the request, so that a refusal tells nothing about its form.
const attachValidation = true

function eventRoutes({ sql, audit }: AuditRouteOptions): FastifyPluginAsync {
  const search = guarded(audit, { action: 'E', interaction: 'search-type' }, async (request, reply) => {
    const query = request.query as EventSearch
    const body = await searchEvents(sql, query)
    reply.type(fhirJson)
    return { body, entry: query.patient === undefined ? {} : { patients: [query.patient.replace(/^Patient\//, '')] } }
  })
  const read = guarded(audit, { action: 'R', interaction: 'read' }, async (request, reply) => {
    const { id } = request.params as Static<typeof schemas.EventAddress>
    const event = await readEvent(sql, id)
    if (event === undefined) throw new AppError('not-found', `There is no audit event ${id}`)
    if (event === 'erased') throw new AppError('deleted', `The audit event ${id} was erased by law`)
    reply.type(fhirJson)
    return { body: auditEventOf(event), entry: { entities: [`AuditEvent/${id}`] } }
  })
  const erase = guarded(audit, { action: 'D', interaction: 'erase', roles: ['admin'] }, async (request) => {
    const { id } = request.params as Static<typeof schemas.EventAddress>
    const { reason } = request.body as Static<typeof schemas.ErasureBody>
    await eraseByLaw(sql, audit, { eventId: id, reason, caller: request.caller, traceId: request.traceId })
    return { body: { id: String(id), erased: true }, isRecorded: true }
  })
  return async (app) => {
    app.get('/audit/events', { attachValidation, schema: { querystring: schemas.EventQuery } }, search)
    const address = { params: schemas.EventAddress, querystring: schemas.NoQuery }
    app.get('/audit/events/:id', { attachValidation, schema: address }, read)
    const erasure = { ...address, body: schemas.ErasureBody }
    app.post('/audit/events/:id/$erase', { attachValidation, schema: erasure, bodyLimit: 4096 }, erase)
  }
}

function proofRoutes({ sql, audit }: AuditRouteOptions): FastifyPluginAsync {
  const inclusion = guarded(audit, { action: 'R', interaction: 'audit-proof' }, async (request) => {
    const { seq, size } = request.query as Static<typeof schemas.InclusionQuery>
    return { body: await proveInclusion(sql, seq, size) }
  })
  const consistency = guarded(audit, { action: 'R', interaction: 'audit-proof' }, async (request) => {
    const { from, to } = request.query as Static<typeof schemas.ConsistencyQuery>
    return { body: await proveConsistency(sql, from, to) }
  })
  return async (app) => {
    app.get('/audit/proof/inclusion', { attachValidation, schema: { querystring: schemas.InclusionQuery } }, inclusion)
    const schema = { querystring: schemas.ConsistencyQuery }
    app.get('/audit/proof/consistency', { attachValidation, schema }, consistency)
  }
}

function stateRoutes(options: AuditRouteOptions): FastifyPluginAsync {
  const { sql, audit, verification, publicPem, isRolledBack } = options
  const state = guarded(audit, { action: 'R', interaction: 'audit-state' }, async () => {
    const verified = verification.status()
    return {
      body: { ...(await trailState(sql)), isRolledBack: isRolledBack(), publicKey: publicPem, verification: verified },
    }
  })
  const checkpoints = guarded(audit, { action: 'R', interaction: 'audit-checkpoints' }, async (request) => {
    const { _count: count = defaultCheckpoints, before } = request.query as Static<typeof schemas.CheckpointQuery>
    const found = await listCheckpoints(sql, { count: count + 1, ...(before === undefined ? {} : { before }) })
    const page = found.slice(0, count)
    const last = page.at(-1)
    const next =
      found.length > count && last !== undefined
        ? `/audit/checkpoints?_count=${count}&before=${last.number}`
        : undefined
    return { body: { publicKey: publicPem, checkpoints: page, ...(next === undefined ? {} : { next }) } }
  })
  const verify = guarded(audit, { action: 'E', interaction: 'audit-verify' }, async () => ({
    body: verification.start(),
    status: 202,
  }))
  const verified = guarded(audit, { action: 'R', interaction: 'audit-verify' }, async () => ({
    body: verification.status(),
  }))
  return async (app) => {
    const plain = { attachValidation, schema: { querystring: schemas.NoQuery } }
    app.get('/audit/state', plain, state)
    app.get('/audit/checkpoints', { attachValidation, schema: { querystring: schemas.CheckpointQuery } }, checkpoints)
    app.post('/audit/verify', plain, verify)
    app.get('/audit/verify', plain, verified)
  }
}

/** The routes under `/audit`. */
export function auditRoutes(options: AuditRouteOptions): FastifyPluginAsync {
  return async (app) => {
    await app.register(eventRoutes(options))
    await app.register(proofRoutes(options))
    await app.register(stateRoutes(options))
  }
}
