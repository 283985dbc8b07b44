// The stage of chaos experiments: the whole system in several processes, every line between them led through a fault proxy.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import { type Guard, registeredInstances, startGuard } from '../../edge/chaos/index.ts'
import { isPortFree } from '../../kernel/free-port.ts'
import { freePorts } from '../system.ts'
import type { DatabaseNews } from './database-process.ts'
import { type Part, startPart } from './part.ts'

/** The processes of a stage by name, with their services; the first holds gateway and registry. */
export type Layout = Readonly<Record<string, readonly string[]>>

/** An instance that is led through a proxy of its own. */
export interface StageInstance {
  readonly id: string
  readonly service: string
  readonly part: string
}

/** A running stage. */
export interface Stage {
  readonly guard: Guard
  readonly parts: ReadonlyMap<string, Part>
  /** Instances led through proxies, by id. */
  readonly instances: ReadonlyMap<string, StageInstance>
  readonly database: () => DatabaseNews
  /** The gateway behind its proxy, as the load sees it; and itself. */
  readonly gatewayUrl: string
  readonly directUrl: string
  readonly registryUrl: string
  readonly dataFolder: string
  stop(): Promise<void>
}

/** Two replicas of everything that answers, one edge, one PostgreSQL. */
export const usualLayout: Layout = {
  edge: ['gateway', 'registry', 'audit'],
  'patient-1': ['patient'],
  'patient-2': ['patient'],
  'clinical-1': ['emr', 'pharmacy', 'triage'],
  'clinical-2': ['emr', 'pharmacy', 'triage'],
  'inference-1': ['inference'],
  'inference-2': ['inference'],
}

const databaseProgram = fileURLToPath(new URL('./database-process.ts', import.meta.url))
const startMs = 600_000 // a guard against hanging: a busy machine takes its time
const lookEveryMs = 100
/** Of one process to PostgreSQL; all together must stay below what the server takes. */
const connections = 5
const firstPort = 12_000
const endPort = 20_000
const portTries = 200

/** Name of the proxy between a process and an engine or the registry. */
export const lineTo = (service: 'postgres' | 'registry' | 'gateway', part: string): string => `${service}<-${part}`

async function startDatabase(folder: string): Promise<{ child: ChildProcess; news: () => DatabaseNews }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', databaseProgram, folder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  })
  const held: { news?: DatabaseNews } = {}
  child.on('message', (news) => {
    held.news = news as DatabaseNews // it sends nothing else
  })
  await Promise.race([once(child, 'message'), once(child, 'exit')])
  return {
    child,
    news() {
      if (held.news === undefined) throw new AppError('unavailable', 'The PostgreSQL of the stage could not be started')
      return held.news
    },
  }
}

// Beside the stretch that single free ports are taken from, so that neither takes the other's.
async function portsInARow(count: number, taken: Set<number>): Promise<readonly number[]> {
  for (let attempt = 0; attempt < portTries; attempt += 1) {
    const first = randomInt(firstPort, endPort - count)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if (ports.some((port) => taken.has(port))) continue
    for (const port of ports) taken.add(port)
    const free = await Promise.all(ports.map(isPortFree))
    if (free.every(Boolean)) return ports
  }
  throw new AppError('unavailable', `No ${count} free ports in a row were found between ${firstPort} and ${endPort}`)
}

async function waitFor(
  isSo: () => Promise<boolean>,
  what: string,
  given: { readonly words: () => string; readonly signal: AbortSignal },
): Promise<void> {
  const until = performance.now() + startMs
  while (!(await isSo().catch(() => false))) {
    if (given.signal.aborted) throw new AppError('unavailable', 'Ended from outside while the stage was starting')
    if (performance.now() > until)
      throw new AppError('timeout', `${what} did not come within ${startMs / 1000} s. ${given.words()}`)
    await pause(lookEveryMs)
  }
}

class OpenStage {
  readonly guard: Guard
  readonly parts = new Map<string, Part>()
  readonly instances = new Map<string, StageInstance>()
  readonly dataFolder: string
  readonly #common: Readonly<Record<string, string>>
  readonly #databaseProcess: ChildProcess
  readonly database: () => DatabaseNews
  gatewayUrl = ''
  readonly #takenPorts = new Set<number>()
  #isStopping = false

  constructor(given: {
    guard: Guard
    folder: string
    common: Readonly<Record<string, string>>
    database: Awaited<ReturnType<typeof startDatabase>>
  }) {
    this.guard = given.guard
    this.dataFolder = given.folder
    this.#common = given.common
    this.#databaseProcess = given.database.child
    this.database = given.database.news
  }

  get directUrl(): string {
    return `http://127.0.0.1:${this.#common['PORT']}`
  }

  get registryUrl(): string {
    return `http://127.0.0.1:${this.#common['REGISTRY_PORT']}`
  }

  #open(name: string, port: number): Promise<number> {
    return this.guard.order<number>({ kind: 'open', name, host: '127.0.0.1', port })
  }

  async openFront(): Promise<void> {
    this.gatewayUrl = `http://127.0.0.1:${await this.#open(lineTo('gateway', 'clients'), Number(this.#common['PORT']))}`
  }

  async start(name: string, services: readonly string[]): Promise<void> {
    const database = new URL(this.database().url)
    database.port = String(await this.#open(lineTo('postgres', name), Number(database.port)))
    const hasRegistry = services.includes('registry')
    const registryPort = hasRegistry
      ? 0
      : await this.#open(lineTo('registry', name), Number(this.#common['REGISTRY_PORT']))
    const ports = await portsInARow(services.length, this.#takenPorts)
    const environment = {
      ...(services.includes('gateway') ? this.#common : await freePorts()),
      DATABASE_URL: database.href,
      ...(hasRegistry ? {} : { CONSUL_HTTP_ADDR: `http://127.0.0.1:${registryPort}` }),
      DATABASE_POOL: String(connections),
      SERVICE_PORT: String(ports[0]),
      XINGLIN_DATA: this.dataFolder,
      LOG_LEVEL: 'error',
    }
    const onEnd = (): void => {
      const names = [...this.instances.values()].filter(({ part }) => part === name).map(({ id }) => id)
      for (const id of names) this.instances.delete(id)
      if (!this.#isStopping) this.guard.order({ kind: 'refuse', names, isRefusing: true }).catch(() => undefined)
    }
    // A part that does not come is told by whoever waits for it.
    const onStart = (): void => {
      this.#adopt(name).catch(() => undefined)
    }
    this.parts.set(name, startPart({ name, services, ports, environment, onEnd, onStart }))
  }

  // Leads the callers of a part that has registered through proxies of ours.
  async #adopt(name: string): Promise<void> {
    await pause(0)
    const part = this.parts.get(name)
    if (part?.pid !== undefined) await this.guard.order({ kind: 'clean', folder: this.dataFolder, pids: [part.pid] })
    const wanted = (part?.services ?? []).filter((service) => service !== 'registry' && service !== 'gateway')
    const isLed = (service: string): boolean =>
      [...this.instances.values()].some((one) => one.part === name && one.service === service)
    const until = performance.now() + startMs
    while (!this.#isStopping && !wanted.every(isLed) && performance.now() < until) {
      for (const service of wanted.filter((one) => !isLed(one))) await this.#lead(service, part)
      await pause(lookEveryMs)
    }
  }

  async #lead(service: string, part: Part | undefined): Promise<void> {
    const registry = { url: this.registryUrl }
    const found = await registeredInstances(registry, service).catch(() => [])
    for (const instance of found.filter(({ port }) => part?.ports.includes(port))) {
      await this.guard.order({ kind: 'open', name: instance.id, host: instance.address, port: instance.port })
      const isLed = await this.guard.order<boolean>({
        kind: 'lead',
        registry,
        instance,
        name: instance.id,
        isForGood: true,
      })
      if (isLed) this.instances.set(instance.id, { id: instance.id, service, part: part?.name ?? '' })
    }
  }

  async untilReady(signal: AbortSignal): Promise<void> {
    const wanted = [...this.parts.values()].flatMap(({ name, services }) =>
      services
        .filter((service) => service !== 'registry' && service !== 'gateway')
        .map((service) => ({ name, service })),
    )
    const words = (): string => [...this.parts.values()].map((part) => part.words()).join('\n')
    const isReady = async (): Promise<boolean> => {
      const led = [...this.instances.values()]
      if (!wanted.every(({ name, service }) => led.some((one) => one.part === name && one.service === service)))
        return false
      const answer = await fetch(`${this.directUrl}/health/ready`, { signal: AbortSignal.timeout(3000) })
      const { services } = (await answer.json()) as {
        readonly services: Readonly<Record<string, { readonly status: string }>>
      }
      return wanted.every(({ service }) => services[service]?.status === 'ready')
    }
    await waitFor(isReady, 'The stage', { words, signal })
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.guard.end().catch(() => undefined) // a guard that was killed has nothing left to hold up
    for (const part of [...this.parts.values()].toReversed()) await part.stop()
    const { exitCode, signalCode } = this.#databaseProcess
    if (exitCode === null && signalCode === null) {
      const ended = once(this.#databaseProcess, 'exit')
      this.#databaseProcess.kill('SIGTERM')
      await ended
    }
    await rm(this.dataFolder, { recursive: true, force: true })
  }
}

/** What starting a stage takes. */
export interface StageOptions {
  /** Keeps what a rescue would need. */
  readonly journalFolder: string
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Starts a stage on a folder of its own and waits until it is ready.
 * @throws AppError when a process cannot be started
 */
export async function startStage(layout: Layout, given: StageOptions): Promise<Stage> {
  const { journalFolder, say, signal } = given
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-chaos-'))
  const guard = startGuard(journalFolder)
  const database = await startDatabase(folder)
  await guard.order({ kind: 'clean', folder, pids: [database.child.pid ?? 0] })
  const stage = new OpenStage({ guard, folder, common: await freePorts(), database })
  try {
    await stage.openFront()
    for (const [index, [name, services]] of Object.entries(layout).entries()) {
      say(`starting ${name} (${services.join(', ')})`)
      await stage.start(name, services)
      if (index > 0) continue
      const isUp = async (): Promise<boolean> => (await fetch(`${stage.directUrl}/health/live`)).ok
      await waitFor(isUp, 'The edge', { words: () => stage.parts.get(name)?.words() ?? '', signal })
    }
    await stage.untilReady(signal)
    return stage
  } catch (error) {
    await stage.stop()
    throw error
  }
}
