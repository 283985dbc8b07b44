// Federated learning: hospitals train one model together, and no patient's data leaves any of them.
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { AppError } from '@xinglin/core/errors'
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { createCoordinator } from './coordinator.ts'
import { createFeed } from './feed.ts'
import { type FlowerListener, listenForFlower } from './flower/listener.ts'
import { observedStream } from './flower/observed-stream.ts'
import type { SiteStream } from './flower/site-stream.ts'
import { createLobby } from './lobby.ts'
import { publisherOf } from './publish.ts'
import { federatedRoutes } from './routes.ts'
import { federatedSettings } from './settings.ts'

/** A running service, with the port that Flower clients join. */
export interface RunningFederated extends RunningService {
  /** 0 before it listens. */
  flowerPort(): number
}

/** What only a test says otherwise. */
export interface FederatedExtra {
  /** How long another process waits before it takes over from one that died. */
  readonly leaseMs: number
}

const openWarning = 'whoever reaches this port can join open federations; FLOWER_OPEN_JOIN=false asks all for a token'
const plainWarning = 'weights travel unencrypted; set FLOWER_TLS_CERTIFICATE and FLOWER_TLS_KEY'
const usual: FederatedExtra = { leaseMs: 10_000 }

type FederatedSettings = Settings<typeof federatedSettings>

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

async function tlsOf({ certificate, key }: FederatedSettings) {
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined) {
    throw new AppError('invalid-parameter', 'FLOWER_TLS_CERTIFICATE and FLOWER_TLS_KEY are set together or not at all')
  }
  const read = (path: string): Promise<Buffer> =>
    readFile(path).catch((cause: unknown) => {
      throw new AppError('invalid-parameter', `The PEM file ${path} cannot be read`, { cause })
    })
  return { certificate: await read(certificate), key: await read(key) }
}

async function createFederated(
  ports: Ports,
  settings: FederatedSettings,
  { leaseMs }: FederatedExtra,
): Promise<RunningFederated> {
  const { sql, blobs, audit, clock, ids, telemetry } = ports
  const log = ports.log.child({ service: 'federated' })
  const isLocal = isLoopback(settings.host)
  const isOpen = settings.openJoin ?? isLocal
  const tls = await tlsOf(settings)
  const lobby = createLobby({ sql, log, isOpen })
  const publish = publisherOf(ports.call)
  const known = { sql, blobs, clock, log, telemetry }
  const coordinator = createCoordinator({ ...known, lobby, publish, holder: ids.uuid(), leaseMs })
  const feed = createFeed({ sql, log })
  const open: { listener?: FlowerListener } = {}
  const flowerPort = (): number => open.listener?.port ?? 0
  const flower = () => ({ host: settings.host, port: flowerPort(), isOpen, isEncrypted: tls !== undefined })
  return {
    flowerPort,
    routes: federatedRoutes({ sql, audit, clock, ids, feed, flower, poke: () => coordinator.poke() }),
    async start() {
      const { host, port, maxSites } = settings
      const onJoin = (stream: SiteStream): void => void lobby.admit(observedStream(stream, telemetry))
      open.listener = await listenForFlower({ host, port, tls, maxSites, onJoin })
      if (isOpen) log.warn('federated.join.open', { host, port, about: openWarning })
      if (!isLocal && tls === undefined) log.warn('federated.join.plain', { host, port, about: plainWarning })
      coordinator.start()
    },
    async close() {
      await coordinator.close()
      await open.listener?.close()
      await feed.close()
    },
  }
}

/** Federated learning as the composition root sees it. */
export const federated = {
  name: 'federated',
  purpose: 'Lets hospitals train one model together over Flower’s protocol, while their data stay where they are',
  paths: ['/api/v1/federations'],
  settings: federatedSettings,
  sql: { schema: 'federated', folder: new URL('./sql/', import.meta.url) },
  create: (ports: Ports, settings: FederatedSettings, extra = usual): Promise<RunningFederated> =>
    createFederated(ports, settings, extra),
} as const satisfies Service<typeof federatedSettings, FederatedExtra | undefined>
