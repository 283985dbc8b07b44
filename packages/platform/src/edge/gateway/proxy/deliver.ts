// Delivers an admitted request to its target: a handler in this process, instances of the registry, or an upstream's addresses.
import { AppError } from '@xinglin/core/errors'
import type { Identity } from '../authentication.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayExtra } from '../extra.ts'
import type { KongRoute, KongService } from '../kong/entities.ts'
import type { Plan } from '../routing/plan.ts'
import { isUnder, strippedPath } from '../routing/upstream-path.ts'
import { tryOrigins } from './attempts.ts'
import { type Choice, chooseInstances, chooseUpstream, upstreamOf } from './choose-origins.ts'
import type { DeliveryParts } from './delivery-parts.ts'
import { forward, isIdempotent } from './forward.ts'
import { dropEdgeHeaders } from './headers.ts'
import { keptBody } from './kept-body.ts'
import type { Origin } from './origins.ts'
import { consumerHeaders, forwardedHeaders, type Headers, passedHeaders } from './outgoing-headers.ts'

/** An admitted request. */
export interface Admitted {
  readonly exchange: Exchange
  readonly plan: Plan
  readonly identity: Identity | undefined
  /** The route's prefix that matched. */
  readonly prefix: string
}

/** A request as it leaves this process. */
export interface Outgoing {
  readonly choice: Choice
  /** With query. */
  readonly path: string
  readonly headers: Headers
  readonly timeoutMs: number
  /** Whose retry budget it is. */
  readonly service: string
}

// How long a target may say nothing before a request that may be repeated is tried at another one.
const patienceMs = 5000

type Defined = { readonly service: KongService; readonly route: KongRoute }

function pathFor(
  { exchange, prefix }: Admitted,
  service: string,
  defined: Defined | undefined,
  extra: GatewayExtra,
): string {
  const { target } = exchange
  if (defined === undefined) return target.path
  const own = extra.routes.find((route) => route.service === service)?.paths ?? []
  return isUnder(target.matchPath, own)
    ? target.path
    : strippedPath(target.path, prefix, defined.service, defined.route)
}

function deliverLocally(
  admitted: Admitted,
  handler: ReturnType<GatewayExtra['localHandler']> & object,
  path: string,
  extra: GatewayExtra,
): void {
  const { exchange, identity } = admitted
  const { request, response, target } = exchange
  dropEdgeHeaders(request.headers)
  Object.assign(request.headers, forwardedHeaders(exchange))
  request.url = `${path}${target.query}`
  if (identity !== undefined) extra.attachCaller(request, identity.caller)
  handler(request, response)
}

async function toInstances(admitted: Admitted, service: string, path: string, parts: DeliveryParts): Promise<Outgoing> {
  const { exchange, identity } = admitted
  const { extra, timeoutMs } = parts
  const token = identity === undefined ? undefined : await extra.signCaller(identity.caller)
  const headers = {
    ...passedHeaders(exchange),
    'x-xinglin-timeout-ms': String(timeoutMs),
    ...(token === undefined ? {} : { 'x-xinglin-caller': token }),
  }
  return {
    choice: chooseInstances(service, parts),
    path: `${path}${exchange.target.query}`,
    headers,
    timeoutMs,
    service,
  }
}

function toUpstream(admitted: Admitted, { service, route }: Defined, parts: DeliveryParts): Outgoing {
  const { exchange, prefix, identity, plan } = admitted
  if (service.protocol.startsWith('grpc')) {
    throw new AppError('invalid-request', 'Behind this route is gRPC; call it at the gateway’s port for gRPC')
  }
  const authority = service.port === 80 ? service.host : `${service.host}:${service.port}`
  const headers: Headers = {
    ...passedHeaders(exchange),
    ...consumerHeaders(identity, plan),
    'x-forwarded-path': exchange.target.path,
    'x-forwarded-prefix': prefix,
    host: route.preserve_host ? (exchange.request.headers.host ?? authority) : authority,
  }
  return {
    choice: chooseUpstream(service, parts),
    path: `${strippedPath(exchange.target.path, prefix, service, route)}${exchange.target.query}`,
    headers,
    timeoutMs: service.read_timeout,
    service: service.name ?? service.id,
  }
}

/** Says how an admitted request leaves this process; undefined when a handler here takes it. */
export async function outgoingOf(admitted: Admitted, parts: DeliveryParts): Promise<Outgoing | undefined> {
  const { target } = admitted.plan
  if (target.kind === 'upstream') return toUpstream(admitted, target, parts)
  const isHere =
    parts.extra.localHandler(target.service) !== undefined && upstreamOf(target.service, parts) === undefined
  if (isHere) return undefined
  const path = pathFor(admitted, target.service, target.defined, parts.extra)
  return toInstances(admitted, target.service, path, parts)
}

/** The headers for one address: an upstream may ask for a Host of its own. */
export function headersFor({ headers }: Outgoing, { hostHeader }: Origin): Headers {
  return hostHeader === undefined ? headers : { ...headers, host: hostHeader }
}

async function send({ request, response }: Exchange, outgoing: Outgoing, parts: DeliveryParts): Promise<void> {
  const { choice, path, timeoutMs, service } = outgoing
  const { targets, budgets, onRetry } = parts
  const kept = await keptBody(request)
  if (response.destroyed) return
  await tryOrigins(
    choice.origins,
    (origin, mayHold, hasOther) =>
      forward(choice.connections, {
        request,
        response,
        origin: origin.url,
        path,
        headers: headersFor(outgoing, origin),
        kept,
        timeoutMs: hasOther && isIdempotent(request) ? Math.min(timeoutMs, patienceMs) : timeoutMs,
        hasOther,
        mayHold,
        onStatus: (status) => targets.observe(origin.id, { kind: 'answered', status }),
      }),
    { targets, budgets, service, onRetry },
  )
}

/** Delivers a request; resolves when the answer is complete (or is in the hands of a local handler). */
export async function deliver(admitted: Admitted, parts: DeliveryParts): Promise<void> {
  const outgoing = await outgoingOf(admitted, parts)
  if (outgoing !== undefined) return send(admitted.exchange, outgoing, parts)
  const { target } = admitted.plan
  const handler = target.kind === 'product' ? parts.extra.localHandler(target.service) : undefined
  if (handler === undefined || target.kind !== 'product') {
    throw new AppError('unavailable', 'The service has just stopped here; try again shortly', { retryAfterSeconds: 1 })
  }
  deliverLocally(admitted, handler, pathFor(admitted, target.service, target.defined, parts.extra), parts.extra)
}
