// Work in turn: a few at a time, a bounded queue, and what is given up while it waits never starts.
import { AppError } from '@xinglin/core/errors'

/** How much at once, and how much may wait. */
export interface TurnOptions {
  readonly underWay: number
  readonly limit: number
}

/** A queue of work. */
export interface Turns {
  /** Runs `work` when its turn comes. @throws AppError 'unavailable' when the queue is full or closed */
  take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** How many run now. */
  underWay(): number
  waiting(): number
  /** Refuses what waits and what comes. */
  close(): void
}

interface Waiting {
  readonly begin: () => void
  readonly refuse: (error: unknown) => void
}

/** Creates a queue. */
export function createTurns({ underWay, limit }: TurnOptions): Turns {
  const queue: Waiting[] = []
  const state = { running: 0, isClosed: false }

  const free = (): void => {
    state.running -= 1
    queue.shift()?.begin()
  }
  const wait = (signal: AbortSignal | undefined): Promise<void> => {
    if (queue.length >= limit) {
      throw new AppError('unavailable', `${queue.length} runs of the model wait already; try again shortly`, {
        retryAfterSeconds: 1,
      })
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', onAbort)
        state.running += 1
        resolve()
      }
      const place: Waiting = { begin, refuse: reject }
      const onAbort = (): void => {
        const at = queue.indexOf(place)
        if (at >= 0) queue.splice(at, 1)
        reject(new AppError('timeout', 'The run was given up while it waited', { cause: signal?.reason }))
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      queue.push(place)
    })
  }
  return {
    async take(work, signal) {
      if (state.isClosed) throw new AppError('unavailable', 'The model is closed')
      if (signal?.aborted === true) {
        throw new AppError('timeout', 'The run was given up before it began', { cause: signal.reason })
      }
      if (state.running >= underWay) await wait(signal)
      else state.running += 1
      try {
        return await work()
      } finally {
        free()
      }
    },
    underWay: () => state.running,
    waiting: () => queue.length,
    close() {
      state.isClosed = true
      const closing = new AppError('unavailable', 'The model is closed')
      for (const { refuse } of queue.splice(0)) refuse(closing)
    },
  }
}
