// Lets costly searches take turns, so that they never hold all connections: reads, writes and searches of one patient go on.
import { AppError } from '@xinglin/core/errors'

/** How many at once. */
export interface TurnLimits {
  readonly atOnce: number
  /** Of one caller, so that nobody has all turns. */
  readonly ofOne: number
  /** Most that wait; more are refused at once. */
  readonly waiting: number
  readonly waitMs: number
}

/** The turns of one process. */
export interface Turns {
  /** Runs the work in its turn. @throws AppError 'unavailable' when it does not come in time */
  take<T>(holder: string, work: () => Promise<T>): Promise<T>
}

interface Waiting {
  readonly holder: string
  readonly begin: () => void
}

function busy(): AppError {
  const message = 'Too many costly searches are under way; try again shortly, or narrow it by a patient'
  return new AppError('unavailable', message, { retryAfterSeconds: 2 })
}

/** Creates the turns. */
export function createTurns(limits: TurnLimits): Turns {
  const running = new Map<string, number>()
  const queue: Waiting[] = []
  const state = { running: 0 }
  const mayRun = (holder: string): boolean => state.running < limits.atOnce && (running.get(holder) ?? 0) < limits.ofOne

  const begin = (holder: string): void => {
    state.running += 1
    running.set(holder, (running.get(holder) ?? 0) + 1)
  }
  const end = (holder: string): void => {
    state.running -= 1
    const left = (running.get(holder) ?? 1) - 1
    if (left === 0) running.delete(holder)
    else running.set(holder, left)
    const at = queue.findIndex((waiting) => mayRun(waiting.holder))
    if (at !== -1) queue.splice(at, 1)[0]?.begin()
  }
  const turnOf = (holder: string): Promise<void> =>
    new Promise((resolve, reject) => {
      if (queue.length >= limits.waiting) return reject(busy())
      const waiting: Waiting = {
        holder,
        begin() {
          clearTimeout(timer)
          begin(holder)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiting), 1)
        reject(busy())
      }, limits.waitMs)
      queue.push(waiting)
    })

  return {
    async take(holder, work) {
      if (mayRun(holder)) begin(holder)
      else await turnOf(holder)
      try {
        return await work()
      } finally {
        end(holder)
      }
    },
  }
}
