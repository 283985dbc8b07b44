// The way of a request through the edge: route → CORS → credential → limits → target.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import type { Logger, Telemetry } from '../../kernel/ports.ts'
import { type AdmissionParts, admit } from './admission.ts'
import type { Identity } from './authentication.ts'
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts'
import { endSpan, openSpan } from './edge-span.ts'
import { answerError, cutOff, type Exchange, openExchange, setHeaders } from './exchange.ts'
import type { Load } from './limits/load-shedding.ts'
import type { OwnPages } from './own-pages.ts'
import type { BodyBudget } from './proxy/body-budget.ts'
import { deliver } from './proxy/deliver.ts'
import type { DeliveryParts } from './proxy/delivery-parts.ts'
import { hasBody, limitBody } from './proxy/limited-body.ts'
import type { Refusals } from './refusals.ts'
import { namesOneHost } from './routing/host-header.ts'
import type { Plan } from './routing/plan.ts'
import { parseRequestTarget, type RequestTarget } from './routing/request-target.ts'
import type { RouteRule } from './routing/route-table.ts'
import type { TrafficMetrics } from './traffic-metrics.ts'

/** What the edge needs. */
export interface EdgeParts extends AdmissionParts {
  readonly load: Load
  readonly metrics: TrafficMetrics
  readonly bodies: BodyBudget
  readonly refusals: Refusals
  readonly delivery: DeliveryParts
  readonly pages: OwnPages
  readonly telemetry: Telemetry
  readonly log: Logger
  readonly trustedProxies: readonly string[]
  /** True while the gateway stops: connections are closed after their answer. */
  readonly isDraining: () => boolean
}

const refusedStatuses: ReadonlySet<number> = new Set([401, 403])

// Only what has to be waited for is: most requests are let in and sent on at once.
function pass(parts: EdgeParts, exchange: Exchange, rule: RouteRule<Plan>): Promise<void> | undefined {
  const { request, response, fields } = exchange
  const plan = rule.target
  exchange.found.plan = plan
  if (plan.cors !== undefined && isPreflight(exchange.method, request.headers)) {
    fields.applyTo(response)
    setHeaders(response, preflightHeaders(plan.cors, request.headers))
    response.writeHead(204).end()
    return undefined
  }
  const cors = corsHeaders(plan.cors, request.headers.origin)
  for (const name in cors) fields.set(name, cors[name] ?? '')
  parts.load.admit(exchange)
  const admitted = admit(parts, exchange, plan)
  const passOn = (identity: Identity | undefined): Promise<void> | undefined => {
    if (hasBody(request)) {
      const share = parts.bodies.open(exchange)
      limitBody(request, { maxBytes: plan.maxBodyBytes, isLengthRequired: plan.isLengthRequired, share })
    }
    return deliver({ exchange, plan, identity, prefix: rule.prefix }, parts.delivery)
  }
  return admitted instanceof Promise ? admitted.then(passOn) : passOn(admitted)
}

/** Answers with an error, and puts a refused access into the trail. */
export async function refuse(parts: EdgeParts, exchange: Exchange, error: unknown): Promise<void> {
  const { log, refusals, metrics } = parts
  const { plan } = exchange.found
  if (plan !== undefined && error instanceof AppError && error.code === 'too-many-requests') metrics.limited(plan)
  if (!(error instanceof AppError) && exchange.response.destroyed) log.debug('edge.gone', { traceId: exchange.traceId })
  else if (!(error instanceof AppError))
    log.error('edge.failed', { traceId: exchange.traceId, method: exchange.method, error })
  else if (refusedStatuses.has(error.status)) {
    const reason = typeof error.cause === 'string' ? `${error.code}: ${error.cause}` : error.code
    const { client, method, target, traceId } = exchange
    await refusals.record({
      caller: undefined,
      address: client.address,
      method,
      path: target.path,
      status: error.status,
      reason,
      traceId,
    })
  } else log.debug('edge.refused', { traceId: exchange.traceId, method: exchange.method, code: error.code })
  answerError(exchange, error)
}

async function handle(parts: EdgeParts, exchange: Exchange): Promise<void> {
  const { method, host, target } = exchange
  try {
    if (parts.isDraining()) exchange.fields.set('connection', 'close')
    const answered = parts.pages(exchange)
    if (answered !== false && (await answered)) return
    const rule = parts.compiled().table.match({ host, method, path: target.matchPath })
    if (rule === undefined) throw new AppError('not-found', 'No route leads from this address to a service')
    await pass(parts, exchange, rule)
  } catch (error) {
    await refuse(parts, exchange, error)
  }
}

function faultOf(
  { rawHeaders, httpVersionMinor }: IncomingMessage,
  target: RequestTarget | undefined,
): string | undefined {
  if (target === undefined) return 'The address has dot segments or escapes that cannot be routed'
  const isOld = httpVersionMinor === 0 // HTTP/1.0 has no duty to name a host
  return isOld || namesOneHost(rawHeaders) ? undefined : 'Send exactly one header Host with a host name'
}

const unreadable = { path: '/', matchPath: '/', query: '' }

/** Opens the exchange of a request: counted and traced; undefined when it was answered, because it can be read in two ways. */
export function openEdgeExchange(
  parts: EdgeParts,
  request: IncomingMessage,
  response: ServerResponse,
): Exchange | undefined {
  const { clock, metrics, telemetry, trustedProxies } = parts
  const target = parseRequestTarget(request.url ?? '')
  const span = openSpan(telemetry, request, target?.matchPath ?? '')
  const exchange = openExchange(request, response, { target: target ?? unreadable, span, trustedProxies })
  const startedMs = clock.monotonicMs()
  response.on('close', () => {
    const seconds = (clock.monotonicMs() - startedMs) / 1000
    const { statusCode: status, writableFinished } = response
    metrics.answered(exchange.found.plan, { status, isComplete: writableFinished || status === 101, seconds })
    endSpan(span, exchange)
    exchange.ending.run()
  })
  const fault = faultOf(request, target)
  if (fault === undefined) return exchange
  answerError(exchange, new AppError('invalid-request', fault))
  return undefined
}

/** Creates the listener of the gateway's port. */
export function createEdge(parts: EdgeParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const exchange = openEdgeExchange(parts, request, response)
    if (exchange === undefined) return
    const handled = parts.telemetry.within(exchange.span, () => handle(parts, exchange))
    handled.catch((error: unknown) => {
      parts.log.error('edge.failed', { traceId: exchange.traceId, error })
      cutOff(exchange)
    })
  }
}
