// One request and its answer as the edge's parts share them, and how the edge answers by itself.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Span } from '../../kernel/ports.ts'
import { errorAnswer } from '../../kernel/problem.ts'
import { newRequestId } from '../../kernel/trace.ts'
import { EdgeFields } from './edge-fields.ts'
import { Ending } from './ending.ts'
import { type Client, clientOf } from './proxy/client-address.ts'
import type { Plan } from './routing/plan.ts'
import type { RequestTarget } from './routing/request-target.ts'

/** What is asked, whether by HTTP, as the beginning of a WebSocket, or by gRPC. */
export interface Asked {
  readonly request: { readonly headers: IncomingHttpHeaders }
  /** Headers for the answer. */
  readonly fields: EdgeFields
  readonly target: RequestTarget
  readonly client: Client
  readonly method: string
}

/** A request under way. */
export interface Exchange extends Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Host name without port, lower case. */
  readonly host: string
  readonly span: Span
  readonly traceId: string
  /** For the service behind. */
  readonly traceparent: string
  readonly requestId: string
  /** The route that takes it, once it is found: for metrics. */
  readonly found: { plan: Plan | undefined }
  readonly ending: Ending
}

const requestIdPattern = /^[A-Za-z0-9._-]{1,128}$/

const port = /:\d+$/
const hostNameOf = (host: string): string => (host.includes(':') ? host.replace(port, '') : host).toLowerCase()

/** Opens the exchange; the request id goes onto the answer. */
export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  given: { readonly target: RequestTarget; readonly span: Span; readonly trustedProxies: readonly string[] },
): Exchange {
  const { headers } = request
  const sent = headers['x-request-id']
  const requestId = typeof sent === 'string' && requestIdPattern.test(sent) ? sent : newRequestId()
  const fields = new EdgeFields()
  fields.set('x-request-id', requestId)
  return {
    ...{ request, response, fields, requestId },
    target: given.target,
    client: clientOf(request.socket, headers, given.trustedProxies),
    method: request.method ?? 'GET',
    host: hostNameOf(headers.host ?? ''),
    span: given.span,
    traceId: given.span.traceId,
    traceparent: given.span.traceparent,
    found: { plan: undefined },
    ending: new Ending(),
  }
}

/** Sets several headers. */
export function setHeaders(
  response: Pick<ServerResponse, 'setHeader'>,
  headers: Readonly<Record<string, string>>,
): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '')
}

/** Answers with JSON. */
export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  response.end(JSON.stringify(body))
}

/** Ends the connection in the middle of an answer; of a pipeline too, whose later answers would wait for one without an end. */
export function cutOff({ request, response }: Pick<Exchange, 'request' | 'response'>): void {
  response.destroy()
  request.socket.destroy()
}

/**
 * Answers with an error: OperationOutcome under `/fhir`, problem details elsewhere. A body that is still arriving is not
 * read: the connection is closed after the answer.
 */
export function answerError(exchange: Exchange, error: unknown): void {
  const { request, response, target, traceId } = exchange
  if (response.headersSent) {
    cutOff(exchange)
    return
  }
  exchange.fields.applyTo(response)
  const style = /^\/fhir(?=\/|$)/.test(target.matchPath) ? 'fhir' : 'problem'
  const answer = errorAnswer(error, { style, traceId, instance: target.path.slice(0, 500) })
  setHeaders(response, { ...answer.headers, 'x-content-type-options': 'nosniff' })
  if (!request.complete && request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('connection', 'close')
  }
  response.statusCode = answer.status
  response.statusMessage = '' // that of an answer whose head could not be passed on is not ours
  response.end(answer.body)
}
