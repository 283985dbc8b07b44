// Starts a whole system as a child process and waits until it is ready: for the demo, the proofs and the end-to-end tests.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import { listeningPorts } from '../composition/ports.ts'
import { processEnvironment, readSettings } from '../kernel/config.ts'
import { freePort } from '../kernel/free-port.ts'
import { type RunState, readRunState } from './run-state.ts'

/** A system that this process started. */
export interface StartedSystem {
  readonly state: RunState
  readonly child: ChildProcess
  /** Milliseconds from the start of the process until every service was ready. */
  readonly readyAfterMs: number
  /** The state as it is now; the embedded PostgreSQL has another process id after a crash. */
  refresh(): Promise<RunState>
  /** Stops it gracefully. */
  stop(): Promise<void>
  /** Pulls the plug: SIGKILL to the server alone. */
  kill(): Promise<void>
}

const program = fileURLToPath(new URL('./main.ts', import.meta.url))
const startLimitMs = 240_000 // a guard against hanging; an end is noticed at once

// A system that is started beside another one must not share its database, its registry or its address; empty is unset.
const ownAlone = {
  ...{ DATABASE_URL: '', DB_CONNECTION_STRING: '', XINGLIN_POSTGRES_PORT: '' },
  ...{ CONSUL_HTTP_ADDR: '', CONSUL_HOST: '', PUBLIC_URL: '', SERVICES: '' },
}

/** Settings that put a system on free ports, with a database and a registry of its own, so that it meets no other one. */
export async function freePorts(): Promise<Readonly<Record<string, string>>> {
  const { settingsByOwner } = await import('../services.ts')
  const fixed = listeningPorts({ specs: settingsByOwner, settings: readSettings(settingsByOwner, {}) })
  const ports = await Promise.all(fixed.map(async ({ env }) => [env, String(await freePort())] as const))
  return { ...ownAlone, ...Object.fromEntries(ports) }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) })
    return answer.ok
  } catch {
    return false
  }
}

/** A process of a system, with the last it said. */
export interface SystemProcess {
  readonly child: ChildProcess
  readonly output: readonly string[]
  end(signal: NodeJS.Signals): Promise<void>
}

const keptChunks = 500

/** Starts the named services (all without names) as a process that ends when this one does. */
export function startServices(
  names: readonly string[],
  dataFolder: string,
  settings: Readonly<Record<string, string>>,
): SystemProcess {
  const output: string[] = []
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'start', ...names], {
    env: { ...processEnvironment(), ...settings, XINGLIN_DATA: dataFolder },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // the channel: the system ends when this process does
  })
  child.channel?.unref()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output.push(chunk.toString())
      if (output.length > keptChunks) output.shift()
    })
  }
  return {
    child,
    output,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
}

function refuseEnded({ child, output }: SystemProcess): void {
  if (child.exitCode === null) return
  throw new AppError('unavailable', `The system stopped while starting:\n${output.join('').slice(-2000)}`)
}

async function untilSo(
  processes: readonly SystemProcess[],
  dataFolder: string,
  isSo: (state: RunState) => Promise<boolean>,
): Promise<RunState> {
  const until = Date.now() + startLimitMs
  while (Date.now() < until) {
    for (const one of processes) refuseEnded(one)
    const state = await readRunState(dataFolder)
    if (state !== undefined && state.pid === processes[0]?.child.pid && (await isSo(state))) return state
    await delay(50)
  }
  for (const { child } of processes) child.kill('SIGKILL')
  const last = processes.map(({ output }) => output.join('').slice(-2000)).join('\n')
  throw new AppError('timeout', `The system was not ready after ${startLimitMs / 1000} s:\n${last}`)
}

/**
 * Waits until the process that holds the gateway has started, whoever else is still missing.
 * @throws AppError when it stops, or four minutes have passed
 */
export function untilStarted(edge: SystemProcess, dataFolder: string): Promise<RunState> {
  return untilSo([edge], dataFolder, async () => true)
}

/**
 * Waits until the gateway, which the first process holds, says that every service is ready.
 * @throws AppError when a process stops, or four minutes have passed; its last output is in the message
 */
export function untilReady(processes: readonly SystemProcess[], dataFolder: string): Promise<RunState> {
  return untilSo(processes, dataFolder, ({ gatewayUrl }) => isReady(gatewayUrl))
}

/**
 * Starts a system on a data folder with the given settings (environment variables).
 * @throws AppError when it stops or is not ready within four minutes; its last output is in the message
 */
export async function startSystem(
  dataFolder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<StartedSystem> {
  const startedAt = performance.now()
  const whole = startServices([], dataFolder, settings)
  const state = await untilReady([whole], dataFolder)
  return {
    state,
    child: whole.child,
    readyAfterMs: performance.now() - startedAt,
    refresh: async () => (await readRunState(dataFolder)) ?? state,
    stop: () => whole.end('SIGTERM'),
    kill: () => whole.end('SIGKILL'),
  }
}
