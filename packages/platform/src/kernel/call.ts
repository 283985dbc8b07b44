// Calls between services, shaped like fetch: to the service's own application in this process, else over HTTP to a healthy instance.
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { fetch as httpFetch } from 'undici'
import type { Caller } from './caller.ts'
import { type CircuitBreakers, createCircuitBreakers } from './circuit-breaker.ts'
import { timeoutHeader } from './http.ts'
import { callerHeader } from './internal-token.ts'
import type { CallService, Clock, Instance, Logger, Registry, Span, Telemetry } from './ports.ts'
import { noTelemetry } from './telemetry/index.ts'
import { parseTraceparent, traceparent } from './trace.ts'
import { createPlainTransport, distrustOf, isUnreached, type PoolOptions, type Transport } from './transport.ts'

/** Options of {@link createCalls}. */
export interface CallOptions {
  /** Applications of the services that live in this process, looked up at each call. */
  readonly local: (service: string) => FastifyInstance | undefined
  readonly registry: Pick<Registry, 'instances'>
  /** Signs the caller for the other side. */
  readonly sign: (caller: Caller) => string
  /** Who calls when no caller is given: the service on its own behalf. */
  readonly self: Caller
  readonly clock: Clock
  readonly timeoutMs?: number
  readonly log?: Pick<Logger, 'warn'>
  /** Default: none. */
  readonly telemetry?: Telemetry
  /** How other processes are reached; plain HTTP when none is given. It is closed with the calls. */
  readonly transport?: Transport | undefined
}

/** The connections that calls share: to one instance, and how long one is kept. */
export const callPool: PoolOptions = Object.freeze({ connections: 64, keepAliveMs: 10_000, connectMs: 2000 })

/** The calls of a process. */
export interface RunningCalls {
  readonly call: CallService
  close(): Promise<void>
}

interface Outgoing {
  readonly service: string
  readonly path: string
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer> | undefined
  readonly signal: AbortSignal
  readonly untilMs: number
}

const defaultTimeoutMs = 10_000
const retries = 2
const firstRetryMs = 20
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
const passing: ReadonlySet<number> = new Set([502, 503, 504])
const bodyless: ReadonlySet<number> = new Set([204, 205, 304])
// `.` and `..` as URLs read them: an id that somebody sent must not lead to another address than the one that was meant.
const dotSegment = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i

type CallInit = NonNullable<Parameters<ReturnType<CallService>>[1]>

// The body is read once, so that a retry can send it again; calls between services are small.
async function prepare(service: string, path: string, init: CallInit, options: CallOptions): Promise<Outgoing> {
  if (!path.startsWith('/')) throw new Error(`A path of ${service} must begin with a slash`)
  if (dotSegment.test(path.split(/[?#]/, 1)[0] ?? '')) {
    throw new AppError('unprocessable', 'An id of the request is no id: it must not be . or ..')
  }
  const { caller = options.self, timeoutMs = options.timeoutMs ?? defaultTimeoutMs, signal, ...rest } = init
  const request = new Request(`http://${service}${path}`, rest)
  const headers = new Headers(request.headers)
  headers.set(callerHeader, options.sign(caller))
  const limit = AbortSignal.timeout(timeoutMs)
  return {
    service,
    path,
    method: request.method,
    headers,
    body: request.body === null ? undefined : new Uint8Array(await request.arrayBuffer()),
    signal: signal === undefined || signal === null ? limit : AbortSignal.any([signal, limit]),
    untilMs: options.clock.monotonicMs() + timeoutMs,
  }
}

// The other side stands below the span of the call; below the active one where that is not sampled; else in the trace that is named.
function inTrace(init: CallInit, span: Span, active: Span | undefined): CallInit {
  const headers = new Headers(init.headers)
  const named = parseTraceparent(headers.get('traceparent') ?? undefined)
  const isSame = active !== undefined && (named === undefined || named.traceId === active.traceId)
  if (span.isSampled) headers.set('traceparent', span.traceparent)
  else if (isSame) headers.set('traceparent', active.traceparent)
  else if (named === undefined) headers.delete('traceparent')
  else headers.set('traceparent', traceparent(named.traceId, named.isSampled))
  return { ...init, headers }
}

function withTimeLeft(outgoing: Outgoing, clock: Clock): Record<string, string> {
  const leftMs = Math.max(1, Math.round(outgoing.untilMs - clock.monotonicMs()))
  return { ...Object.fromEntries(outgoing.headers), [timeoutHeader]: String(leftMs) }
}

function late(outgoing: Outgoing, cause: unknown): AppError {
  return new AppError('timeout', `${outgoing.service} did not answer in time`, { cause })
}

async function callLocal(app: FastifyInstance, outgoing: Outgoing, clock: Clock): Promise<Response> {
  const injected: InjectOptions = {
    method: outgoing.method as NonNullable<InjectOptions['method']>, // Request has checked it
    url: outgoing.path,
    headers: withTimeLeft(outgoing, clock),
    signal: outgoing.signal,
    ...(outgoing.body === undefined ? {} : { payload: Buffer.from(outgoing.body) }),
  }
  try {
    const answer = await app.inject(injected)
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [value].flat().map((one): [string, string] => [name, String(one)]),
    )
    const body = bodyless.has(answer.statusCode) ? null : new Uint8Array(answer.rawPayload)
    return new Response(body, { status: answer.statusCode, headers })
  } catch (error) {
    throw outgoing.signal.aborted ? late(outgoing, error) : error
  }
}

function choose(
  instances: readonly Instance[],
  breakers: CircuitBreakers,
  tried: ReadonlySet<string>,
): Instance | undefined {
  const healthy = instances.filter((instance) => instance.healthy)
  const fresh = healthy.filter((instance) => !tried.has(instance.id))
  const candidates = (fresh.length > 0 ? fresh : healthy).toSorted(() => Math.random() - 0.5)
  return candidates.find((instance) => breakers.allows(instance.id))
}

function originOf({ address, port }: Instance, { protocol }: Transport): string {
  return `${protocol}://${address.includes(':') ? `[${address}]` : address}:${port}`
}

async function callRemote(
  outgoing: Outgoing,
  options: CallOptions,
  tools: { transport: Transport; breakers: CircuitBreakers },
): Promise<Response> {
  const { transport, breakers } = tools
  const tried = new Set<string>()
  const isRepeatable = idempotent.has(outgoing.method)
  let failure: unknown
  for (let attempt = 0; attempt <= retries; attempt++) {
    if (attempt > 0) await delay(firstRetryMs * 2 ** attempt * (0.5 + Math.random()))
    if (outgoing.signal.aborted) throw late(outgoing, outgoing.signal.reason)
    const instance = choose(options.registry.instances(outgoing.service), breakers, tried)
    if (instance === undefined) continue // one may come back within the pause
    tried.add(instance.id)
    try {
      const answer = await httpFetch(`${originOf(instance, transport)}${outgoing.path}`, {
        method: outgoing.method,
        headers: withTimeLeft(outgoing, options.clock),
        body: outgoing.body ?? null,
        signal: outgoing.signal,
        redirect: 'manual',
        dispatcher: transport.dispatcher(outgoing.service),
      })
      if (!passing.has(answer.status)) breakers.succeeded(instance.id)
      else breakers.failed(instance.id)
      if (!passing.has(answer.status) || !isRepeatable || attempt === retries) return answer as unknown as Response // undici's is fetch's
      await answer.body?.cancel()
    } catch (error) {
      if (outgoing.signal.aborted) throw late(outgoing, error)
      breakers.failed(instance.id)
      failure = error
      const distrust = distrustOf(error)
      if (distrust !== undefined) options.log?.warn('call.distrusted', { service: outgoing.service, reason: distrust })
      if (!isRepeatable && !isUnreached(error)) break
    }
  }
  throw new AppError('unavailable', `${outgoing.service} cannot be reached now; try again shortly`, {
    cause: failure,
    retryAfterSeconds: 1,
  })
}

/** Creates the calls of a process. */
export function createCalls(options: CallOptions): RunningCalls {
  const { transport = createPlainTransport(callPool), telemetry = noTelemetry } = options
  const breakers = createCircuitBreakers(options.clock)
  return {
    call:
      (service) =>
      async (path, init = {}) => {
        const span = telemetry.startSpan(`${init.method ?? 'GET'} ${service}`, { kind: 'client' })
        try {
          const outgoing = await prepare(service, path, inTrace(init, span, telemetry.active()), options)
          const app = options.local(service)
          const answer = await (app === undefined
            ? callRemote(outgoing, options, { transport, breakers })
            : callLocal(app, outgoing, options.clock))
          span.set('peer.service', service)
          span.set('http.response.status_code', answer.status)
          if (answer.status >= 500) span.fail(String(answer.status))
          return answer
        } catch (error) {
          span.fail(error)
          throw error
        } finally {
          span.end()
        }
      },
    close: () => transport.close(),
  }
}
