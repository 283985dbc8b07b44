// Opens and closes HTTP ports: limits against slow and oversized senders, a clear word when a port is taken, a stop that drains.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError } from '@xinglin/core/errors'
import { createTlsServer, type ListenerTls } from './tls-server.ts'

/** A port to open. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** Environment variable of the port, for the message when it is taken. */
  readonly setting: string
  /** Takes TLS connections alone; plain ones without it. */
  readonly tls?: ListenerTls | undefined
  /** Takes over a connection that a client wants to make a WebSocket; without it such a request is an ordinary one. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** An open port. */
export interface OpenPort {
  readonly url: string
  readonly port: number
  /** Waits for requests under way, then closes; what is left after the deadline is cut off. */
  close(): Promise<void>
}

const maxHeaderBytes = 16_384
const headersTimeoutMs = 10_000
const requestTimeoutMs = 300_000
const keepAliveMs = 30_000
const maxPipelined = 16
const checkEveryMs = 2000
const drainMs = 8000

function listen(server: Server, { host, port, setting }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reasons: Readonly<Record<string, string>> = {
        EADDRINUSE: `Port ${port} on ${host} is taken by another program; stop it or set ${setting} to a free port`,
        EACCES: `Port ${port} on ${host} may not be opened by this user; set ${setting} to a port above 1023`,
        EADDRNOTAVAIL: `The address ${host} is not one of this machine`,
      }
      const sentence = reasons[error.code ?? '']
      reject(sentence === undefined ? error : new AppError('unavailable', sentence, { cause: error }))
    })
    server.listen({ host, port }, resolve)
  })
}

// Connections opened ahead of need (browsers do it) count as busy for Node until their first request, and have no time limit.
function trackUnused(server: Server, opened: 'connection' | 'secureConnection'): ReadonlySet<Socket> {
  const unused = new Set<Socket>()
  server.on(opened, (socket: Socket) => {
    unused.add(socket)
    socket.setTimeout(keepAliveMs)
    socket.once('close', () => unused.delete(socket))
  })
  const used = ({ socket }: IncomingMessage): void => {
    if (unused.delete(socket)) socket.setTimeout(0)
  }
  server.on('request', used)
  server.prependListener('upgrade', used)
  return unused
}

// Any other protocol that is offered (clients offer h2c with every request) is not taken, as RFC 9110 7.8 allows.
function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

// Node begins every request of a pipeline at once and keeps the answers: a page of requests would be gigabytes of answers.
function boundPipeline(onRequest: RequestListener): RequestListener {
  const counts = new WeakMap<Socket, { underWay: number; leave: () => void }>()
  const begun = (): { underWay: number; leave: () => void } => {
    const count = {
      underWay: 0,
      leave: () => {
        count.underWay -= 1
      },
    }
    return count
  }
  return (request, response) => {
    const { socket } = request
    const known = counts.get(socket)
    const count = known ?? begun()
    if (known === undefined) counts.set(socket, count)
    count.underWay += 1
    response.on('close', count.leave)
    if (count.underWay <= maxPipelined) return onRequest(request, response)
    response.writeHead(503, { connection: 'close', 'retry-after': '1' }).end()
  }
}

async function drain(server: Server, unused: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const closeIdle = (): void => {
    server.closeIdleConnections()
    for (const socket of unused) socket.destroy()
  }
  closeIdle()
  const idle = setInterval(closeIdle, 50)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearInterval(idle)
  clearTimeout(cut)
}

/** Opens a port. @throws AppError 'unavailable' naming port and setting when it cannot be opened */
export async function openPort(options: ListenOptions, onRequest: RequestListener): Promise<OpenPort> {
  const { tls } = options
  const limits: ServerOptions = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: checkEveryMs,
    highWaterMark: 65_536,
    shouldUpgradeCallback: (request) => options.onUpgrade !== undefined && isWebSocket(request),
  }
  const bounded = boundPipeline(onRequest)
  const server = tls === undefined ? createServer(limits, bounded) : createTlsServer(tls, limits, bounded)
  if (options.onUpgrade !== undefined) server.on('upgrade', options.onUpgrade)
  const unused = trackUnused(server, tls === undefined ? 'connection' : 'secureConnection')
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  const { host } = options
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://${shown.includes(':') ? `[${shown}]` : shown}:${port}`,
    close: () => drain(server, unused),
  }
}
