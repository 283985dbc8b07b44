// The Flower server's port; gRPC itself is loaded when the first client connects.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { AppError } from '@xinglin/core/errors'
import type { JoinServer, JoinServerOptions } from './join-server.ts'

/** Where and how to listen. */
export interface FlowerListenerOptions extends JoinServerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

/** A listening Flower server. */
export interface FlowerListener {
  readonly port: number
  close(): Promise<void>
}

const connectionsForSite = 4

function listen(server: Server, { host, port }: FlowerListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const words = `The Flower server cannot listen on port ${port} of ${host}; set FLOWER_PORT to a free port`
      reject(new AppError('unavailable', words, { cause: error }))
    })
    server.listen({ host, port }, resolve)
  })
}

/** Listens for Flower clients. @throws AppError 'unavailable' when the port is taken */
export async function listenForFlower(options: FlowerListenerOptions): Promise<FlowerListener> {
  const sockets = new Set<Socket>()
  const grpc: { loading?: Promise<JoinServer> } = {}
  const load = async (): Promise<JoinServer> => (await import('./join-server.ts')).createJoinServer(options)
  const server = createServer({ noDelay: true }, async (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    grpc.loading ??= load()
    const loaded = await grpc.loading
    if (!socket.destroyed) loaded.accept(socket)
  })
  server.maxConnections = options.maxSites * connectionsForSite
  await listen(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await (await grpc.loading)?.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
