// The way of a request through the registry: guard, route, handler, answer; refusals in Consul's plain text.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import { newTraceId } from '../../../kernel/trace.ts'
import { badRequest, ConsulError } from '../consul-error.ts'
import { agentRoutes } from './agent-routes.ts'
import { type Answer, sendAnswer } from './answer.ts'
import { catalogRoutes } from './catalog-routes.ts'
import { checkCaller, type GuardOptions } from './guard.ts'
import { kvRoutes } from './kv-routes.ts'
import { checkOptions, parseQuery, readFlag } from './query.ts'
import type { Route, RouteParts } from './route.ts'
import { sessionRoutes } from './session-routes.ts'

interface CompiledRoute extends Route {
  readonly segments: readonly string[]
}

interface Found {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

const routes: readonly CompiledRoute[] = [...kvRoutes, ...agentRoutes, ...catalogRoutes, ...sessionRoutes].map(
  (route) => ({ ...route, segments: route.path.split('/').slice(1) }),
)
const maxPathLength = 4096

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text)
    if (!decoded.includes('\0')) return decoded
  } catch (cause) {
    throw Object.assign(badRequest('The path is not well encoded'), { cause })
  }
  throw badRequest('The path must not hold the character NUL')
}

function match(segments: readonly string[], path: readonly string[]): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {}
  for (const [at, segment] of segments.entries()) {
    if (segment.startsWith('*')) return { ...params, [segment.slice(1)]: decode(path.slice(at).join('/')) }
    const given = path[at]
    if (given === undefined) return undefined
    if (segment.startsWith(':')) params[segment.slice(1)] = decode(given)
    else if (segment !== given) return undefined
  }
  return segments.length === path.length ? params : undefined
}

function find(method: string, pathname: string): Found {
  const path = pathname.split('/').slice(1)
  const atPath = routes.flatMap((route): readonly Found[] => {
    const params = match(route.segments, path)
    return params === undefined ? [] : [{ route, params }]
  })
  if (atPath.length === 0) throw new ConsulError(404, 'Invalid URL path: not a recognized HTTP API endpoint')
  const found = atPath.find(({ route }) => route.method === method)
  if (found !== undefined) return found
  const allow = [...new Set(atPath.map(({ route }) => route.method))].join(',')
  throw new ConsulError(405, `method ${method} not allowed`, { allow })
}

function answerOf(parts: RouteParts, error: unknown): Answer {
  if (error instanceof ConsulError) {
    return { kind: 'text', status: error.status, text: error.message, headers: error.headers }
  }
  const traceId = newTraceId()
  if (error instanceof AppError && (error.code === 'unavailable' || error.code === 'timeout')) {
    parts.log.warn('registry.http.unavailable', { traceId, error })
    const headers = { 'retry-after': String(error.retryAfterSeconds ?? 1) }
    return { kind: 'text', status: 503, text: `The registry's database does not answer now; trace ${traceId}`, headers }
  }
  parts.log.error('registry.http.failed', { traceId, error })
  return { kind: 'text', status: 500, text: `An unexpected error occurred; trace ${traceId}` }
}

interface Handled {
  readonly answer: Answer
  readonly isPretty: boolean
}

async function handle(
  parts: RouteParts,
  guard: GuardOptions,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Handled> {
  const { url = '/' } = request
  const mark = url.indexOf('?')
  const [pathname, search] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
  if (pathname.length > maxPathLength) throw badRequest(`The path is longer than ${maxPathLength} characters`)
  const query = parseQuery(search)
  checkCaller(request, query, guard)
  const { route, params } = find(request.method ?? 'GET', pathname)
  checkOptions(query, route.query ?? [])
  const isPretty = readFlag(query, 'pretty')
  return { answer: await route.handle(parts, { request, query, params, signal }), isPretty }
}

function send(response: ServerResponse, { answer, isPretty }: Handled): void {
  if (!response.destroyed) sendAnswer(response, answer, isPretty)
}

/** Creates the listener of the registry's port. */
export function createHandler(
  parts: RouteParts,
  guard: GuardOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    handle(parts, guard, request, gone.signal)
      .catch((error: unknown) => ({ answer: answerOf(parts, error), isPretty: false }))
      .then((handled) => send(response, handled))
      .catch((error: unknown) => {
        parts.log.error('registry.http.failed', { error })
        response.destroy()
      })
  }
}
