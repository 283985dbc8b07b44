// What a health check is and how its definition is read (pure).
import { badRequest } from '../consul-error.ts'
import { type Fields, fault, type TextLimits } from './fields.ts'

/** The state of a check, and of a service by its worst check. */
export type Status = 'passing' | 'warning' | 'critical'

/** How a check finds out. */
export type Probe =
  | { readonly kind: 'ttl'; readonly ttlMs: number }
  | {
      readonly kind: 'http'
      readonly url: string
      readonly method: string
      readonly headers: Readonly<Record<string, readonly string[]>>
      readonly body: string
      readonly skipsTlsVerify: boolean
      /** The name that the certificate must carry, where it is not the address. */
      readonly tlsServerName?: string
      readonly intervalMs: number
      readonly timeoutMs: number
    }
  | { readonly kind: 'tcp'; readonly address: string; readonly intervalMs: number; readonly timeoutMs: number }
  | { readonly kind: 'maintenance' }

/** A check as it was registered. */
export interface CheckDefinition {
  readonly name: string
  readonly notes: string
  readonly probe: Probe
  /** How many results in a row turn the check. */
  readonly successesBeforePassing: number
  readonly failuresBeforeCritical: number
}

/** A check to register. */
export interface NewCheck {
  /** Undefined: the service's own id for it. */
  readonly id: string | undefined
  readonly definition: CheckDefinition
  readonly initialStatus: Status
  readonly initialOutput: string
  /** How long it may be critical until its service is taken away. */
  readonly deregisterAfterMs: number | undefined
}

const idLimits: TextLimits = { min: 1, max: 256 }
const noteLimits: TextLimits = { max: 4096, isMultiline: true }
const day = 86_400_000
const minIntervalMs = 1000
const defaultTimeoutMs = 10_000
const maxTimeoutMs = 60_000
const maxDeregisterMs = 365 * day
const maxStreak = 100
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']
const statuses: readonly string[] = ['passing', 'warning', 'critical'] satisfies readonly Status[]
const refusedHeaders = /^(connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/
const hostAndPort = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/

/** Fields of Consul's checks that this registry does not serve; empty values are ignored. */
const unsupported: readonly string[] = [
  'Script',
  'Args',
  'ScriptArgs',
  'DockerContainerID',
  'Shell',
  'GRPC',
  'GRPCUseTLS',
  'H2PING',
  'H2PingUseTLS',
  'UDP',
  'OSService',
  'AliasNode',
  'AliasService',
  'ExposedPort',
  'ProxyHTTP',
  'ProxyGRPC',
  'FailuresBeforeWarning',
  'OutputMaxSize',
  'Namespace',
  'Partition',
  'ServiceName',
  'Type',
]

/** Reads a status. @throws ConsulError 400 */
export function parseStatus(text: string): Status {
  if (!statuses.includes(text)) throw badRequest(`Invalid check status: '${text.slice(0, 40)}'`)
  return text as Status // it is one of the three
}

function readUrl(fields: Fields): string | undefined {
  const text = fields.text('HTTP', { max: 2048 })
  if (text === undefined || text === '') return undefined
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw badRequest('Invalid check: HTTP must be an address that begins with http:// or https://')
  }
  return text
}

function readTcp(fields: Fields): string | undefined {
  const text = fields.text('TCP', { max: 300 })
  if (text === undefined || text === '') return undefined
  const port = Number(hostAndPort.exec(text)?.[1] ?? 0)
  if (port < 1 || port > 65_535) throw badRequest('Invalid check: TCP must be host:port')
  return text
}

function readHeaders(fields: Fields): Readonly<Record<string, readonly string[]>> {
  const sent = fields.raw('Header') ?? {}
  const isMap = typeof sent === 'object' && sent !== null && !Array.isArray(sent)
  const entries = isMap ? Object.entries(sent) : []
  if (!isMap || entries.length > 32) throw fault('Header', 'must be an object of at most 32 lists of texts')
  for (const [name, values] of entries) {
    if (!headerName.test(name) || refusedHeaders.test(name)) throw fault(`Header.${name}`, 'cannot be set')
    const isList = Array.isArray(values) && values.length <= 8
    if (!isList || !values.every((one) => typeof one === 'string' && /^[\t\x20-\x7e]{0,1024}$/.test(one))) {
      throw fault(`Header.${name}`, 'must be a list of printable texts')
    }
  }
  return sent as Readonly<Record<string, readonly string[]>> // checked entry by entry above
}

function readServerName(fields: Fields): string {
  const name = fields.text('TLSServerName', { max: 253 }) ?? ''
  if (name === '' || hostName.test(name)) return name
  throw fault('TLSServerName', 'must be a host name')
}

function readHttp(fields: Fields, url: string, times: { intervalMs: number; timeoutMs: number }): Probe {
  const method = (fields.text('Method', { max: 10 }) ?? '').toUpperCase()
  if (method !== '' && !methods.includes(method)) {
    throw badRequest(`Invalid check: Method must be one of ${methods.join(', ')}`)
  }
  const tlsServerName = readServerName(fields)
  return {
    kind: 'http',
    url,
    method: method === '' ? 'GET' : method,
    headers: readHeaders(fields),
    body: fields.text('Body', noteLimits) ?? '',
    skipsTlsVerify: fields.boolean('TLSSkipVerify') ?? false,
    ...(tlsServerName === '' ? {} : { tlsServerName }),
    ...times,
  }
}

function readProbe(fields: Fields): Probe {
  const url = readUrl(fields)
  const address = readTcp(fields)
  const ttlMs = fields.duration('TTL', 0, 30 * day) ?? 0
  const intervalMs = fields.duration('Interval', 0, 30 * day) ?? 0
  const timeoutMs = fields.duration('Timeout', 0, maxTimeoutMs) ?? 0
  if (url !== undefined && address !== undefined)
    throw badRequest('Invalid check: HTTP and TCP cannot both be specified')
  if (ttlMs > 0 && intervalMs > 0) throw badRequest('Invalid check: Interval and TTL cannot both be specified')
  if (url === undefined && address === undefined) {
    if (ttlMs <= 0) throw badRequest('Invalid check: one of HTTP, TCP or TTL > 0 must be specified')
    return { kind: 'ttl', ttlMs }
  }
  if (intervalMs <= 0) throw badRequest('Invalid check: Interval must be > 0 for HTTP and TCP checks')
  const times = {
    intervalMs: Math.max(intervalMs, minIntervalMs),
    timeoutMs: timeoutMs > 0 ? timeoutMs : defaultTimeoutMs,
  }
  return url === undefined ? { kind: 'tcp', address: address ?? '', ...times } : readHttp(fields, url, times)
}

/** The shortest times that a registry grants; shorter ones are lengthened or refused. */
export interface Shortest {
  readonly deregisterMs: number
  readonly sessionTtlMs: number
}

/** What Consul grants. */
export const usualShortest: Shortest = Object.freeze({ deregisterMs: 60_000, sessionTtlMs: 10_000 })

/** Reads a check's definition; `nameOf` gives the name when it has none. @throws ConsulError 400 naming the field */
export function readCheck(fields: Fields, shortest: Shortest, nameOf: () => string): NewCheck {
  const id = fields.text('CheckID', idLimits) ?? fields.text('ID', idLimits)
  fields.text('ID', idLimits)
  const name = fields.text('Name', { max: 256 }) ?? ''
  const notes = fields.text('Notes', noteLimits) ?? ''
  const status = fields.text('Status', { max: 40 }) ?? ''
  const output = fields.text('Output', noteLimits) ?? ''
  const probe = readProbe(fields)
  const afterMs = fields.duration('DeregisterCriticalServiceAfter', 0, maxDeregisterMs) ?? 0
  const definition = {
    name: name === '' ? nameOf() : name,
    notes,
    probe,
    successesBeforePassing: fields.integer('SuccessBeforePassing', 0, maxStreak) ?? 0,
    failuresBeforeCritical: fields.integer('FailuresBeforeCritical', 0, maxStreak) ?? 0,
  }
  for (const unused of ['Method', 'Header', 'Body', 'TLSSkipVerify', 'TLSServerName']) fields.raw(unused)
  fields.end(unsupported)
  return {
    id,
    definition,
    initialStatus: status === '' ? 'critical' : parseStatus(status),
    initialOutput: output,
    deregisterAfterMs: afterMs === 0 ? undefined : Math.max(afterMs, shortest.deregisterMs),
  }
}
