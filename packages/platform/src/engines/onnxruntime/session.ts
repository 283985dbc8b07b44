// One graph in one supervised child: opened again after a crash, runs in turn, with a bounded queue and a way to give up.
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import type { Logger, NamedTensors, OnnxSession } from '../../kernel/ports.ts'
import { superviseProcess } from '../../kernel/supervised-process.ts'
import { type Connection, connect, type Opened } from './connection.ts'
import { checkFeeds, checkOutputs } from './feeds.ts'
import { createTurns } from './turns.ts'

/** What opening takes. */
export interface SessionOptions {
  /** For the log, e.g. `onnx-3`. */
  readonly name: string
  readonly log: Logger
  readonly threads: number
  /** Resident memory at which the child is killed and started anew. */
  readonly memoryMb: number
  /** Runs that may wait; more are refused. */
  readonly queueLimit: number
  /** A run longer than this counts as stuck: the child is killed. */
  readonly runLimitMs: number
  /** Told when the session was closed. */
  readonly onClose: () => void
}

/** A session that tells how long the graph itself took. */
export interface TimedSession extends OnnxSession {
  /** The process, undefined while it is started again. */
  readonly pid: number | undefined
  readonly restarts: number
  /** Like `run`, with the nanoseconds spent in ONNX Runtime. */
  runTimed(
    feeds: NamedTensors,
    options?: { readonly outputs?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<{ readonly outputs: NamedTensors; readonly computeNs: number }>
}

const childFile = fileURLToPath(new URL('./child.ts', import.meta.url))
const pingLimitMs = 3000
// Two on the way: the next is in the pipe when the child has finished one.
const maxUnderWay = 2

interface State {
  connection: Connection | undefined
  opened: Opened | undefined
  oldestRunMs: number | undefined
}

async function ping({ ask }: Connection): Promise<void> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error('no answer to a ping')), pingLimitMs).unref()
  })
  await Promise.race([ask({ kind: 'ping' }), late])
}

// A child that computes cannot answer: it counts as well until its run takes too long.
function checkOf(state: State, runLimitMs: number): () => Promise<void> {
  return async () => {
    const { connection, oldestRunMs } = state
    if (connection?.opened === undefined) throw new Error('the graph is not open yet')
    state.opened = connection.opened
    if (oldestRunMs === undefined) return ping(connection)
    if (performance.now() - oldestRunMs > runLimitMs) throw new Error('a run takes too long')
  }
}

async function start(supervised: ReturnType<typeof superviseProcess>, state: State): Promise<Opened> {
  try {
    await supervised.start()
  } catch (error) {
    const refusal = state.connection?.refusal
    if (refusal === undefined) throw error
    throw new AppError('unprocessable', `ONNX Runtime cannot open the graph: ${refusal}`, { cause: error })
  }
  if (state.opened === undefined) throw new Error('A child was ready before its graph was open')
  return state.opened
}

function abandoned(signal: AbortSignal): AppError {
  const { reason } = signal as { reason: unknown }
  return reason instanceof AppError ? reason : new AppError('timeout', 'The run was given up', { cause: reason })
}

// What was given up still ends in the child; its answer is dropped.
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abandoned(signal))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/**
 * Opens a graph in a child of its own.
 * @throws AppError 'unprocessable' when ONNX Runtime refuses the graph
 */
export async function openSession(graph: Uint8Array, options: SessionOptions): Promise<TimedSession> {
  const { name, log, threads, memoryMb, queueLimit, runLimitMs } = options
  const state: State = { connection: undefined, opened: undefined, oldestRunMs: undefined }
  const supervised = superviseProcess({
    name,
    log,
    memoryMb,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=256', childFile],
    hasDataPipe: true,
    check: checkOf(state, runLimitMs),
    onStart(child) {
      state.connection = connect(child)
      state.connection.send({ kind: 'open', threads }, { blob: graph })
    },
  })
  const opened = await start(supervised, state)
  const turns = createTurns({ limit: queueLimit, underWay: maxUnderWay })

  const runTimed: TimedSession['runTimed'] = async (feeds, { outputs, signal } = {}) => {
    checkFeeds(feeds, opened)
    if (outputs !== undefined) checkOutputs(outputs, opened)
    const work = turns.take(async () => {
      const { connection } = state
      if (connection === undefined || !supervised.isReady) {
        throw new AppError('unavailable', 'The model is being started again', { retryAfterSeconds: 1 })
      }
      state.oldestRunMs ??= performance.now()
      try {
        return await connection.ask({ kind: 'run', ...(outputs === undefined ? {} : { outputs }) }, { tensors: feeds })
      } finally {
        state.oldestRunMs = turns.underWay() > 1 ? performance.now() : undefined
      }
    }, signal)
    const { tensors, header } = await unlessAborted(work, signal)
    return { outputs: tensors, computeNs: Number(header['ns']) }
  }
  return {
    inputNames: opened.inputNames,
    outputNames: opened.outputNames,
    get pid() {
      return supervised.pid
    },
    get restarts() {
      return supervised.restarts
    },
    runTimed,
    run: async (feeds, runOptions) => (await runTimed(feeds, runOptions)).outputs,
    async close() {
      options.onClose()
      turns.close()
      await supervised.stop()
    },
  }
}
