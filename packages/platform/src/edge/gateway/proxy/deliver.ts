// Delivers an admitted request to its target: a handler in this process, instances of the registry, or an upstream's address.
import { AppError } from '@xinglin/core/errors'
import type { Agent } from 'undici'
import type { Identity } from '../authentication.ts'
import type { Exchange } from '../exchange.ts'
import type { GatewayExtra } from '../extra.ts'
import type { KongRoute, KongService } from '../kong/entities.ts'
import type { Plan } from '../routing/plan.ts'
import { isUnder, strippedPath } from '../routing/upstream-path.ts'
import { sessionCookie } from '../session/sessions.ts'
import { forward } from './forward.ts'
import { dropEdgeHeaders, endToEndHeaders, withoutCookie } from './headers.ts'
import { type Origin, type Origins, originUrl } from './origins.ts'

/** What delivery needs. */
export interface DeliveryParts {
  readonly extra: GatewayExtra
  readonly agent: Agent
  readonly origins: Origins
  readonly timeoutMs: number
}

/** An admitted request. */
export interface Admitted {
  readonly exchange: Exchange
  readonly plan: Plan
  readonly identity: Identity | undefined
  /** The route's prefix that matched. */
  readonly prefix: string
}

type Headers = Record<string, string | string[]>
type Defined = { readonly service: KongService; readonly route: KongRoute }

const maxAttempts = 3

function forwardedHeaders({ client, request, requestId, traceparent }: Exchange): Headers {
  const host = request.headers.host ?? ''
  return {
    'x-forwarded-for': client.forwardedFor,
    'x-forwarded-proto': client.protocol,
    'x-forwarded-host': host,
    'x-request-id': requestId,
    traceparent,
  }
}

function withoutSession(headers: Headers): Headers {
  const { cookie, ...rest } = headers
  if (typeof cookie !== 'string') return headers
  const kept = withoutCookie(cookie, sessionCookie)
  return kept === undefined ? rest : { ...rest, cookie: kept }
}

function consumerHeaders({ identity }: Admitted): Headers {
  const token = identity?.token
  if (token === undefined) return {}
  const { consumer, credential } = token
  return {
    'x-consumer-id': consumer.id,
    ...(consumer.username === null ? {} : { 'x-consumer-username': encodeURI(consumer.username) }),
    ...(consumer.custom_id === null ? {} : { 'x-consumer-custom-id': encodeURI(consumer.custom_id) }),
    'x-credential-identifier': encodeURI(credential.key),
  }
}

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

async function tryOrigins(
  origins: readonly Origin[],
  attempt: (origin: Origin) => ReturnType<typeof forward>,
  { breakers }: Origins,
): Promise<void> {
  let last: AppError | undefined
  for (const origin of origins.slice(0, maxAttempts)) {
    const outcome = await attempt(origin)
    if (outcome.kind === 'answered') breakers.succeeded(origin.id)
    if (outcome.kind === 'answered' || outcome.kind === 'gone') return
    if (outcome.kind === 'retry' || outcome.error.code === 'timeout') breakers.failed(origin.id)
    if (outcome.kind === 'failed') throw outcome.error
    last = outcome.error
  }
  throw (
    last ??
    new AppError('unavailable', 'No instance of the service is there now; try again shortly', { retryAfterSeconds: 1 })
  )
}

async function deliverToInstances(
  admitted: Admitted,
  service: string,
  path: string,
  parts: DeliveryParts,
): Promise<void> {
  const { exchange, identity } = admitted
  const { extra, agent, origins, timeoutMs } = parts
  const token = identity === undefined ? undefined : await extra.signCaller(identity.caller)
  const headers = {
    ...withoutSession(endToEndHeaders(exchange.request.headers, true)),
    ...forwardedHeaders(exchange),
    'x-xinglin-timeout-ms': String(timeoutMs),
    ...(token === undefined ? {} : { 'x-xinglin-caller': token }),
  }
  const sent = {
    request: exchange.request,
    response: exchange.response,
    path: `${path}${exchange.target.query}`,
    headers,
    timeoutMs,
  }
  const attempt = (origin: Origin) => forward(agent, { ...sent, origin: origin.url })
  await tryOrigins(origins.of(service) ?? origins.of(`${service}-service`) ?? [], attempt, origins)
}

async function deliverUpstream(admitted: Admitted, { service, route }: Defined, parts: DeliveryParts): Promise<void> {
  const { exchange, prefix } = admitted
  const { agent, origins } = parts
  const known = origins.of(service.host)
  const direct = { id: service.id, url: originUrl(service.protocol, service.host, service.port) }
  const authority = service.port === 80 ? service.host : `${service.host}:${service.port}`
  const headers: Headers = {
    ...withoutSession(endToEndHeaders(exchange.request.headers, true)),
    ...forwardedHeaders(exchange),
    ...consumerHeaders(admitted),
    'x-forwarded-path': exchange.target.path,
    'x-forwarded-prefix': prefix,
    host: route.preserve_host ? (exchange.request.headers.host ?? authority) : authority,
  }
  const path = `${strippedPath(exchange.target.path, prefix, service, route)}${exchange.target.query}`
  const sent = {
    request: exchange.request,
    response: exchange.response,
    path,
    headers,
    timeoutMs: service.read_timeout,
  }
  const candidates = known ?? Array.from({ length: Math.min(service.retries + 1, maxAttempts) }, () => direct)
  await tryOrigins(candidates, (origin) => forward(agent, { ...sent, origin: origin.url }), origins)
}

/** Delivers a request; resolves when the answer is complete (or is in the hands of a local handler). */
export async function deliver(admitted: Admitted, parts: DeliveryParts): Promise<void> {
  const { target } = admitted.plan
  if (target.kind === 'upstream') return deliverUpstream(admitted, target, parts)
  const path = pathFor(admitted, target.service, target.defined, parts.extra)
  const handler = parts.extra.localHandler(target.service)
  if (handler === undefined) return deliverToInstances(admitted, target.service, path, parts)
  deliverLocally(admitted, handler, path, parts.extra)
}
