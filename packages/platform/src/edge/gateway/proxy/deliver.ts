// Delivers an admitted request to its target: a handler in this process, instances of the registry, or an upstream's addresses.
import { AppError } from '@xinglin/core/errors'
import type { Identity } from '../authentication.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayExtra } from '../extra.ts'
import type { Fields } from '../http1/index.ts'
import type { KongRoute, KongService } from '../kong/entities.ts'
import type { Plan } from '../routing/plan.ts'
import { isUnder, strippedPath } from '../routing/upstream-path.ts'
import { type Attempt, tryOrigins } from './attempts.ts'
import { type Choice, chooseInstances, chooseUpstream, upstreamOf } from './choose-origins.ts'
import type { DeliveryParts } from './delivery-parts.ts'
import { forward, isIdempotent } from './forward.ts'
import { dropEdgeHeaders } from './headers.ts'
import { keptBody } from './kept-body.ts'
import { hasBody } from './limited-body.ts'
import { hostInUrl, type Origin } from './origins.ts'
import { consumerFields, forwardedHeaders, passedFields } from './outgoing-headers.ts'

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
  /** Names and values in turn; Host first, whose value is left to {@link fieldsFor}. */
  readonly fields: string[]
  /** The Host. */
  readonly host: string
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
  exchange.fields.applyTo(response)
  dropEdgeHeaders(request.headers)
  Object.assign(request.headers, forwardedHeaders(exchange))
  request.url = `${path}${target.query}`
  if (identity !== undefined) extra.attachCaller(request, identity.caller)
  handler(request, response)
}

function instancesWay(admitted: Admitted, path: string, token: string | undefined, parts: DeliveryParts): Outgoing {
  const { exchange, plan } = admitted
  const { timeoutMs } = parts
  const fields = passedFields(exchange)
  fields.push('x-xinglin-timeout-ms', String(timeoutMs))
  if (token !== undefined) fields.push('x-xinglin-caller', token)
  return {
    choice: chooseInstances(plan.service, parts),
    path: `${path}${exchange.target.query}`,
    fields,
    host: exchange.request.headers.host ?? '',
    timeoutMs,
    service: plan.service,
  }
}

function toUpstream(admitted: Admitted, { service, route }: Defined, parts: DeliveryParts): Outgoing {
  const { exchange, prefix, identity, plan } = admitted
  if (service.protocol.startsWith('grpc')) {
    throw new AppError('invalid-request', 'Behind this route is gRPC; call it at the gateway’s port for gRPC')
  }
  const host = hostInUrl(service.host)
  const authority = service.port === 80 ? host : `${host}:${service.port}`
  const fields = passedFields(exchange)
  for (const text of consumerFields(identity, plan)) fields.push(text)
  fields.push('x-forwarded-path', exchange.target.path, 'x-forwarded-prefix', prefix)
  return {
    choice: chooseUpstream(service, parts),
    path: `${strippedPath(exchange.target.path, prefix, service, route)}${exchange.target.query}`,
    fields,
    host: route.preserve_host ? (exchange.request.headers.host ?? authority) : authority,
    timeoutMs: service.read_timeout,
    service: service.name ?? service.id,
  }
}

type Leaving = Outgoing | undefined

/** Says how an admitted request leaves this process; undefined when a handler here takes it. A promise where it has to be signed. */
export function outgoingOf(admitted: Admitted, parts: DeliveryParts): Leaving | Promise<Leaving> {
  const { target } = admitted.plan
  const { extra } = parts
  if (target.kind === 'upstream') return toUpstream(admitted, target, parts)
  if (extra.localHandler(target.service) !== undefined && upstreamOf(target.service, parts) === undefined)
    return undefined
  const path = pathFor(admitted, target.service, target.defined, extra)
  const signed = admitted.identity === undefined ? undefined : extra.signCaller(admitted.identity.caller)
  return signed instanceof Promise
    ? signed.then((token) => instancesWay(admitted, path, token, parts))
    : instancesWay(admitted, path, signed, parts)
}

/** The headers for one address, in the one list that the request has: each address may want a Host of its own. */
export function fieldsFor({ fields, host }: Outgoing, { hostHeader = host }: Origin): Fields {
  fields[1] = hostHeader
  return fields
}

function sendKept(
  exchange: Exchange,
  outgoing: Outgoing,
  parts: DeliveryParts,
  kept: Buffer | undefined,
): Promise<void> {
  const { request, response, fields, ending } = exchange
  const { choice, path, timeoutMs, service } = outgoing
  const { targets, budgets, onRetry } = parts
  const attempt: Attempt = (origin, mayHold, hasOther) =>
    forward(choice.connections, {
      ...{ request, response, ending, kept, hasOther, mayHold, path },
      edgeFields: fields,
      origin: origin.url,
      fields: fieldsFor(outgoing, origin),
      timeoutMs: hasOther && isIdempotent(request) ? Math.min(timeoutMs, patienceMs) : timeoutMs,
      onStatus: (status) => targets.observe(origin.id, { kind: 'answered', status }),
    })
  return tryOrigins(choice.origins, attempt, { targets, budgets, service, onRetry })
}

async function sendWithBody(exchange: Exchange, outgoing: Outgoing, parts: DeliveryParts): Promise<void> {
  const kept = await keptBody(exchange.request)
  if (!exchange.response.destroyed) await sendKept(exchange, outgoing, parts, kept)
}

/** Delivers a request; resolves when the answer is complete, and is undefined when it is in the hands of a local handler. */
export function deliver(admitted: Admitted, parts: DeliveryParts): Promise<void> | undefined {
  const leaving = outgoingOf(admitted, parts)
  return leaving instanceof Promise
    ? leaving.then((outgoing) => deliverTo(admitted, outgoing, parts))
    : deliverTo(admitted, leaving, parts)
}

function deliverTo(admitted: Admitted, outgoing: Leaving, parts: DeliveryParts): Promise<void> | undefined {
  if (outgoing !== undefined) {
    const { exchange } = admitted
    return hasBody(exchange.request)
      ? sendWithBody(exchange, outgoing, parts)
      : sendKept(exchange, outgoing, parts, undefined)
  }
  const { target } = admitted.plan
  const handler = target.kind === 'product' ? parts.extra.localHandler(target.service) : undefined
  if (handler === undefined || target.kind !== 'product') {
    throw new AppError('unavailable', 'The service has just stopped here; try again shortly', { retryAfterSeconds: 1 })
  }
  deliverLocally(admitted, handler, pathFor(admitted, target.service, target.defined, parts.extra), parts.extra)
  return undefined
}
