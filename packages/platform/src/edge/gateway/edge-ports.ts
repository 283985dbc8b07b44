// The ports of a gateway: HTTP with WebSockets, the same over TLS for other machines, gRPC, and the admin API on loopback.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Settings } from '../../kernel/config.ts'
import { type OpenPort, openPort } from '../../kernel/listener.ts'
import { createEdge, type EdgeParts } from './edge-handler.ts'
import type { GatewayExtra } from './extra.ts'
import { type AdminParts, handleAdmin } from './kong/admin-api.ts'
import type { gatewaySettings } from './settings.ts'
import { type GrpcPort, openGrpcPort } from './streams/grpc-port.ts'
import { createGrpcSessions } from './streams/grpc-sessions.ts'
import { createOpenStreams } from './streams/open-streams.ts'
import { createWebSockets } from './streams/websocket.ts'

/** The open ports. */
export interface EdgePorts {
  readonly http: OpenPort
  readonly tls: OpenPort | undefined
  readonly grpc: GrpcPort
  readonly admin: OpenPort
}

/** What opening takes. */
export interface EdgePortOptions {
  readonly settings: Settings<typeof gatewaySettings>
  readonly edge: EdgeParts
  readonly admin: AdminParts
  readonly tls: GatewayExtra['tls']
  /** Told what closes each port, as soon as it is open. */
  readonly onOpen: (close: () => Promise<void>) => void
}

/** Opens them all. @throws AppError 'unavailable' naming a port that cannot be opened */
export async function openEdgePorts({ settings, edge, admin, tls, onOpen }: EdgePortOptions): Promise<EdgePorts> {
  const listener = createEdge(edge)
  const streams = createOpenStreams(settings.maxStreams, edge.metrics.streams)
  const onUpgrade = createWebSockets(edge, streams)
  const noted = <Port extends { close(): Promise<void> }>(port: Port): Port => {
    onOpen(port.close)
    return port
  }
  const onAdmin = (request: IncomingMessage, response: ServerResponse): void => {
    handleAdmin(admin, request, response).catch(() => response.destroy())
  }
  const { host, port, tlsHost, tlsPort, grpcPort, adminHost, adminPort } = settings
  const http = noted(await openPort({ host, port, setting: 'PORT', onUpgrade }, listener))
  onOpen(async () => streams.closeAll())
  const ofTls = { host: tlsHost ?? host, port: tlsPort, setting: 'GATEWAY_TLS_PORT', tls, onUpgrade }
  const hasTls = tlsHost !== undefined && tls !== undefined
  return {
    http,
    tls: hasTls ? noted(await openPort(ofTls, listener)) : undefined,
    grpc: noted(
      await openGrpcPort(host, grpcPort, { edge, streams, sessions: createGrpcSessions(edge.delivery.rules) }),
    ),
    admin: noted(await openPort({ host: adminHost, port: adminPort, setting: 'KONG_ADMIN_PORT' }, onAdmin)),
  }
}
