// Ports that speak gRPC: a clear word when one is taken, and a stop that drains. Who imports this loads gRPC, which takes 0.2 s.
import { type Server, ServerCredentials } from '@grpc/grpc-js'
import { AppError } from '@xinglin/core/errors'

/** A port for gRPC in plain text. */
export interface GrpcListenOptions {
  readonly host: string
  /** 0: at random. */
  readonly port: number
  /** Environment variable of the port, for the message when it is taken. */
  readonly setting: string
}

/** An open port. */
export interface OpenGrpcPort {
  readonly port: number
  close(): Promise<void>
}

/** Ends a server once its calls have ended, those that take longer than `drainMs` with it. */
export function endGrpcServer(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.forceShutdown(), drainMs)
    server.tryShutdown(() => {
      clearTimeout(cut)
      resolve()
    })
  })
}

/**
 * Opens a port for a server; `close` waits `drainMs` for its calls.
 * @throws AppError 'unavailable' that names the setting when it cannot be opened
 */
export function openGrpcServer(
  server: Server,
  { host, port, setting }: GrpcListenOptions,
  drainMs: number,
): Promise<OpenGrpcPort> {
  const shown = host.includes(':') ? `[${host}]` : host
  return new Promise((resolve, reject) => {
    server.bindAsync(`${shown}:${port}`, ServerCredentials.createInsecure(), (cause, bound) => {
      const sentence = `Port ${port} on ${host} cannot be opened; set ${setting} to a free one`
      if (cause === null) resolve({ port: bound, close: () => endGrpcServer(server, drainMs) })
      else reject(new AppError('unavailable', sentence, { cause }))
    })
  })
}
