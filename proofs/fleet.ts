// A system on one machine with two processes of each group, TLS between all of them, and a PostgreSQL of its own beside.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeCertificates } from '../packages/platform/src/cli/certs/index.ts'
import type { SystemPlace } from '../packages/platform/src/cli/local.ts'
import { parts } from '../packages/platform/src/cli/split-system.ts'
import { freePorts, type SystemProcess, startServices } from '../packages/platform/src/cli/system.ts'
import { certificatesFolder, ownPaths } from '../packages/platform/src/composition/certificate-files.ts'
import { startEmbeddedPostgres } from '../packages/platform/src/engines/postgres/index.ts'
import { silentLogger } from '../packages/platform/src/testing/silent-logger.ts'

/** The groups, in the order in which they start. */
export const groups = {
  edge: parts.edge.filter((name) => name !== 'gateway'),
  clinical: parts.clinical,
  ai: parts.ai,
  gateway: ['gateway'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** The name of a group. */
export type GroupName = keyof typeof groups

/** A process that can be started again as it was. */
export interface Replica {
  readonly group: GroupName
  readonly number: 1 | 2
  readonly process: () => SystemProcess
  /** SIGTERM, and the same process anew; resolves when it is ready and known to the others. */
  restart(): Promise<{ readonly stopMs: number; readonly startMs: number; readonly code: number | null }>
}

/** The running fleet. */
export interface Fleet {
  readonly place: SystemPlace
  readonly gatewayUrls: readonly string[]
  readonly replicas: readonly Replica[]
  stop(): Promise<void>
}

type Values = Readonly<Record<string, string>>

const guardMs = 1_800_000 // against hanging; an end is noticed at once, and a busy machine takes its time
const lookEveryMs = 100
const answerMs = 30_000
const unregistered: readonly string[] = ['gateway', 'registry'] // they answer on ports of their own
const poolSize = '8' // eight processes share the connections of one PostgreSQL

async function until(what: string, one: SystemProcess, isSo: () => Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(guardMs)
  while (!(await isSo().catch(() => false))) {
    const last = (): string => one.output.join('').slice(-2000)
    if (one.child.exitCode !== null) throw new Error(`${what} stopped while starting:\n${last()}`)
    if (signal.aborted) throw new Error(`${what} was not ready after ${guardMs / 1000} s:\n${last()}`)
    await delay(lookEveryMs)
  }
}

const urlOf = (port: string | undefined): string => `http://127.0.0.1:${port}`
const answers = async (url: string): Promise<Response> => fetch(url, { signal: AbortSignal.timeout(answerMs) })

type Found = readonly { readonly Service: { readonly ID: string } }[]

// Registered instances, well or not; those that are well now.
async function instancesOf(registryUrl: string, service: string, query: '' | '?passing'): Promise<readonly string[]> {
  const found = (await (await answers(`${registryUrl}/v1/health/service/${service}${query}`)).json()) as Found
  return found.map(({ Service }) => Service.ID)
}

/** New instances of a group of services, as they come. */
export interface Arrival {
  /**
   * Says whether a new instance of every service has been seen well, beside the others. On a busy machine late looks make one
   * or another unwell for a while: not all services need to be well at once.
   */
  isComplete(): Promise<boolean>
}

/**
 * Begins to watch for new instances of these services, each of which has so many others. What is known already is asked of both
 * registries, since one of them may just be away; who has come is asked of the first alone.
 */
export async function arrivalOf(
  registryUrls: readonly [string, string],
  services: readonly string[],
  others: number,
): Promise<Arrival> {
  const [registryUrl] = registryUrls
  const known = new Set<string>()
  for (const url of registryUrls)
    for (const service of services) for (const id of await instancesOf(url, service, '').catch(() => [])) known.add(id)
  const missing = new Set(services)
  return {
    async isComplete() {
      for (const service of [...missing]) {
        const well = await instancesOf(registryUrl, service, '?passing')
        if (well.length > others && well.some((id) => !known.has(id))) missing.delete(service)
      }
      return missing.size === 0
    },
  }
}

interface Setup {
  readonly folder: string
  readonly common: Values
  readonly ports: readonly [Values, Values]
}

async function setUp(folder: string, databaseUrl: string): Promise<Setup> {
  await makeCertificates(certificatesFolder(folder), new Date())
  const ports = [await freePorts(), await freePorts()] as const
  const { authority, certificate, key } = ownPaths(certificatesFolder(folder), 'gateway')
  const common = {
    DATABASE_URL: databaseUrl,
    DATABASE_POOL: poolSize,
    INTERNAL_KEY: randomBytes(32).toString('base64url'),
    CONSUL_HTTP_ADDR: ports.map((own) => `https://127.0.0.1:${own.REGISTRY_TLS_PORT}`).join(','),
    PUBLIC_URL: `http://127.0.0.1:${ports[0].PORT}`,
    SERVICE_TLS: 'true',
    DRAIN_SECONDS: '2',
    DEMO: 'false',
    LOG_LEVEL: 'warn',
  }
  // The second gateway has a data folder of its own: one folder belongs to one gateway.
  const second = { SERVICE_TLS_CA: authority, SERVICE_TLS_CERT: certificate, SERVICE_TLS_KEY: key }
  return { folder, common, ports: [ports[0], { ...ports[1], ...second }] }
}

function replicaOf(
  group: GroupName,
  number: 1 | 2,
  { folder, common, ports }: Setup,
): Replica & { start(): Promise<void> } {
  const isSecondGateway = group === 'gateway' && number === 2
  const { SERVICE_TLS_CA: _ca, SERVICE_TLS_CERT: _cert, SERVICE_TLS_KEY: _key, ...shared } = ports[1]
  const second = isSecondGateway ? ports[1] : shared
  const settings = { ...(number === 1 ? ports[0] : second), ...common }
  const data = isSecondGateway ? join(folder, 'second') : folder
  const state: { process: SystemProcess | undefined } = { process: undefined }
  const current = (): SystemProcess => {
    if (state.process === undefined) throw new Error(`${group} ${number} was not started`)
    return state.process
  }
  const registryUrls = [urlOf(ports[0].REGISTRY_PORT), urlOf(ports[1].REGISTRY_PORT)] as const
  const start = async (others: number): Promise<void> => {
    const registered = groups[group].filter((name) => !unregistered.includes(name))
    const arrival = await arrivalOf(registryUrls, registered, others)
    state.process = startServices(groups[group], data, settings)
    const isThere = async (): Promise<boolean> =>
      group === 'gateway' ? (await answers(`${urlOf(settings.PORT)}/health/ready`)).ok : arrival.isComplete()
    await until(`${group} ${number}`, current(), isThere)
  }
  return {
    group,
    number,
    process: current,
    start: () => start(number - 1),
    async restart() {
      const stopped = current()
      const begunMs = performance.now()
      await stopped.end('SIGTERM')
      const stopMs = performance.now() - begunMs
      await start(1)
      return { stopMs, startMs: performance.now() - begunMs - stopMs, code: stopped.child.exitCode }
    },
  }
}

/** Starts the whole in a folder of its own. */
export async function startFleet(): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-fleet-'))
  const database = await startEmbeddedPostgres({ dataFolder: join(folder, 'database'), log: silentLogger })
  const setup = await setUp(folder, database.url)
  const names = Object.keys(groups) as readonly GroupName[]
  const replicas = names.flatMap((group) => ([1, 2] as const).map((number) => replicaOf(group, number, setup)))
  const started: Replica[] = []
  const stop = async (): Promise<void> => {
    for (const one of started.toReversed()) await one.process().end('SIGTERM')
    await database.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    // The first registry brings the database up to date and knows the others when they come.
    const [first, ...others] = replicas
    started.push(...(first === undefined ? [] : [first]))
    await first?.start()
    started.push(...others)
    await Promise.all(others.map((one) => one.start()))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    place: { databaseUrl: database.url, dataFolder: folder },
    gatewayUrls: setup.ports.map(({ PORT }) => urlOf(PORT)),
    replicas,
    stop,
  }
}
