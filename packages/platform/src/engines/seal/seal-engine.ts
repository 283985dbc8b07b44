// The engine behind the port Encrypted: a bounded queue in front of one computing process that lives only while there is work.
import { randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { VectorFacts } from '@xinglin/core/ckks'
import { readTensealContext } from '@xinglin/core/ckks'
import { AppError } from '@xinglin/core/errors'
import type {
  Encrypted,
  EncryptedComputation,
  EncryptedContext,
  EncryptedContextFacts,
  Logger,
} from '../../kernel/ports.ts'
import { type Lane, openLane, type TaskOptions } from './lane.ts'
import type { ComputedVectors, NamedContext, SealLimits, SealTask } from './protocol.ts'

/** Options of {@link createSealEngine}. */
export interface SealEngineOptions {
  /** Folder for files between the engine and its process. */
  readonly folder: string
  readonly limits: SealLimits
  readonly memoryMb: number
  /** Longest look at foreign bytes. */
  readonly inspectMs: number
  /** Longest computation. */
  readonly computeMs: number
  /** An idle process is ended after so long; default 60 s. */
  readonly idleMs?: number
  /** Most waiting tasks; default 32. */
  readonly queueLimit?: number
  readonly log: Logger
}

/** The engine with its end. */
export interface SealEngine extends Encrypted {
  /** Process id of the computing process, while there is one. */
  readonly pid: number | undefined
  close(): Promise<void>
}

interface State {
  lane: Lane | undefined
  /** Key of the context that the process holds. */
  contextKey: string | undefined
  queued: number
  last: Promise<unknown>
  idle: NodeJS.Timeout | undefined
  isClosed: boolean
}

const defaultIdleMs = 60_000
const defaultQueueLimit = 32

async function endLane(state: State): Promise<void> {
  const { lane } = state
  state.lane = undefined
  state.contextKey = undefined
  await lane?.close()
}

async function laneOf(state: State, options: SealEngineOptions): Promise<Lane> {
  const { folder, limits, memoryMb, log } = options
  state.lane ??= await openLane({ name: 'seal', folder, limits, memoryMb, log })
  return state.lane
}

// A process that was stopped, lost or abandoned is not asked again.
async function attempt<T>(state: State, options: SealEngineOptions, work: (lane: Lane) => Promise<T>): Promise<T> {
  try {
    return await work(await laneOf(state, options))
  } catch (error) {
    const isRefusal = error instanceof AppError && error.code === 'unprocessable'
    if (!isRefusal) await endLane(state)
    throw error
  }
}

// One task after the other; who waits too long in line is told at once.
async function inTurn<T>(state: State, options: SealEngineOptions, work: () => Promise<T>): Promise<T> {
  if (state.isClosed) throw new AppError('unavailable', 'The server is stopping')
  if (state.queued >= (options.queueLimit ?? defaultQueueLimit)) {
    throw new AppError('unavailable', 'Too many encrypted computations are waiting; try again shortly', {
      retryAfterSeconds: 2,
    })
  }
  state.queued += 1
  clearTimeout(state.idle)
  const mine = state.last.then(work)
  state.last = mine.catch(() => undefined)
  try {
    return await mine
  } finally {
    state.queued -= 1
    if (state.queued === 0 && !state.isClosed) {
      state.idle = setTimeout(() => {
        state.last = state.last.then(() => (state.queued === 0 ? endLane(state) : undefined))
      }, options.idleMs ?? defaultIdleMs).unref()
    }
  }
}

async function putFile(lane: Lane, bytes: Uint8Array): Promise<string> {
  const file = join(lane.folder, randomUUID())
  await writeFile(file, bytes, { mode: 0o600 })
  return file
}

async function contextFor(state: State, lane: Lane, { key, read }: EncryptedContext): Promise<NamedContext> {
  if (state.contextKey === key) return { key, file: undefined }
  state.contextKey = undefined
  return { key, file: await putFile(lane, await read()) }
}

interface Visit {
  readonly context: EncryptedContext
  readonly files: readonly Uint8Array[]
  readonly task: (context: NamedContext, files: readonly string[]) => SealTask
  readonly options: TaskOptions
}

// Lays context and files ready, runs the task, and clears the files away.
async function visit(state: State, lane: Lane, { context, files, task, options }: Visit) {
  const paths: string[] = []
  try {
    const named = await contextFor(state, lane, context)
    if (named.file !== undefined) paths.push(named.file)
    const given: string[] = []
    for (const bytes of files) given.push(await putFile(lane, bytes))
    paths.push(...given)
    const result = await lane.run(task(named, given), options)
    state.contextKey = named.key
    return result
  } finally {
    for (const path of paths) await rm(path, { force: true })
  }
}

async function compute(state: State, lane: Lane, given: EncryptedComputation, timeoutMs: number) {
  const { context, inputs, program, onProgress, signal } = given
  const resultPrefix = join(lane.folder, `${randomUUID()}-`)
  const task = (named: NamedContext, files: readonly string[]): SealTask => ({
    ...{ kind: 'compute', context: named, program, resultPrefix },
    inputs: inputs.map(({ name }, index) => ({ name, file: files[index] ?? '' })),
  })
  const options = {
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  }
  const answer = await visit(state, lane, { context, files: inputs.map(({ bytes }) => bytes), task, options })
  const { results, approximations, operations } = answer as ComputedVectors // what the process gives for this task
  const read = []
  for (const { file, ...facts } of results) {
    read.push({ ...facts, bytes: new Uint8Array(await readFile(file)) })
    await rm(file, { force: true })
  }
  return { results: read, approximations, operations }
}

// Bytes that end the process twice are what ended it.
async function twice<T>(work: () => Promise<T>): Promise<T> {
  const isLost = (error: unknown): boolean => error instanceof AppError && error.code === 'unavailable'
  try {
    return await work()
  } catch (error) {
    if (!isLost(error)) throw error
  }
  return work().catch((cause: unknown) => {
    if (!isLost(cause)) throw cause
    throw new AppError('unprocessable', 'The process that looked at these bytes was ended by them twice', { cause })
  })
}

// Refused before the bytes reach a disk or a process.
function refuseSecretKey(context: Uint8Array): void {
  if (readTensealContext(context).secretKey === undefined) return
  throw new AppError(
    'unprocessable',
    'The context carries a secret key. Nothing was kept; keep the key at home, treat this copy as disclosed, and send the public context only (TenSEAL: serialize() after make_context_public(); here: xinglin private keys writes public.tenseal)',
  )
}

/** Creates the engine; no process starts before the first task. */
export function createSealEngine(options: SealEngineOptions): SealEngine {
  const state: State = {
    lane: undefined,
    contextKey: undefined,
    queued: 0,
    last: Promise.resolve(),
    idle: undefined,
    isClosed: false,
  }
  const { inspectMs, computeMs } = options
  const withSignal = (signal: AbortSignal | undefined): TaskOptions =>
    signal === undefined ? { timeoutMs: inspectMs } : { timeoutMs: inspectMs, signal }
  const turn = <T>(work: (lane: Lane) => Promise<T>): Promise<T> =>
    inTurn(state, options, () => attempt(state, options, work))
  return {
    get pid() {
      return state.lane?.pid
    },
    async inspectContext(context, signal) {
      refuseSecretKey(context)
      const work = async (lane: Lane) => {
        state.contextKey = undefined
        const file = await putFile(lane, context)
        const task = { kind: 'inspect-context', file } as const
        return lane.run(task, withSignal(signal)).finally(() => rm(file, { force: true }))
      }
      return (await twice(() => turn(work))) as EncryptedContextFacts // what the process gives for this task
    },
    async inspectVector(context, vector, signal) {
      const task = (named: NamedContext, [file = '']: readonly string[]): SealTask => ({
        ...{ kind: 'inspect-vector', context: named, file },
      })
      const asked = { context, files: [vector], task, options: withSignal(signal) }
      return (await twice(() => turn((lane) => visit(state, lane, asked)))) as VectorFacts // likewise
    },
    compute: (computation) => turn((lane) => compute(state, lane, computation, computeMs)),
    async close() {
      state.isClosed = true
      clearTimeout(state.idle)
      await endLane(state)
      await state.last
    },
  }
}
