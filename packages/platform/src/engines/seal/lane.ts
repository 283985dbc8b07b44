// One computing process with its folder: started for the first task, asked one thing at a time, ended when it is lost or idle.
import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import type { Logger } from '../../kernel/ports.ts'
import { type SupervisedProcess, superviseProcess } from '../../kernel/supervised-process.ts'
import type { SealAnswer, SealLimits, SealResult, SealTask } from './protocol.ts'

/** Options of a lane. */
export interface LaneOptions {
  readonly name: string
  /** Folder for the files of all lanes; made where it is missing. */
  readonly folder: string
  readonly limits: SealLimits
  /** Resident memory above which the process is killed. */
  readonly memoryMb: number
  readonly log: Logger
}

/** How one task is run. */
export interface TaskOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** A computing process. */
export interface Lane {
  /** Where files for it are put; known once it is open. */
  readonly folder: string
  readonly pid: number | undefined
  /** @throws AppError of the task, 'timeout', 'unavailable' when the process was lost */
  run(task: SealTask, options: TaskOptions): Promise<SealResult>
  close(): Promise<void>
}

interface Waiting {
  readonly settle: (answer: SealAnswer) => void
  readonly fail: (error: unknown) => void
  readonly onProgress: ((done: number, total: number) => void) | undefined
}

const program = fileURLToPath(new URL('./seal-process.ts', import.meta.url))
const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const pingLimitMs = 5000
const heapMb = 512

// Code may be read, its own folder written; other files, children, workers and native code are closed to it.
function argumentsFor(folder: string, limits: SealLimits): readonly string[] {
  const readable = [`${root}node_modules`, `${root}packages`, folder].map((path) => `--allow-fs-read=${path}`)
  return [
    ...['--permission', ...readable, `--allow-fs-write=${folder}`],
    ...[`--max-old-space-size=${heapMb}`, '--disable-warning=ExperimentalWarning'],
    ...[program, JSON.stringify(limits)],
  ]
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

// A server that was killed leaves its folder behind.
async function sweep(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) {
    const pid = Number(/^lane-(\d+)-/.exec(name)?.[1])
    if (pid > 0 && !isAlive(pid)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

interface Channel {
  child: ChildProcess | undefined
  /** By number: the supervisor's question may be under way beside a task. */
  readonly waiting: Map<number, Waiting>
  nextId: number
}

function attach(channel: Channel, child: ChildProcess): void {
  channel.child = child
  child.on('message', (answer: SealAnswer) => {
    const waiting = channel.waiting.get(answer.id)
    if (answer.kind === 'progress') waiting?.onProgress?.(answer.done, answer.total)
    else waiting?.settle(answer)
  })
  child.on('exit', () => {
    if (channel.child === child) channel.child = undefined
    const lost = new AppError('unavailable', 'The computing process ended before its task', { retryAfterSeconds: 1 })
    for (const { fail } of channel.waiting.values()) fail(lost)
  })
}

async function ask(channel: Channel, task: SealTask, { timeoutMs, signal, onProgress }: TaskOptions) {
  const id = channel.nextId++
  const limit = AbortSignal.timeout(timeoutMs)
  const stop = signal === undefined ? limit : AbortSignal.any([signal, limit])
  stop.throwIfAborted()
  const cleanUp: (() => void)[] = []
  try {
    return await new Promise<SealAnswer>((settle, fail) => {
      const onStop = (): void =>
        fail(limit.aborted ? new AppError('timeout', 'The computation took too long and was stopped') : stop.reason)
      stop.addEventListener('abort', onStop, { once: true })
      cleanUp.push(() => stop.removeEventListener('abort', onStop))
      channel.waiting.set(id, { settle, fail, onProgress })
      channel.child?.send({ id, task }, (error) => {
        if (error !== null)
          fail(new AppError('unavailable', 'The computing process cannot be reached', { cause: error }))
      })
      if (channel.child === undefined) fail(new AppError('unavailable', 'The computing process is not there'))
    })
  } finally {
    channel.waiting.delete(id)
    for (const undo of cleanUp) undo()
  }
}

/** Opens a lane: makes its folder and starts its process. */
export async function openLane({ name, folder, limits, memoryMb, log }: LaneOptions): Promise<Lane> {
  await sweep(folder)
  const own = await mkdtemp(join(folder, `lane-${process.pid}-`))
  const channel: Channel = { child: undefined, waiting: new Map(), nextId: 1 }
  const supervised: SupervisedProcess = superviseProcess({
    ...{ name, command: process.execPath, args: argumentsFor(own, limits), log, memoryMb },
    hasChannel: true,
    stopGraceMs: 200,
    onStart: (child) => attach(channel, child),
    // A process at work answers late; it has its own limit of time.
    check: async () => {
      if (channel.waiting.size === 0) await ask(channel, { kind: 'ping' }, { timeoutMs: pingLimitMs })
    },
  })
  const close = async (): Promise<void> => {
    await supervised.stop()
    await rm(own, { recursive: true, force: true })
  }
  try {
    await supervised.start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    folder: own,
    get pid() {
      return supervised.pid
    },
    async run(task, options) {
      const answer = await ask(channel, task, options)
      if (answer.kind === 'done') return answer.result
      if (answer.kind === 'refused') throw new AppError(answer.code, answer.message)
      throw new Error(answer.kind === 'failed' ? `The computing process failed: ${answer.message}` : 'No answer came')
    },
    close,
  }
}
