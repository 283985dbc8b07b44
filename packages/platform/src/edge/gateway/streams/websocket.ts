// WebSockets (RFC 6455) to upstreams: admitted like any request, then both connections are tied together byte for byte.
import { request as httpRequest, type IncomingMessage, ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import { AppError } from '@xinglin/core/errors'
import type { SocketRules } from '../../../kernel/guarded-address.ts'
import { isOwnPage, originOf } from '../../../kernel/local-request.ts'
import { isUnreached } from '../../../kernel/transport.ts'
import { admit } from '../admission.ts'
import { corsHeaders } from '../cors.ts'
import { type EdgeParts, openEdgeExchange, refuse } from '../edge-handler.ts'
import type { Exchange } from '../exchange.ts'
import { answerFields } from '../proxy/answer-headers.ts'
import { deliver, fieldsFor, type Outgoing, outgoingOf } from '../proxy/deliver.ts'
import { cookieValue } from '../proxy/headers.ts'
import type { Origin } from '../proxy/origins.ts'
import type { Plan } from '../routing/plan.ts'
import type { RouteRule } from '../routing/route-table.ts'
import type { OpenStreams } from './open-streams.ts'

/** What came of asking an upstream to switch. */
type Switched =
  | { readonly kind: 'switched'; readonly answer: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }
  | { readonly kind: 'answered'; readonly answer: IncomingMessage }
  | { readonly kind: 'failed'; readonly error: Error & { readonly code?: string } }

const keepAliveMs = 30_000

const nowhere: Switched = {
  kind: 'failed',
  error: Object.assign(new Error('The address cannot be one'), { code: 'ENOTFOUND' }),
}

async function ask(origin: Origin, outgoing: Outgoing, client: Duplex, rules: SocketRules): Promise<Switched> {
  const url = URL.parse(origin.url)
  if (url === null) return nowhere
  const { lookup, refusalOf } = rules
  const refusal = refusalOf(url.hostname)
  if (refusal !== undefined) return { kind: 'failed', error: refusal }
  const headers = [...fieldsFor(outgoing, origin), ...['connection', 'Upgrade', 'upgrade', 'websocket']]
  const { path, timeoutMs: timeout } = outgoing
  const looked = lookup === undefined ? {} : { lookup }
  const options = { method: 'GET', path, headers, timeout, agent: false, ...looked } as const
  return new Promise((resolve) => {
    const asked = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options)
    const leave = (): void => void asked.destroy(new Error('The client went away'))
    const settle = (outcome: Switched): void => {
      client.off('close', leave)
      resolve(outcome)
    }
    client.once('close', leave)
    asked.once('upgrade', (answer, socket, head) => settle({ kind: 'switched', answer, socket, head }))
    asked.once('response', (answer) => settle({ kind: 'answered', answer }))
    asked.once('timeout', () => asked.destroy(new Error('late')))
    asked.on('error', (error) => settle({ kind: 'failed', error }))
    asked.end()
  })
}

function tie(client: Duplex, upstream: Duplex, ended: () => void): () => void {
  const end = (): void => {
    client.destroy()
    upstream.destroy()
    ended()
  }
  for (const side of [client, upstream]) {
    const socket = side as Socket // what HTTP hands out on an upgrade
    socket.setTimeout(0)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    side.once('error', end)
    side.once('close', end)
  }
  client.pipe(upstream)
  upstream.pipe(client)
  return end
}

// Names in lower case and values in turn.
const fieldsOf = ({ rawHeaders }: IncomingMessage): readonly string[] =>
  rawHeaders.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text))

function headOf(answer: IncomingMessage, exchange: Exchange): string {
  const passed = answerFields(101, fieldsOf(answer))
  const fields = passed.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${passed[at + 1] ?? ''}`] : []))
  const own = ['connection: Upgrade', 'upgrade: websocket', `x-request-id: ${exchange.requestId}`]
  return `HTTP/1.1 101 Switching Protocols\r\n${[...fields, ...own].join('\r\n')}\r\n\r\n`
}

function passAnswer(answer: IncomingMessage, { response, fields }: Exchange): void {
  const status = answer.statusCode ?? 502
  response.writeHead(status, fields.addTo(answerFields(status, fieldsOf(answer))))
  pipeline(answer, response, () => undefined) // an answer that is cut off ends the client's too
}

const nobody = (cause?: unknown): AppError =>
  new AppError('unavailable', 'The service cannot be reached now; try again shortly', { retryAfterSeconds: 1, cause })

// Nothing was sent but the first request, so the next target may be asked when one cannot be reached.
async function connect(
  outgoing: Outgoing,
  client: Duplex,
  parts: EdgeParts,
): Promise<Switched & { readonly id: string }> {
  const { targets, rules } = parts.delivery
  let last: unknown
  for (const origin of outgoing.choice.origins) {
    if (!targets.isAvailable(origin.id)) continue
    targets.start(origin.id, origin.rules)
    const outcome = await ask(origin, outgoing, client, rules)
    if (outcome.kind !== 'failed') {
      targets.observe(origin.id, { kind: 'answered', status: outcome.answer.statusCode ?? 502 })
      return { ...outcome, id: origin.id }
    }
    targets.end(origin.id)
    if (client.destroyed) throw nobody(outcome.error) // which is no fault of the service, and heard by nobody
    targets.observe(origin.id, { kind: 'unreached' })
    if (!isUnreached(outcome.error))
      throw new AppError('bad-gateway', 'The service gave no valid answer', { cause: outcome.error })
    last = outcome.error
  }
  throw nobody(last)
}

// A page of another site can open a WebSocket with the user's cookie, be it a token, which no preflight stops.
function demandOwnPage(exchange: Exchange, plan: Plan, hasToken: boolean): void {
  const { headers } = exchange.request
  const isByCookie = plan.places.cookies.some((name) => cookieValue(headers.cookie, name) !== undefined)
  const isAllowed = (hasToken && !isByCookie) || isOwnPage(originOf(exchange.request))
  if (isAllowed || Object.keys(corsHeaders(plan.cors, headers.origin)).length > 0) return
  throw new AppError('forbidden', 'Pages of other sites cannot open this WebSocket', { cause: 'origin' })
}

function drop(outcome: Switched): void {
  if (outcome.kind === 'switched') outcome.socket.destroy()
  else if (outcome.kind === 'answered') outcome.answer.destroy()
}

async function relay(exchange: Exchange, rule: RouteRule<Plan>, client: Duplex, tools: WebSocketTools): Promise<void> {
  const { parts, streams, head } = tools
  const plan = rule.target
  exchange.found.plan = plan
  parts.load.admit(exchange)
  const identity = await admit(parts, exchange, plan)
  const admitted = { exchange, plan, identity, prefix: rule.prefix }
  const outgoing = plan.target.kind === 'upstream' ? await outgoingOf(admitted, parts.delivery) : undefined
  // Our own services speak no WebSocket; they answer as if it had not been asked for.
  if (outgoing === undefined) return deliver(admitted, parts.delivery)
  demandOwnPage(exchange, plan, identity?.token !== undefined)
  if (exchange.request.headers['sec-websocket-key'] === undefined)
    throw new AppError('invalid-request', 'Send the header Sec-WebSocket-Key')
  const ended = streams.open('websocket', () => client.destroy())
  try {
    const { id, ...outcome } = await connect(outgoing, client, parts)
    const finish = (): void => {
      ended()
      parts.delivery.targets.end(id)
    }
    if (client.destroyed) {
      drop(outcome)
      finish()
      return
    }
    if (outcome.kind !== 'switched') {
      exchange.response.once('close', finish)
      if (outcome.kind === 'answered') passAnswer(outcome.answer, exchange)
      return
    }
    exchange.response.statusCode = 101
    exchange.response.detachSocket(client as Socket)
    exchange.response.emit('close') // the request is over; what follows is the stream
    client.write(headOf(outcome.answer, exchange), 'latin1') // as the fields came
    if (outcome.head.length > 0) client.write(outcome.head)
    if (head.length > 0) outcome.socket.write(head)
    tie(client, outcome.socket, finish)
  } catch (error) {
    ended()
    throw error
  }
}

interface WebSocketTools {
  readonly parts: EdgeParts
  readonly streams: OpenStreams
  readonly head: Buffer
}

async function open(request: IncomingMessage, client: Duplex, tools: WebSocketTools): Promise<void> {
  const { parts } = tools
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(client as Socket) // HTTP's own; it hands it out as the wider type
  response.once('finish', () => client.end())
  const exchange = openEdgeExchange(parts, request, response)
  if (exchange === undefined) return
  try {
    if (parts.isDraining()) throw nobody()
    const { method, host, target } = exchange
    const rule = parts.compiled().table.match({ host, method, path: target.matchPath })
    if (rule === undefined) throw new AppError('not-found', 'No route leads from this address to a service')
    await relay(exchange, rule, client, tools)
  } catch (error) {
    await refuse(parts, exchange, error)
  }
}

/** Creates what takes over the connections that are to become WebSockets. */
export function createWebSockets(
  parts: EdgeParts,
  streams: OpenStreams,
): (request: IncomingMessage, client: Duplex, head: Buffer) => void {
  return (request, client, head) => {
    client.once('error', () => client.destroy())
    open(request, client, { parts, streams, head }).catch((error: unknown) => {
      parts.log.error('edge.websocket.failed', { error })
      client.destroy()
    })
  }
}
