// How the processes of a split system speak with one another: mutual TLS where certificates are at hand, else plain.
import { existsSync } from 'node:fs'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { AppError } from '@xinglin/core/errors'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { isLoopback } from '../kernel/loopback.ts'
import type { Clock, Logger } from '../kernel/ports.ts'
import type { Shutdown } from '../kernel/shutdown.ts'
import type { ListenerTls } from '../kernel/tls-server.ts'
import {
  type Connector,
  createPlainTransport,
  type PoolOptions,
  serviceHostName,
  type Transport,
} from '../kernel/transport.ts'
import { authorityPaths, certificatesFolder, pathsFor } from './certificate-files.ts'
import { type FollowedCertificate, followCertificate } from './followed-certificate.ts'
import type { TlsSettings } from './tls-settings.ts'

/** The transport of a process. */
export interface ProcessTransport {
  readonly isSecure: boolean
  /** Connections to other processes, in a pool of their own. */
  open(pool: PoolOptions): Transport
  /** What a service of this process listens with; undefined where it listens in plain text. */
  listener(service: string): ListenerTls | undefined
}

/** What opening takes. */
export interface TransportOptions {
  readonly settings: TlsSettings
  /** Where services listen: beyond loopback only with TLS, or when the settings say that something else encrypts. */
  readonly serviceHost: string
  readonly dataFolder: string
  /** Services of this process; the first one's certificate is shown to others. */
  readonly names: readonly string[]
  /** False where all services live in this process: then nobody else listens or calls. */
  readonly isSplit: boolean
  readonly log: Logger
  readonly clock: Clock
  readonly shutdown: Shutdown
}

const plain: ProcessTransport = { isSecure: false, open: createPlainTransport, listener: () => undefined }
const oldestVersion = 'TLSv1.3'

/** Says whether processes are to speak TLS: as set, else when certificates are at hand. */
export function isTlsWanted({ isOn, certificate }: TlsSettings, dataFolder: string): boolean {
  const made = authorityPaths(certificatesFolder(dataFolder)).certificate
  return isOn ?? (certificate !== undefined || existsSync(made))
}

// The registry may be a Consul with a certificate for its address; services are known by their names alone.
function identityCheck(service: string, address: string) {
  return (_host: string, certificate: PeerCertificate): Error | undefined => {
    const fault = checkServerIdentity(serviceHostName(service), certificate)
    if (fault === undefined || service !== 'registry') return fault
    return checkServerIdentity(address, certificate) === undefined ? undefined : fault
  }
}

// Each renewal gets a connector of its own, and with it a new cache of TLS sessions.
function connectorOf(service: string, shown: FollowedCertificate, connectMs: number): buildConnector.connector {
  const build = (address: string): buildConnector.connector => {
    const { ca, cert, key } = shown.current()
    const tls = {
      ca,
      cert,
      key,
      minVersion: oldestVersion,
      checkServerIdentity: identityCheck(service, address),
    } as const
    return buildConnector({ ...tls, allowH2: false, timeout: connectMs })
  }
  const held = new Map<string, buildConnector.connector>()
  shown.follow(() => held.clear())
  return (options, callback) => {
    const connector = held.get(options.hostname) ?? build(options.hostname)
    held.set(options.hostname, connector)
    connector(options, callback)
  }
}

function secureTransport(shown: FollowedCertificate, pool: PoolOptions): Transport {
  const { connections, keepAliveMs: keepAliveTimeout, connectMs } = pool
  type Way = { readonly agent: Agent; readonly dispatcher: Dispatcher; readonly connector: Connector }
  const ways = new Map<string, Way>()
  const open = (service: string): Way => {
    const connect = connectorOf(service, shown, connectMs)
    const agent = new Agent({ connections, keepAliveTimeout, connect })
    const servername = serviceHostName(service)
    // Without a name of its own, a request's Host header would choose it, and each other one a new connection.
    const dispatcher = agent.compose((dispatch) => (options, handler) => {
      return dispatch({ ...options, servername } as Dispatcher.DispatchOptions, handler)
    })
    const connector: Connector = (address, callback) => connect({ ...address, servername }, callback)
    const way: Way = { agent, dispatcher, connector }
    ways.set(service, way)
    return way
  }
  return {
    protocol: 'https',
    dispatcher: (service) => (ways.get(service) ?? open(service)).dispatcher,
    connector: (service) => (ways.get(service) ?? open(service)).connector,
    async close() {
      await Promise.all([...ways.values()].map(({ agent }) => agent.close()))
    },
  }
}

function refuseOpenPlainText({ isOn }: TlsSettings, host: string): void {
  if (isOn === false || isLoopback(host)) return
  throw new AppError(
    'invalid-parameter',
    `SERVICE_HOST=${host} would send records in plain text between machines: make certificates with \`xinglin certs init\`, or say SERVICE_TLS=false where a mesh or a private network encrypts`,
  )
}

/** Opens the transport of a process. @throws AppError 'invalid-parameter' naming a certificate that cannot be used */
export async function openTransport(options: TransportOptions): Promise<ProcessTransport> {
  const { settings, dataFolder, names, isSplit, log, clock, shutdown } = options
  if (!isSplit) return plain
  if (!isTlsWanted(settings, dataFolder)) {
    refuseOpenPlainText(settings, options.serviceHost)
    return plain
  }
  const own = new Map<string, FollowedCertificate>()
  shutdown.add('certificates', async () => {
    for (const certificate of own.values()) certificate.close()
  })
  for (const name of names) {
    const paths = pathsFor(settings, dataFolder, name)
    own.set(name, await followCertificate({ paths, services: [name], log, clock }))
  }
  const [shown] = own.values()
  if (shown === undefined) return plain
  return {
    isSecure: true,
    open: (pool) => secureTransport(shown, pool),
    listener(service) {
      const certificate = own.get(service)
      if (certificate === undefined) throw new Error(`${service} does not live in this process`)
      const { current, follow } = certificate
      const demands = { requestCert: true, rejectUnauthorized: true, minVersion: oldestVersion } as const
      return {
        follow,
        current: () => {
          const { ca, cert, key } = current()
          return { ca, cert, key, ...demands }
        },
      }
    },
  }
}
