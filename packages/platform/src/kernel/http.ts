// One service's HTTP: Fastify with the caller, trace, deadline, limits, strict schemas, errors, health and access log of the house.
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type RouteOptions } from 'fastify'
import { createRouteTable, type RouteTable } from './allowed-methods.ts'
import { createAnswerBudget } from './answer-budget.ts'
import { attachedCaller } from './attached-caller.ts'
import { isCompressed, textOf } from './body-text.ts'
import type { Caller } from './caller.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { fromFramework } from './framework-errors.ts'
import { callerHeader } from './internal-token.ts'
import type { Clock, Logger, Span, Telemetry } from './ports.ts'
import { type ErrorStyle, errorAnswer, isServerFault } from './problem.ts'
import { closedSchema, coerceParameters, type ParametersSchema } from './query-coercion.ts'
import { createRequestSpans, isQuiet, routeOf } from './request-span.ts'
import type { ReadinessReasons, RunningService } from './service.ts'
import { noTelemetry } from './telemetry/index.ts'
import { newTraceId } from './trace.ts'

/** Limits of a service; a route may set its own `bodyLimit` and `handlerTimeout`. */
export interface HttpLimits {
  readonly bodyBytes: number
  readonly urlBytes: number
  readonly requestMs: number
  /** Characters of all large answers under way together. */
  readonly answersCharacters: number
}

/** Limits where a service names none. */
export const defaultHttpLimits: HttpLimits = Object.freeze({
  bodyBytes: 1_048_576,
  urlBytes: 16_384,
  requestMs: 30_000,
  answersCharacters: 256_000_000,
})

/** What {@link buildServiceApp} needs. */
export interface ServiceAppOptions {
  readonly service: string
  readonly running: Pick<RunningService, 'routes' | 'ready'>
  /** Verifies the internal token of the header `x-xinglin-caller`; throws AppError when it is not valid. */
  readonly verifyCaller: (token: string) => Caller
  readonly log: Logger
  readonly clock: Clock
  /** Default: none. */
  readonly telemetry?: Telemetry
  readonly limits?: Partial<HttpLimits>
}

/** Header with the milliseconds that the calling service will still wait. */
export const timeoutHeader = 'x-xinglin-timeout-ms'

// The deadline fires a little before the framework answers 504 for a handler that did not notice it.
const deadlineGraceMs = 500
const maxParameterLength = 2048
const readyLimitMs = 2000

interface RequestState {
  readonly startedMs: number
  readonly span: Span
  readonly response: FastifyReply['raw']
  held: Deadline | undefined
}

const stateKey = Symbol('xinglin.request')

const stateOf = (request: FastifyRequest): RequestState | undefined =>
  (request as FastifyRequest & { readonly [stateKey]?: RequestState })[stateKey]

function styleOf(request: FastifyRequest): ErrorStyle {
  return request.routeOptions?.config?.errors ?? (/^\/fhir(?=[/?]|$)/.test(request.url) ? 'fhir' : 'problem')
}

function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

function identify(request: FastifyRequest, options: ServiceAppOptions): Caller | undefined {
  const attached = attachedCaller(request.raw)
  if (attached !== undefined) return attached
  const token = request.headers[callerHeader]
  return typeof token === 'string' ? options.verifyCaller(token) : undefined
}

function deadlineOf(request: FastifyRequest, clock: Clock): AbortSignal {
  const state = stateOf(request)
  if (state === undefined) throw new Error('The deadline was asked for before the request had begun')
  const limitMs = request.routeOptions.handlerTimeout - deadlineGraceMs
  const askedMs = Number(request.headers[timeoutHeader] ?? limitMs)
  const allowedMs = askedMs > 0 ? Math.min(limitMs, askedMs) : limitMs
  state.held ??= startDeadline(state.response, state.startedMs + allowedMs - clock.monotonicMs())
  return state.held.signal
}

function addRequestHooks(app: FastifyInstance, options: ServiceAppOptions, limits: HttpLimits): void {
  const { clock, log, service, telemetry = noTelemetry } = options
  const spans = createRequestSpans(service, telemetry, noTelemetry)
  app.decorateRequest('traceId', '')
  app.decorateRequest('caller', null as unknown as Caller) // onRequest sets it before any handler runs
  app.decorateRequest(stateKey, null)
  app.decorateRequest('deadline', {
    getter(this: FastifyRequest) {
      return deadlineOf(this, clock)
    },
  })
  app.addHook('onRequest', (request, reply, done) => {
    const span = spans.open(request)
    request.traceId = span.traceId
    // What is about a person stays in no cache, neither on the way nor on a shared workstation; routes may say otherwise.
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
    request.setDecorator(stateKey, { startedMs: clock.monotonicMs(), span, response: reply.raw, held: undefined })
    if (request.url.length > limits.urlBytes) {
      return done(new AppError('header-too-large', `The address is longer than ${limits.urlBytes} bytes`))
    }
    if (isCompressed(request.headers['content-encoding'])) {
      return done(
        new AppError('unsupported-media-type', 'Send the body as it is: Content-Encoding is not decoded here'),
      )
    }
    const isPublic = request.routeOptions.config?.public === true
    const caller = identify(request, options)
    if (caller !== undefined) request.caller = caller
    else if (!isPublic) return done(new AppError('unauthenticated', 'Send a valid credential to the gateway'))
    telemetry.within(span, done)
  })
  // A body arrives outside the flow that the request began in.
  app.addHook('preValidation', (request, _reply, done) => telemetry.within(stateOf(request)?.span, done))
  const answers = createAnswerBudget(limits.answersCharacters)
  app.addHook('onSend', (_request, reply, payload, done) => {
    try {
      if (typeof payload === 'string') answers.take(reply.raw, payload.length)
      done(null, payload)
    } catch (error) {
      done(error as Error) // it throws nothing else
    }
  })
  app.addHook('onResponse', (request, reply, done) => {
    const state = stateOf(request)
    state?.held?.release()
    const route = routeOf(request)
    const fields = { service, method: request.method, route, status: reply.statusCode, traceId: request.traceId }
    const ms = Math.round((clock.monotonicMs() - (state?.startedMs ?? clock.monotonicMs())) * 100) / 100
    if (state !== undefined) spans.close(request, { span: state.span, status: reply.statusCode, ms })
    if (isQuiet(request)) log.debug('http.request', { ...fields, ms })
    else log.info('http.request', { ...fields, ms })
    done()
  })
}

// Fastify's own parser, fed with text that was checked to be text.
function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) =>
    parse(request, textOf(body), done),
  )
}

// Schemas refuse what they do not name; text of queries and paths takes the declared type before.
function addStrictSchemas(app: FastifyInstance, table: RouteTable): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    table.add(route.url, [route.method].flat())
    if (route.schema === undefined) return
    const { body, querystring, params } = route.schema
    route.schema = {
      ...route.schema,
      ...(body === undefined ? {} : { body: closedSchema(body) }),
      ...(querystring === undefined ? {} : { querystring: closedSchema(querystring) }),
    }
    if (querystring === undefined && params === undefined) return
    const coerceBoth = (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
      if (querystring !== undefined) request.query = coerceParameters(querystring as ParametersSchema, request.query)
      if (params !== undefined) request.params = coerceParameters(params as ParametersSchema, request.params)
      done()
    }
    route.preValidation = [coerceBoth, ...[route.preValidation ?? []].flat()]
  })
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, options: ServiceAppOptions): void {
  const whenInvalid: ErrorCode = request.routeOptions?.config?.whenInvalid ?? 'invalid-request'
  const signal = stateOf(request)?.held?.signal
  const isLate = signal?.aborted === true && !(error instanceof AppError)
  const translated = isLate ? signal.reason : fromFramework(error, whenInvalid)
  const traceId = request.traceId === '' ? newTraceId() : request.traceId
  if (isServerFault(translated)) {
    const { service, log } = options
    stateOf(request)?.span.fail(error)
    log.error('http.failed', { service, method: request.method, route: request.routeOptions?.url, traceId, error })
  }
  const answer = errorAnswer(translated, { style: styleOf(request), traceId, instance: pathOf(request.url) })
  reply.code(answer.status).headers(answer.headers).send(answer.body)
}

function addErrors(app: FastifyInstance, options: ServiceAppOptions, table: RouteTable): void {
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, options))
  app.setNotFoundHandler((request, reply) => {
    const methods = table.methodsAt(pathOf(request.url))
    if (methods.length === 0) {
      throw new AppError('not-found', `Nothing is known under ${pathOf(request.url).slice(0, 200)}`)
    }
    reply.header('allow', methods.join(', '))
    throw new AppError('method-not-allowed', `This address takes ${methods.join(', ')}, not ${request.method}`)
  })
}

async function readiness(options: ServiceAppOptions): Promise<ReadinessReasons> {
  if (options.running.ready === undefined) return []
  const late = new Promise<ReadinessReasons>((resolve) => {
    setTimeout(resolve, readyLimitMs, [
      `${options.service} did not say within ${readyLimitMs} ms whether it is ready`,
    ]).unref()
  })
  const asked = options.running.ready().catch((error: unknown) => {
    options.log.warn('health.failed', { service: options.service, error })
    return [error instanceof AppError ? error.message : `${options.service} could not check itself`]
  })
  return Promise.race([asked, late])
}

function addHealth(app: FastifyInstance, options: ServiceAppOptions): void {
  const { service, telemetry = noTelemetry } = options
  const config = { public: true, isQuiet: true }
  app.get('/metrics', { config }, async (_request, reply) => {
    const { contentType, text } = await telemetry.metrics.exposition()
    return reply.type(contentType).send(text)
  })
  app.get('/health/live', { config }, () => ({ status: 'live', service }))
  const answer = async (_request: FastifyRequest, reply: FastifyReply) => {
    const reasons = await readiness(options)
    if (reasons.length > 0) reply.code(503).header('retry-after', '1')
    return { status: reasons.length === 0 ? 'ready' : 'unready', service, reasons }
  }
  app.get('/health/ready', { config }, answer)
  // What checks ask that were written for other servers.
  app.get('/health', { config }, answer)
}

/**
 * Builds the Fastify application of one service. Call `app.ready()`, then hand it requests with `app.routing(req, res)`
 * (in the gateway's process) or let it listen.
 */
export function buildServiceApp(options: ServiceAppOptions): FastifyInstance {
  const limits = { ...defaultHttpLimits, ...options.limits }
  const table = createRouteTable()
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    handlerTimeout: limits.requestMs + deadlineGraceMs,
    requestTimeout: 0, // large imports arrive slowly; idle sockets are cut by the server's own timeouts
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: maxParameterLength, ignoreTrailingSlash: true },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: false } },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply as FastifyReply, options),
  })
  app.decorate('routeList', () => table.all())
  addJsonParser(app)
  addRequestHooks(app, options, limits)
  addStrictSchemas(app, table)
  addErrors(app, options, table)
  addHealth(app, options)
  if (options.running.routes !== undefined) app.register(options.running.routes)
  return app
}
