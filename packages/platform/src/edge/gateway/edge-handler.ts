// The way of a request through the edge: route → CORS → credential → limits → target.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import type { Clock, Logger, Telemetry } from '../../kernel/ports.ts'
import { type Identity, identify } from './authentication.ts'
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts'
import type { Compiled } from './definitions.ts'
import { endSpan, openSpan } from './edge-span.ts'
import { answerError, type Exchange, openExchange, setHeaders } from './exchange.ts'
import type { Load } from './limits/load-shedding.ts'
import type { LimitOutcome, RateLimits } from './limits/rate-limits.ts'
import type { OwnPages } from './own-pages.ts'
import type { BodyBudget } from './proxy/body-budget.ts'
import { limitKeyOf } from './proxy/client-address.ts'
import { deliver } from './proxy/deliver.ts'
import type { DeliveryParts } from './proxy/delivery-parts.ts'
import { hasBody, limitBody } from './proxy/limited-body.ts'
import type { Refusals } from './refusals.ts'
import { namesOneHost } from './routing/host-header.ts'
import type { Plan } from './routing/plan.ts'
import { aclAdmits, type WindowPlan } from './routing/plugin-plans.ts'
import { parseRequestTarget, type RequestTarget } from './routing/request-target.ts'
import type { RouteRule } from './routing/route-table.ts'
import type { Sessions } from './session/sessions.ts'
import type { Issuers } from './tokens/issuers.ts'
import type { TrafficMetrics } from './traffic-metrics.ts'

/** What the edge needs. */
export interface EdgeParts {
  readonly compiled: () => Compiled
  readonly sessions: Sessions
  readonly issuers: Issuers
  readonly limits: RateLimits
  readonly load: Load
  readonly metrics: TrafficMetrics
  readonly bodies: BodyBudget
  readonly refusals: Refusals
  readonly delivery: DeliveryParts
  readonly pages: OwnPages
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly log: Logger
  readonly trustedProxies: readonly string[]
  /** True while the gateway stops: connections are closed after their answer. */
  readonly isDraining: () => boolean
}

const refusedStatuses: ReadonlySet<number> = new Set([401, 403])

function demand(outcome: LimitOutcome, response: ServerResponse, message: string): void {
  setHeaders(response, outcome.headers)
  if (outcome.isAllowed) return
  const { retryAfterSeconds } = outcome
  throw new AppError('too-many-requests', `${message}; try again in ${retryAfterSeconds} s`, { retryAfterSeconds })
}

function windowKey(plan: WindowPlan, exchange: Exchange, identity: Identity | undefined): string {
  const address = `ip ${limitKeyOf(exchange.client.address)}`
  switch (plan.by) {
    case 'consumer':
      return identity?.limitKey ?? address
    case 'credential':
      return identity?.token?.credential.id ?? address
    case 'ip':
      return address
    case 'service':
      return 'service'
    default:
      return plan.by satisfies never
  }
}

function limitRate(parts: EdgeParts, exchange: Exchange, plan: Plan, identity: Identity | undefined): void {
  const { response, client } = exchange
  const key = identity?.limitKey ?? `ip ${limitKeyOf(client.address)}`
  if (plan.target.kind === 'product') demand(parts.limits.take(key), response, 'Too many requests')
  const own = identity?.token === undefined ? undefined : plan.windowsOf.get(identity.token.consumer.id)
  for (const window of own === undefined ? plan.windows : [own]) {
    demand(parts.limits.count(windowKey(window, exchange, identity), window), response, window.message)
  }
}

async function admit(parts: EdgeParts, exchange: Exchange, plan: Plan): Promise<Identity | undefined> {
  if (!plan.isAuthenticating) return undefined
  const nowSeconds = parts.clock.now().getTime() / 1000
  const { verifier } = parts.compiled()
  const { issuers, sessions } = parts
  try {
    const identity = await identify(exchange, plan, { verifier, issuers, sessions, nowSeconds })
    if (identity !== undefined || !plan.isCredentialRequired) return identity
  } catch (error) {
    // Guessing credentials is counted by address, before the refusal is told.
    if (error instanceof AppError)
      demand(parts.limits.take(`ip ${limitKeyOf(exchange.client.address)}`), exchange.response, 'Too many requests')
    throw error
  }
  demand(parts.limits.take(`ip ${limitKeyOf(exchange.client.address)}`), exchange.response, 'Too many requests')
  throw new AppError('unauthenticated', 'Send a valid credential: Authorization: Bearer <token>', { cause: 'none' })
}

// Who has no consumer is known by what he may do: the roles of a signed-in person are his groups.
function demandGroup({ acl }: Plan, identity: Identity | undefined): void {
  if (acl === undefined) return
  const groups =
    identity?.token === undefined ? (identity?.caller.roles ?? []) : acl.groupsOf(identity.token.consumer.id)
  if (aclAdmits(acl, groups)) return
  throw new AppError('forbidden', 'You cannot consume this service: your groups are not among those that may', {
    cause: 'acl',
  })
}

async function pass(parts: EdgeParts, exchange: Exchange, rule: RouteRule<Plan>): Promise<void> {
  const { request, response } = exchange
  const plan = rule.target
  exchange.found.plan = plan
  if (plan.cors !== undefined && isPreflight(exchange.method, request.headers)) {
    setHeaders(response, preflightHeaders(plan.cors, request.headers))
    response.writeHead(204).end()
    return
  }
  setHeaders(response, corsHeaders(plan.cors, request.headers.origin))
  parts.load.admit(response)
  const identity = await admit(parts, exchange, plan)
  limitRate(parts, exchange, plan, identity)
  demandGroup(plan, identity)
  if (hasBody(request)) {
    const share = parts.bodies.open(response)
    limitBody(request, { maxBytes: plan.maxBodyBytes, isLengthRequired: plan.isLengthRequired, share })
  }
  await deliver({ exchange, plan, identity, prefix: rule.prefix }, parts.delivery)
}

async function refuse(parts: EdgeParts, exchange: Exchange, error: unknown): Promise<void> {
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
    if (parts.isDraining()) exchange.response.setHeader('connection', 'close')
    if (await parts.pages(exchange)) return
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

/** Creates the listener of the gateway's port. */
export function createEdge(parts: EdgeParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const target = parseRequestTarget(request.url ?? '')
    const span = openSpan(parts.telemetry, request, target?.matchPath ?? '')
    const exchange = openExchange(request, response, {
      target: target ?? unreadable,
      span,
      trustedProxies: parts.trustedProxies,
    })
    const startedMs = parts.clock.monotonicMs()
    response.once('close', () => {
      const seconds = (parts.clock.monotonicMs() - startedMs) / 1000
      const { statusCode: status, writableFinished: isComplete } = response
      parts.metrics.answered(exchange.found.plan, { status, isComplete, seconds })
      endSpan(span, exchange)
    })
    const fault = faultOf(request, target)
    if (fault !== undefined) {
      answerError(exchange, new AppError('invalid-request', fault))
      return
    }
    const handled = parts.telemetry.within(span, () => handle(parts, exchange))
    handled.catch((error: unknown) => {
      parts.log.error('edge.failed', { traceId: exchange.traceId, error })
      response.destroy()
    })
  }
}
