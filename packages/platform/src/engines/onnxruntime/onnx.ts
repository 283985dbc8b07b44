// The kernel's port Onnx: every graph in a supervised child of its own, so that a native abort ends that graph alone.
import { AppError } from '@xinglin/core/errors'
import type { Logger, Onnx } from '../../kernel/ports.ts'
import { openSession, type TimedSession } from './session.ts'

/** What the engine takes. */
export interface OnnxOptions {
  readonly log: Logger
  /** Most children at a time; more are refused. Default 32. */
  readonly maxSessions?: number
  readonly queueLimit?: number
  readonly runLimitMs?: number
}

/** The engine of a process; `close` ends every child that is left. */
export interface OpenOnnx extends Onnx {
  open(graph: Uint8Array, options?: { readonly threads?: number; readonly memoryMb?: number }): Promise<TimedSession>
  close(): Promise<void>
}

const defaultMaxSessions = 32
const defaultMemoryMb = 2048
const defaultQueueLimit = 256
const defaultRunLimitMs = 600_000
const maxThreads = 64

/** Creates the engine; nothing runs before the first `open`. */
export function createOnnx(options: OnnxOptions): OpenOnnx {
  const { log, maxSessions = defaultMaxSessions } = options
  const { queueLimit = defaultQueueLimit, runLimitMs = defaultRunLimitMs } = options
  const sessions = new Set<TimedSession>()
  const state = { opening: 0, made: 0, isClosed: false }

  async function open(graph: Uint8Array, threads: number, memoryMb: number): Promise<TimedSession> {
    state.opening += 1
    state.made += 1
    try {
      const name = `onnx-${state.made}`
      const limits = { threads, memoryMb, queueLimit, runLimitMs }
      const onClose = (): void => {
        sessions.delete(session)
      }
      const session: TimedSession = await openSession(graph, { name, log, ...limits, onClose })
      sessions.add(session)
      if (state.isClosed) await session.close()
      return session
    } finally {
      state.opening -= 1
    }
  }
  return {
    async open(graph, { threads = 1, memoryMb = defaultMemoryMb } = {}) {
      if (state.isClosed) throw new AppError('unavailable', 'The server is stopping')
      if (!Number.isInteger(threads) || threads < 1 || threads > maxThreads) {
        throw new AppError('invalid-parameter', `A graph runs on 1 to ${maxThreads} threads, not ${threads}`)
      }
      if (sessions.size + state.opening >= maxSessions) {
        throw new AppError('unavailable', `${maxSessions} models are open already; close one first`)
      }
      return open(graph, threads, memoryMb)
    },
    async close() {
      state.isClosed = true
      await Promise.all([...sessions].map((session) => session.close()))
    },
  }
}
