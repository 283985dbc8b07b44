// Refuses requests while there is more to do than can be done in time: by those under way, and by how late the event loop is.
import { AppError } from '@xinglin/core/errors'
import type { Clock } from '../../../kernel/ports.ts'
import type { Ending } from '../ending.ts'

/** How much is too much. */
export interface LoadLimits {
  readonly maxInFlight: number
  /** How late timers may come, averaged over about a second, while many requests are under way. */
  readonly maxLoopDelayMs: number
}

/** The load of this process. */
export interface Load {
  readonly inFlight: () => number
  /** Counts a request until its exchange is over. @throws AppError 'unavailable' with Retry-After when there is no room */
  admit(exchange: { readonly ending: Ending }): void
  /** Begins to watch the event loop. */
  start(): void
  close(): void
}

const sampleMs = 100
const memory = 0.9
// A late loop with few requests is somebody else's work; to refuse these few would not make it earlier.
const fewRequests = 32
const retryAfterSeconds = 1

const busy = (): AppError =>
  new AppError('unavailable', 'The system has too much to do right now; try again shortly', { retryAfterSeconds })

/** The average delay of the event loop after one more sample, both in milliseconds (pure). */
export function nextDelay(averageMs: number, sampledMs: number): number {
  return Math.max(0, memory * averageMs + (1 - memory) * sampledMs)
}

/** Creates the count; `onShed` hears why each refused request was refused. */
export function createLoad(limits: LoadLimits, clock: Clock, onShed: (why: 'in-flight' | 'event-loop') => void): Load {
  const state = { inFlight: 0, delayMs: 0, dueMs: 0 }
  const sample = (): void => {
    const nowMs = clock.monotonicMs()
    state.delayMs = nextDelay(state.delayMs, nowMs - state.dueMs)
    state.dueMs = nowMs + sampleMs
  }
  const timers = { sampling: undefined as NodeJS.Timeout | undefined }
  const leave = (): void => {
    state.inFlight -= 1
  }
  return {
    inFlight: () => state.inFlight,
    admit({ ending }) {
      const isFull = state.inFlight >= limits.maxInFlight
      const isLate = state.inFlight >= fewRequests && state.delayMs > limits.maxLoopDelayMs
      if (isFull || isLate) {
        onShed(isFull ? 'in-flight' : 'event-loop')
        throw busy()
      }
      state.inFlight += 1
      ending.add(leave)
    },
    start() {
      state.dueMs = clock.monotonicMs() + sampleMs
      timers.sampling = setInterval(sample, sampleMs).unref()
    },
    close: () => clearInterval(timers.sampling),
  }
}
