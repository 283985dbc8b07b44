// The DIMSE port: scanners send images here, which go the same way into the store as those sent over HTTP.
import { createServer, type Server, type Socket } from 'node:net'
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import type { Telemetry } from '../../../kernel/ports.ts'
import type { ImagingSettings } from '../settings.ts'
import { type IngestPorts, ingest } from '../store/ingest.ts'
import { failureReason } from '../stow/answer.ts'
import { chunksOf } from '../wado/bytes.ts'
import { type ReceivedDataset, receivedFile } from './received-file.ts'

/** The port. */
export interface DimseListener {
  start(): Promise<void>
  close(): Promise<void>
}

/** What the port needs. */
export type DimsePorts = IngestPorts & { readonly telemetry: Telemetry }

const maxConnections = 64
// One address alone cannot take them all.
const maxConnectionsOfAddress = 32
const maxDatasetBytes = 268_435_456
const processingFailure = 0x0110

function callerOf(aeTitle: string, address: string | undefined): Caller {
  return Object.freeze({
    ...{ subject: `dimse:${aeTitle}`, name: aeTitle, roles: ['system' as const], scopes: [], purpose: 'TREAT' },
    ...(address === undefined ? {} : { address }),
  })
}

async function* single(bytes: Uint8Array): AsyncGenerator<AsyncIterable<Uint8Array>> {
  yield chunksOf(bytes)
}

// An association is no part of another trace: DICOM has no header for it.
async function storeTraced(received: ReceivedDataset, address: string | undefined, ports: DimsePorts): Promise<number> {
  const span = ports.telemetry.startEntry('C-STORE', { service: 'imaging', parent: undefined })
  const result = await ports.telemetry.within(span, () => store(received, address, ports))
  span.set('dicom.status', result)
  if (result !== 0) span.fail(`0x${result.toString(16).padStart(4, '0')}`)
  span.end()
  return result
}

async function store(received: ReceivedDataset, address: string | undefined, ports: DimsePorts): Promise<number> {
  try {
    const caller = callerOf(received.sender, address)
    const { refused } = await ingest({ caller, incoming: single(receivedFile(received)) }, ports)
    const [first] = refused
    return first === undefined ? 0 : failureReason(first.error)
  } catch (error) {
    if (error instanceof AppError) return failureReason(error)
    ports.log.error('dimse.store.failed', { error })
    return processingFailure
  }
}

function listen(server: Server, { dimsePort: port, dimseHost: host }: ImagingSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE'
      const sentence = `Port ${port} on ${host} is taken by another program; stop it or set DIMSE_PORT to a free port`
      reject(isTaken ? new AppError('unavailable', sentence, { cause }) : cause)
    })
    server.listen({ host, port }, resolve)
  })
}

/** Creates the port; the protocol's code is loaded with the first connection. */
export function createDimseListener(settings: ImagingSettings, ports: DimsePorts): DimseListener {
  const { aeTitle, callingAeTitles, maxInstanceBytes } = settings
  const artimMs = settings.artimSeconds * 1000
  const { log } = ports
  const sockets = new Set<Socket>()
  const accept = async (socket: Socket): Promise<void> => {
    const { StoreScp } = await import('./store-scp.ts')
    const address = socket.remoteAddress
    socket.resume()
    new StoreScp(socket, {
      ...{ aeTitle, callingAeTitles, artimMs, maxDatasetBytes: Math.min(maxDatasetBytes, maxInstanceBytes) },
      store: (received) => storeTraced(received, address, ports),
      onRefused: (calling, reason) => log.warn('dimse.association.refused', { calling, reason, address }),
    })
  }
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    const { remoteAddress } = socket
    const ofAddress = [...sockets].filter((other) => other.remoteAddress === remoteAddress).length
    if (ofAddress >= maxConnectionsOfAddress) {
      log.warn('dimse.connection.refused', { reason: 'too-many-of-address', address: remoteAddress })
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    accept(socket).catch((error: unknown) => {
      log.error('dimse.connection.failed', { error })
      socket.destroy()
    })
  })
  server.maxConnections = maxConnections
  return {
    async start() {
      if (settings.dimseEnabled) await listen(server, settings)
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}
