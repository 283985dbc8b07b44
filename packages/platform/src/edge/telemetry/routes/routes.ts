// HTTP of the trace page, and of OTLP from the other processes of a split system.
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import type { Role } from '../../../kernel/caller.ts'
import type { Clock } from '../../../kernel/ports.ts'
import type {} from '../../../kernel/service.ts'
import type { Queryable } from '../../../kernel/sql.ts'
import type { Intake } from '../receiver/intake.ts'
import { bodyLimits, contentTypes, encodingOf, plainBody } from '../receiver/otlp-request.ts'
import { takeMetrics, takeTraces } from '../receiver/take.ts'
import type { KeptSpan } from '../store/kept-span.ts'
import { listTraces, readTrace, serviceFigures, type TraceFilter } from '../store/trace-store.ts'
import * as schemas from './schemas.ts'

/** What the routes need. */
export interface TelemetryRouteOptions {
  readonly sql: Queryable
  readonly clock: Clock
  readonly intake: Intake
  /** Writes down what this process still holds, so that a trace is seen as soon as its request is answered. */
  readonly flush: () => Promise<void>
}

/** Roles that may look at traces. */
export const readers: readonly Role[] = Object.freeze(['operator', 'admin', 'compliance', 'system'])

const defaultLimit = 50
const defaultMinutes = 15
const figuresSample = 20_000
const msPerMinute = 60_000
const maxShownSpans = 2000

const micros = (ms: number): number => Math.round(ms * 1000) / 1000

function checkCaller({ caller }: FastifyRequest, roles: readonly Role[] = readers): void {
  const isNarrowed = caller.scopes.length > 0 && !caller.scopes.some((scope) => scope.startsWith('system/'))
  if (!isNarrowed && caller.roles.some((role) => roles.includes(role))) return
  throw new AppError('forbidden', `Traces are open to the roles ${roles.join(', ')} only`)
}

function filterOf(query: Static<typeof schemas.TraceQuery>): TraceFilter {
  const [started = '', traceId = ''] = query.cursor?.split('_') ?? []
  if (query.cursor !== undefined && Number.isNaN(Date.parse(started))) {
    throw new AppError('invalid-parameter', 'The parameter cursor is not one that a list gave out')
  }
  return {
    service: query.service,
    name: query.name,
    minMs: query.minMs,
    isFailed: query.failed,
    from: query.from === undefined ? undefined : new Date(query.from),
    to: query.to === undefined ? undefined : new Date(query.to),
    after: query.cursor === undefined ? undefined : { started, traceId },
    limit: query.limit ?? defaultLimit,
  }
}

function spanBody(span: KeptSpan, firstMs: number) {
  const { spanId, parentId, service, name, kind, failure, attributes } = span
  return {
    spanId,
    ...(parentId === '' ? {} : { parentId }),
    ...{ service, name, kind },
    startMs: micros(span.startMs - firstMs),
    durationMs: micros(span.endMs - span.startMs),
    ...(failure === undefined ? {} : { failure }),
    attributes: attributes.flatMap((key, at) =>
      at % 2 === 0 ? [{ name: String(key), value: attributes[at + 1] ?? '' }] : [],
    ),
  }
}

function traceBody(traceId: string, spans: readonly KeptSpan[]): Static<typeof schemas.TraceBody> {
  const firstMs = spans[0]?.startMs ?? 0
  const lastMs = spans.reduce((latest, { endMs }) => Math.max(latest, endMs), firstMs)
  return {
    traceId,
    started: new Date(firstMs).toISOString(),
    durationMs: micros(lastMs - firstMs),
    isCut: spans.length > maxShownSpans,
    spans: spans.slice(0, maxShownSpans).map((span) => spanBody(span, firstMs)),
  }
}

function addPages(app: FastifyInstance, { sql, clock, flush }: TelemetryRouteOptions): void {
  const config = { isQuiet: true } // looking at traces leaves none
  const listSchema = { querystring: schemas.TraceQuery, response: { 200: schemas.TracePageBody } }
  app.get('/telemetry/traces', { config, schema: listSchema }, async (request) => {
    checkCaller(request)
    await flush()
    const { traces, next } = await listTraces(sql, filterOf(request.query as Static<typeof schemas.TraceQuery>))
    return { traces, ...(next === undefined ? {} : { next: `${next.started}_${next.traceId}` }) }
  })
  const oneSchema = { params: schemas.TraceAddress, querystring: schemas.NoQuery, response: { 200: schemas.TraceBody } }
  app.get('/telemetry/traces/:traceId', { config, schema: oneSchema }, async (request) => {
    checkCaller(request)
    await flush()
    const { traceId } = request.params as Static<typeof schemas.TraceAddress>
    const spans = await readTrace(sql, traceId)
    if (spans.length > 0) return traceBody(traceId, spans)
    throw new AppError('not-found', `No span of the trace ${traceId} is kept: it was not sampled, or is too old`)
  })
  const figuresSchema = { querystring: schemas.ServicesQuery, response: { 200: schemas.ServicesBody } }
  app.get('/telemetry/services', { config, schema: figuresSchema }, async (request) => {
    checkCaller(request)
    await flush()
    const { minutes = defaultMinutes } = request.query as Static<typeof schemas.ServicesQuery>
    const since = new Date(clock.now().getTime() - minutes * msPerMinute)
    return { minutes, services: await serviceFigures(sql, since, figuresSample) }
  })
}

// The kernel's application takes no compressed bodies, and processes of one system need none.
function addIntake(app: FastifyInstance, intake: Intake): void {
  app.addContentTypeParser(contentTypes.protobuf, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  const options = { bodyLimit: bodyLimits.sentBytes, config: { isQuiet: true } }
  app.post('/v1/traces', options, async (request, reply) => {
    checkCaller(request, ['system'])
    const encoding = encodingOf(request.headers['content-type'])
    const body = await plainBody(request.body as Buffer, undefined)
    reply.type(contentTypes[encoding])
    return takeTraces(intake, body, encoding)
  })
  app.post('/v1/metrics', options, async (request, reply) => {
    checkCaller(request, ['system'])
    const encoding = encodingOf(request.headers['content-type'])
    const body = await plainBody(request.body as Buffer, undefined)
    reply.type(contentTypes[encoding])
    return takeMetrics(intake, body, encoding)
  })
}

/** The routes. */
export function telemetryRoutes(options: TelemetryRouteOptions): FastifyPluginAsync {
  return async (app) => {
    addPages(app, options)
    await app.register(async (inner) => {
      inner.removeAllContentTypeParsers() // JSON too comes as the bytes that were sent
      inner.addContentTypeParser(contentTypes.json, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
      addIntake(inner, options.intake)
    })
  }
}
