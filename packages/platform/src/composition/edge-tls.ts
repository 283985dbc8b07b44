// What the gateway speaks TLS with on its port for other machines, and the own authority that it hands out.
import { resolve } from 'node:path'
import type { gateway } from '../edge/gateway/index.ts'
import type { Settings } from '../kernel/config.ts'
import type { Clock, Logger } from '../kernel/ports.ts'
import type { Shutdown } from '../kernel/shutdown.ts'
import type { ListenerTls } from '../kernel/tls-server.ts'
import { followCertificate } from './followed-certificate.ts'

/** What opening takes. */
export interface EdgeTlsOptions {
  readonly settings: Settings<typeof gateway.settings>
  readonly log: Logger
  readonly clock: Clock
  readonly shutdown: Shutdown
}

/** For the gateway; empty where it has no such port. */
export interface EdgeTls {
  readonly tls?: ListenerTls
  readonly authority?: string
}

const oldestVersion = 'TLSv1.2'

/** Reads and follows its certificate. @throws AppError 'invalid-parameter' naming a file that cannot be used */
export async function openEdgeTls({ settings, log, clock, shutdown }: EdgeTlsOptions): Promise<EdgeTls> {
  const { tlsHost, tlsCertificate, tlsKey, tlsAuthority } = settings
  if (tlsHost === undefined || tlsCertificate === undefined || tlsKey === undefined) return {}
  const authority = tlsAuthority === undefined ? undefined : resolve(tlsAuthority)
  const paths = { authority, certificate: resolve(tlsCertificate), key: resolve(tlsKey) }
  const held = await followCertificate({ paths, services: [], log, clock })
  shutdown.add('certificate of the gateway', async () => held.close())
  const current = (): ReturnType<ListenerTls['current']> => {
    const { cert, key } = held.current()
    return { cert, key, minVersion: oldestVersion }
  }
  const { ca } = held.current()
  return { tls: { current, follow: held.follow }, ...(authority === undefined ? {} : { authority: ca }) }
}
