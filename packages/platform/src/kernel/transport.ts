// How processes of a system reach one another: plain on a trusted machine or mesh, or over TLS with both sides known.
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { guardedCode, socketRules } from './guarded-address.ts'

/** Opens a socket to an address, and calls back once it can be used. */
export type Connector = buildConnector.connector

/** Connections from this process to services in others. */
export interface Transport {
  readonly protocol: 'http' | 'https'
  /** Connections to the instances of a service; over TLS only those that show a certificate of that service are believed. */
  dispatcher(service: string): Dispatcher
  /** Opens single sockets to the same instances, with the same demands. */
  connector(service: string): Connector
  close(): Promise<void>
}

/** How many connections to one instance, and for how long they are kept. */
export interface PoolOptions {
  readonly connections: number
  readonly keepAliveMs: number
  readonly connectMs: number
}

const unreached: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  guardedCode,
])
// Node and OpenSSL name what they do not trust; a request is only read by the other side after both are satisfied.
const distrusted = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_|ERR_TLS_CERT_|ERR_SSL_)/
const expired = /CERT_HAS_EXPIRED|CERTIFICATE_EXPIRED/

/** The name that certificates of a service carry, whatever its address is. */
export const serviceHostName = (service: string): string => `${service}.xinglin.internal`

/** The service that such a name belongs to; undefined for any other name. */
export const serviceOfHostName = (name: string): string | undefined =>
  /^([a-z][a-z0-9-]*)\.xinglin\.internal$/.exec(name)?.[1]

function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: unknown }
  if (typeof code === 'string') return code
  return cause === undefined ? '' : codeOf(cause)
}

/** Why one side of a connection did not believe the other; undefined when that was not the reason. */
export function distrustOf(error: unknown): string | undefined {
  const code = codeOf(error)
  if (!distrusted.test(code)) return undefined
  if (expired.test(code)) return 'a certificate has expired: renew it with `xinglin certs renew`'
  return `the certificates do not fit (${code}): see \`xinglin certs show\` on both sides`
}

/** Says whether a request that failed with this error was certainly not read by the other side. */
export const isUnreached = (error: unknown): boolean => unreached.has(codeOf(error)) || distrustOf(error) !== undefined

/** Which addresses a connector opens sockets to. */
export interface Reach {
  /** Also to link-local, unspecified and cloud metadata addresses. */
  readonly allowsLinkLocal?: boolean
}

/**
 * Opens sockets to any address, over TLS where the protocol says so, with the authorities of the system; by a name only to
 * addresses that are not guarded, unless they are allowed. Addresses that somebody writes down are judged where they are taken.
 */
export function createConnector(connectMs: number, { allowsLinkLocal = false }: Reach = {}): Connector {
  const { refusalOf: _, ...rules } = socketRules(allowsLinkLocal)
  return buildConnector({ timeout: connectMs, allowH2: false, ...rules })
}

/** As {@link createConnector}, for addresses that nobody has judged: guarded ones are refused in any notation. */
export function createWaryConnector(connectMs: number, reach: Reach & buildConnector.BuildOptions = {}): Connector {
  const { allowsLinkLocal = false, ...options } = reach
  const { refusalOf, ...rules } = socketRules(allowsLinkLocal)
  const connect = buildConnector({ ...options, timeout: connectMs, allowH2: false, ...rules })
  return (address, callback) => {
    const refusal = refusalOf(address.hostname)
    if (refusal === undefined) connect(address, callback)
    else callback(refusal, null)
  }
}

/** Creates plain connections. */
export function createPlainTransport({ connections, keepAliveMs, connectMs }: PoolOptions): Transport {
  // Services of the system may live wherever their operator has put them.
  const connector = createConnector(connectMs, { allowsLinkLocal: true })
  const agent = new Agent({ connections, keepAliveTimeout: keepAliveMs, connect: connector })
  return { protocol: 'http', dispatcher: () => agent, connector: () => connector, close: () => agent.close() }
}
