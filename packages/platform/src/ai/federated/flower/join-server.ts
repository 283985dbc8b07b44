// Speaks gRPC on connections that the listener hands over; loaded with the first of them, because gRPC takes 0.2 s to load.
import type { Socket } from 'node:net'
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js'
import { endGrpcServer } from '../../../kernel/grpc-port.ts'
import type { Answer, Question } from './messages.ts'
import { openSiteStream, type SiteStream } from './site-stream.ts'
import { channelOptions, joinDefinition, type Outgoing, type Sized } from './wire.ts'

/** Whom the server lets in, and how. */
export interface JoinServerOptions {
  /** PEM of certificate chain and key; plain text when absent. */
  readonly tls?: { readonly certificate: Buffer; readonly key: Buffer } | undefined
  /** Streams at once; more are refused with RESOURCE_EXHAUSTED. */
  readonly maxSites: number
  /** Told each client that joins. */
  readonly onJoin: (stream: SiteStream) => void
}

/** A gRPC server without a port of its own. */
export interface JoinServer {
  accept(socket: Socket): void
  close(): Promise<void>
}

const closeLimitMs = 3000

function credentialsOf(tls: JoinServerOptions['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  return ServerCredentials.createSsl(null, [{ cert_chain: tls.certificate, private_key: tls.key }])
}

/** Creates the server, whose only method is Join. */
export function createJoinServer(options: JoinServerOptions): JoinServer {
  const server = new Server({ ...channelOptions })
  const open = new Set<object>()
  server.addService(joinDefinition(), {
    Join(call: ServerDuplexStream<Sized<Answer>, Outgoing<Question>>) {
      const stream = openSiteStream(call)
      if (open.size >= options.maxSites) {
        stream.refuse(status.RESOURCE_EXHAUSTED, `More than ${options.maxSites} sites cannot be joined at once`)
        return
      }
      open.add(stream)
      stream.gone.addEventListener('abort', () => open.delete(stream), { once: true })
      options.onJoin(stream)
    },
  })
  const injector = server.createConnectionInjector(credentialsOf(options.tls))
  return {
    accept: (socket) => injector.injectConnection(socket),
    close() {
      injector.drain(closeLimitMs)
      return endGrpcServer(server, closeLimitMs)
    },
  }
}
