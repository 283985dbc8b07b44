// The TLS side of a port: certificates that are renewed while it listens, and handshakes that must not linger.
import type { RequestListener, Server, ServerOptions } from 'node:http'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'

/** What a port listens with. */
export interface ListenerTls {
  /** Certificate, key, and who may connect, as they are now. */
  readonly current: () => TlsOptions
  /** Calls back after each renewal; returns what ends it. */
  readonly follow: (onChange: () => void) => () => void
}

const handshakeTimeoutMs = 10_000

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

// A connection counts as none for the server until its handshake is done: a stop would wait for it until it gives up.
function endHandshakesOnClose(server: Server): void {
  const begun = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    begun.set(peer, socket)
    socket.once('close', () => begun.delete(peer))
  })
  server.on('secureConnection', (socket: Socket) => begun.delete(peerOf(socket)))
  const close = server.close.bind(server)
  server.close = (callback) => {
    for (const socket of begun.values()) socket.destroy()
    return close(callback)
  }
}

/** Creates a server that takes TLS connections alone; nothing listens yet. */
export function createTlsServer(tls: ListenerTls, options: ServerOptions, onRequest: RequestListener): Server {
  const settings = { ...options, ...tls.current(), handshakeTimeout: handshakeTimeoutMs, ALPNProtocols: ['http/1.1'] }
  const server = createServer(settings, onRequest)
  // A handshake that fails ends its connection and nothing else; who it was cannot be told from it.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  endHandshakesOnClose(server)
  const unfollow = tls.follow(() => server.setSecureContext(tls.current()))
  server.once('close', unfollow)
  return server
}
