// One gRPC call: admitted like any request, then its two streams and its trailers are tied to those of an upstream.
import { randomUUID } from 'node:crypto'
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import { isUnreached } from '../../../kernel/transport.ts'
import { admit } from '../admission.ts'
import { EdgeFields } from '../edge-fields.ts'
import type { EdgeParts } from '../edge-handler.ts'
import type { Asked } from '../exchange.ts'
import type { OwnMethods } from '../extra.ts'
import { chooseUpstream } from '../proxy/choose-origins.ts'
import { clientOf } from '../proxy/client-address.ts'
import type { Origin } from '../proxy/origins.ts'
import { consumerHeaders, type Headers } from '../proxy/outgoing-headers.ts'
import type { Plan } from '../routing/plan.ts'
import { parseRequestTarget } from '../routing/request-target.ts'
import { strippedPath } from '../routing/upstream-path.ts'
import { callHeaders, grpcRefusal, passedFields } from './grpc-headers.ts'
import type { GrpcSessions } from './grpc-sessions.ts'
import type { OpenStreams } from './open-streams.ts'

/** What calls need. */
export interface GrpcParts {
  readonly edge: EdgeParts
  readonly streams: OpenStreams
  readonly sessions: GrpcSessions
}

interface Way {
  readonly plan: Plan
  readonly path: string
  readonly headers: Headers
  readonly origins: readonly Origin[]
}

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = constants

function askedOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, edge: EdgeParts): Asked {
  const target = parseRequestTarget(headers[':path'] ?? '')
  if (target === undefined) throw new AppError('invalid-request', 'The path names no method')
  const socket = stream.session?.socket
  return {
    request: { headers },
    fields: new EdgeFields(), // limits are told by the status of gRPC alone
    target,
    client: clientOf({ remoteAddress: socket?.remoteAddress }, headers, edge.trustedProxies),
    method: 'POST',
  }
}

function ownMethods(path: string, own: readonly OwnMethods[]): OwnMethods | undefined {
  return own.find(({ paths }) => paths.includes(path))
}

function demandRole(caller: Caller | undefined, { roles, service }: OwnMethods): void {
  if (caller?.roles.some((role) => roles.includes(role)) === true) return
  throw new AppError('forbidden', `This method of ${service} is open to the roles ${roles.join(', ')} only`)
}

async function ownWay(asked: Asked, method: OwnMethods, parts: GrpcParts, plan: Plan): Promise<Way> {
  const identity = await admit(parts.edge, asked, plan)
  demandRole(identity?.caller, method)
  const origin = method.origin()
  const { authorization: _shown, cookie: _cookie, ...headers } = callHeaders(asked.request.headers)
  return {
    plan,
    path: asked.target.path,
    headers: { ...headers, ...method.headers },
    origins: origin === undefined ? [] : [{ id: `grpc ${origin}`, url: origin }],
  }
}

async function definedWay(asked: Asked, prefix: string, plan: Plan, parts: GrpcParts): Promise<Way> {
  const { target } = plan
  if (target.kind !== 'upstream' || !target.service.protocol.startsWith('grpc')) {
    throw new AppError('not-found', 'Behind this route is no gRPC')
  }
  const identity = await admit(parts.edge, asked, plan)
  const { service, route } = target
  const { cookie: _cookie, ...headers } = callHeaders(asked.request.headers)
  return {
    plan,
    path: strippedPath(asked.target.path, prefix, service, { ...route, strip_path: false }), // as Kong: a method's path is whole
    headers: { ...headers, ...consumerHeaders(identity, plan), 'x-forwarded-for': asked.client.forwardedFor },
    origins: chooseUpstream(service, parts.edge.delivery).origins,
  }
}

async function wayOf(asked: Asked, headers: IncomingHttpHeaders, parts: GrpcParts): Promise<Way> {
  const path = asked.target.matchPath
  const host = (headers[':authority'] ?? '').replace(/:\d+$/, '').toLowerCase()
  const { table, grpcPlanOf } = parts.edge.compiled()
  const rule = table.match({ host, method: 'POST', path })
  const method = ownMethods(path, parts.edge.delivery.extra.grpc ?? [])
  const isDefined = rule?.target.target.kind === 'upstream' && rule.target.target.service.protocol.startsWith('grpc')
  if (method !== undefined && !isDefined) return ownWay(asked, method, parts, grpcPlanOf(method.service))
  if (rule === undefined) throw new AppError('not-found', 'No route leads from this method to a service')
  return definedWay(asked, rule.prefix, rule.target, parts)
}

// Nothing of the call was sent before the connection is there, so the next address may be tried.
async function beginAt(way: Way, { sessions, edge }: GrpcParts): Promise<{ id: string; upstream: ClientHttp2Stream }> {
  const { targets } = edge.delivery
  for (const { id, url, rules } of way.origins) {
    if (!targets.isAvailable(id)) continue
    targets.start(id, rules)
    try {
      const session = await sessions.to(url)
      return { id, upstream: session.request({ ...way.headers, ':method': 'POST', ':path': way.path }) }
    } catch (error) {
      targets.observe(id, { kind: 'unreached' })
      targets.end(id)
      if (!isUnreached(error)) throw new AppError('bad-gateway', 'The service gave no valid answer', { cause: error })
    }
  }
  throw new AppError('unavailable', 'No instance of the service is there now; try again shortly', {
    retryAfterSeconds: 1,
  })
}

function passAnswer(client: ServerHttp2Stream, upstream: ClientHttp2Stream, onStatus: (status: number) => void): void {
  const held: { trailers: IncomingHttpHeaders } = { trailers: {} }
  upstream.once('response', (headers, flags) => {
    onStatus(headers[':status'] ?? 502)
    if (client.destroyed) return
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    client.respond(passedFields(headers), isWhole ? { endStream: true } : { waitForTrailers: true })
    if (isWhole) return
    client.once('wantTrailers', () => client.sendTrailers(passedFields(held.trailers)))
    upstream.pipe(client)
  })
  upstream.once('trailers', (trailers) => {
    held.trailers = trailers
  })
}

function tie(client: ServerHttp2Stream, upstream: ClientHttp2Stream, onEnd: (error: Error | undefined) => void): void {
  client.pipe(upstream)
  client.once('close', () => {
    if (!upstream.closed) upstream.close(NGHTTP2_CANCEL)
  })
  client.once('error', () => upstream.close(NGHTTP2_CANCEL))
  let failure: Error | undefined
  upstream.once('error', (error) => {
    failure = error
  })
  upstream.once('close', () => {
    onEnd(failure)
    if (client.destroyed || client.writableEnded) return
    if (!client.headersSent) {
      const lost = new AppError('unavailable', 'The service broke off the call; try again shortly', { cause: failure })
      client.respond(grpcRefusal(lost, ''), { endStream: true })
    } else if (failure !== undefined) client.close(NGHTTP2_INTERNAL_ERROR)
  })
}

async function carry(client: ServerHttp2Stream, headers: IncomingHttpHeaders, parts: GrpcParts): Promise<Plan> {
  const { edge, streams } = parts
  if (edge.isDraining()) throw new AppError('unavailable', 'The gateway is stopping', { retryAfterSeconds: 1 })
  const asked = askedOf(client, headers, edge)
  const way = await wayOf(asked, headers, parts)
  const ended = streams.open('grpc', () => client.close(NGHTTP2_CANCEL))
  client.once('close', ended)
  const { id, upstream } = await beginAt(way, parts)
  const { targets } = edge.delivery
  passAnswer(client, upstream, (status) => targets.observe(id, { kind: 'answered', status }))
  tie(client, upstream, (failure) => {
    if (failure !== undefined && !client.closed) targets.observe(id, { kind: 'unreached' })
    targets.end(id)
  })
  return way.plan
}

/** Takes one call; resolves when it is on its way or was refused. */
export async function takeCall(
  client: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  parts: GrpcParts,
): Promise<void> {
  const { metrics, clock, log, refusals } = parts.edge
  const traceId = randomUUID().replaceAll('-', '')
  const startedMs = clock.monotonicMs()
  const counted: { plan: Plan | undefined; status: number } = { plan: undefined, status: 200 }
  client.once('close', () => {
    const seconds = (clock.monotonicMs() - startedMs) / 1000
    metrics.answered(counted.plan, { status: counted.status, isComplete: client.rstCode === 0, seconds })
  })
  try {
    counted.plan = await carry(client, headers, parts)
  } catch (error) {
    counted.status = error instanceof AppError ? error.status : 500
    if (!(error instanceof AppError)) log.error('edge.grpc.failed', { traceId, error })
    if (counted.status === 401 || counted.status === 403) {
      const path = (headers[':path'] ?? '').slice(0, 200)
      const address = client.session?.socket.remoteAddress ?? ''
      const reason = error instanceof AppError ? error.code : 'grpc'
      await refusals.record({
        caller: undefined,
        address,
        method: 'POST',
        path,
        status: counted.status,
        reason,
        traceId,
      })
    }
    if (!client.destroyed && !client.headersSent) client.respond(grpcRefusal(error, traceId), { endStream: true })
  }
}
