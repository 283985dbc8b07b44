// The port for gRPC: HTTP/2 in clear text, for calls to upstreams and to our own inference.
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { AppError } from '@xinglin/core/errors'
import { type GrpcParts, takeCall } from './grpc-call.ts'

/** An open port for gRPC. */
export interface GrpcPort {
  readonly url: string
  /** Lets calls under way end, then closes. */
  close(): Promise<void>
}

const maxConcurrentStreams = 256
const maxHeaderListSize = 16_384
const idleMs = 300_000
const drainMs = 8000

function listen(server: Http2Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const sentence = `Port ${port} on ${host} cannot be opened; set GATEWAY_GRPC_PORT to a free port`
      reject(new AppError('unavailable', sentence, { cause }))
    })
    server.listen({ host, port }, resolve)
  })
}

/** Opens it. @throws AppError 'unavailable' when it cannot be opened */
export async function openGrpcPort(host: string, port: number, parts: GrpcParts): Promise<GrpcPort> {
  const server = createServer({ settings: { maxConcurrentStreams, maxHeaderListSize } })
  const open = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    open.add(session)
    session.setTimeout(idleMs, () => session.close())
    session.once('close', () => open.delete(session))
    session.on('error', () => session.destroy()) // the other end broke the rules, or went away
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined) // each is told by its close
    const isCall = headers[':method'] === 'POST' && String(headers['content-type'] ?? '').startsWith('application/grpc')
    if (!isCall) return stream.respond({ ':status': 415 }, { endStream: true })
    takeCall(stream, headers, parts).catch((error: unknown) => {
      parts.edge.log.error('edge.grpc.failed', { error })
      stream.destroy()
    })
  })
  await listen(server, host, port)
  const { port: taken } = server.address() as AddressInfo
  const shown = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shown}:${taken}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of open) session.close()
      const cut = setTimeout(() => {
        for (const session of open) session.destroy()
      }, drainMs)
      await closed
      clearTimeout(cut)
      parts.sessions.closeAll()
    },
  }
}
