// A child process that is kept running: started, checked, limited in memory, restarted with back-off, stopped gently then hard.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { Logger } from './ports.ts'

/** Options of {@link superviseProcess}. */
export interface SupervisedOptions {
  /** For the log, e.g. `inference-1`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the child; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly log: Logger
  /** Resolves when the child is well; asked until the first success, then every `checkEveryMs`. */
  readonly check?: (child: ChildProcess) => Promise<void>
  readonly checkEveryMs?: number
  /** Longest wait for the first successful check; default 30 s. */
  readonly startLimitMs?: number
  /** Resident memory above which the child is killed (Linux). */
  readonly memoryMb?: number
  /** Time between SIGTERM and SIGKILL; default 5 s. */
  readonly stopGraceMs?: number
  readonly firstBackOffMs?: number
  /** Called with each new process, e.g. to attach to its channel. */
  readonly onStart?: (child: ChildProcess) => void
  /** Opens an IPC channel (for children that are Node). */
  readonly hasChannel?: boolean
  /** Opens a pipe for bytes in both directions: `child.stdio[3]` here, file descriptor 3 there. */
  readonly hasDataPipe?: boolean
}

/** A child process under supervision. */
export interface SupervisedProcess {
  /** Undefined between an end and the restart. */
  readonly pid: number | undefined
  readonly restarts: number
  readonly isReady: boolean
  /** Starts it; resolves when the first check passes. */
  start(): Promise<void>
  stop(): Promise<void>
}

const maxBackOffMs = 10_000
const stableAfterMs = 30_000
const firstCheckEveryMs = 25
const failedChecksAllowed = 3
const pageBytes = 4096

interface Run {
  child: ChildProcess | undefined
  restarts: number
  isReady: boolean
  isStopping: boolean
  readonly stop: AbortController
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

// Second field of /proc/<pid>/statm: resident pages.
async function residentBytes(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '0 0')
  return Number(text.split(' ')[1]) * pageBytes
}

async function endChild(child: ChildProcess, graceMs: number): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await ended
  clearTimeout(timer)
}

function spawnChild(options: SupervisedOptions): ChildProcess {
  const child = spawn(options.command, [...options.args], {
    env: { ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: [
      ...(['ignore', 'ignore', 'pipe'] as const),
      ...(options.hasDataPipe === true ? (['pipe'] as const) : []),
      ...(options.hasChannel === true ? (['ipc'] as const) : []),
    ],
  })
  child.on('error', (error) => options.log.error('process.failed', { process: options.name, error }))
  // Lines of a native library may quote what it was fed: only their number is told.
  child.stderr?.on('data', (chunk: Buffer) =>
    options.log.debug('process.stderr', { process: options.name, bytes: chunk.length }),
  )
  options.onStart?.(child)
  return child
}

async function untilReady(child: ChildProcess, options: SupervisedOptions): Promise<void> {
  const until = Date.now() + (options.startLimitMs ?? 30_000)
  const { check } = options
  for (;;) {
    if (child.pid === undefined || hasEnded(child))
      throw new AppError('unavailable', `The process ${options.name} ended while it was starting`)
    const isWell =
      check === undefined ||
      (await check(child).then(
        () => true,
        () => false,
      ))
    if (isWell && !hasEnded(child)) return
    if (Date.now() > until) throw new AppError('timeout', `The process ${options.name} was not ready in time`)
    await delay(firstCheckEveryMs)
  }
}

async function watch(child: ChildProcess, options: SupervisedOptions, stop: AbortSignal): Promise<void> {
  let failures = 0
  while (!stop.aborted && !hasEnded(child)) {
    await delay(options.checkEveryMs ?? 1000, undefined, { signal: stop, ref: false }).catch(() => undefined)
    if (stop.aborted || hasEnded(child)) return
    const isWell =
      options.check === undefined ||
      (await options.check(child).then(
        () => true,
        () => false,
      ))
    failures = isWell ? 0 : failures + 1
    const limitBytes = (options.memoryMb ?? Number.POSITIVE_INFINITY) * 1024 * 1024
    const isTooLarge = (await residentBytes(child.pid)) > limitBytes
    if (failures < failedChecksAllowed && !isTooLarge) continue
    options.log.error('process.killed', { process: options.name, reason: isTooLarge ? 'memory' : 'check' })
    child.kill('SIGKILL')
    return
  }
}

async function launch(run: Run, options: SupervisedOptions): Promise<ChildProcess> {
  const child = spawnChild(options)
  run.child = child
  try {
    await untilReady(child, options)
  } catch (error) {
    if (child.pid !== undefined) await endChild(child, 0)
    throw error
  }
  run.isReady = true
  options.log.info('process.ready', { process: options.name, pid: child.pid })
  return child
}

async function keepRunning(run: Run, first: ChildProcess, options: SupervisedOptions): Promise<void> {
  const firstMs = options.firstBackOffMs ?? 100
  let child: ChildProcess | undefined = first
  let backOffMs = firstMs
  while (!run.isStopping) {
    const since = Date.now()
    if (child !== undefined) {
      const ended = hasEnded(child) ? Promise.resolve() : once(child, 'exit')
      void watch(child, options, run.stop.signal)
      await ended
      run.isReady = false
      run.child = undefined
      if (run.isStopping) return
      options.log.error('process.ended', { process: options.name, code: child.exitCode, signal: child.signalCode })
      if (Date.now() - since > stableAfterMs) backOffMs = firstMs
    }
    await delay(backOffMs, undefined, { signal: run.stop.signal }).catch(() => undefined)
    backOffMs = Math.min(backOffMs * 2, maxBackOffMs)
    if (run.isStopping) return
    run.restarts += 1
    child = await launch(run, options).catch((error: unknown) => {
      options.log.warn('process.restart.failed', { process: options.name, error })
      return undefined
    })
  }
}

/** Creates a supervised process; nothing runs before `start`. */
export function superviseProcess(options: SupervisedOptions): SupervisedProcess {
  const run: Run = { child: undefined, restarts: 0, isReady: false, isStopping: false, stop: new AbortController() }
  const owned: { keeping?: Promise<void> } = {}
  return {
    get pid() {
      return run.child?.pid
    },
    get restarts() {
      return run.restarts
    },
    get isReady() {
      return run.isReady
    },
    async start() {
      const child = await launch(run, options)
      owned.keeping = keepRunning(run, child, options)
    },
    async stop() {
      run.isStopping = true
      run.stop.abort()
      if (run.child !== undefined) await endChild(run.child, options.stopGraceMs ?? 5000)
      await owned.keeping
      if (run.child !== undefined) await endChild(run.child, 0) // a restart may have been under way
      run.isReady = false
    },
  }
}
