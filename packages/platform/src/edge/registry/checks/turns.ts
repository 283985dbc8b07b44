// Runs work a bounded number at once; the rest waits its turn.

/** A queue of work. */
export interface Turns {
  /** Takes work in turn; it must not reject. */
  take(work: () => Promise<void>): void
  /** Forgets what waits, and resolves when what runs is done. */
  close(): Promise<void>
}

/** Creates a queue that runs at most `atOnce`. */
export function createTurns(atOnce: number): Turns {
  const waiting: (() => Promise<void>)[] = []
  const running = new Set<Promise<void>>()
  const next = (): void => {
    while (running.size < atOnce) {
      const work = waiting.shift()
      if (work === undefined) return
      const run = work().finally(() => {
        running.delete(run)
        next()
      })
      running.add(run)
    }
  }
  return {
    take(work) {
      waiting.push(work)
      next()
    },
    async close() {
      waiting.splice(0)
      await Promise.all(running)
    },
  }
}
