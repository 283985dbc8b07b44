// The registry's share of the database's connections, so that a burst of its calls leaves the rest to the clinical services.
import type { Sql } from '../../../kernel/sql.ts'
import { ConsulError } from '../consul-error.ts'

/** Runs work in turn, a bounded number at once; refuses with 503 when too many wait. */
type Gate = <T>(work: () => Promise<T>) => Promise<T>

const maxWaiting = 2000
const readsAtOnce = 4

function createGate(atOnce: number): Gate {
  const waiting: (() => void)[] = []
  const state = { running: 0 }
  return async (work) => {
    if (waiting.length >= maxWaiting) {
      throw new ConsulError(503, 'Too many calls wait for the registry; try again shortly', { 'retry-after': '1' })
    }
    if (state.running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else state.running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift() // its turn passes on, so the count stays
      if (next === undefined) state.running -= 1
      else next()
    }
  }
}

/** The same database, used by one transaction and a few reads at a time: changes take turns in any case. */
export function shareOf(sql: Sql): Sql {
  const reads = createGate(readsAtOnce)
  const changes = createGate(1)
  return {
    query: (statement) => reads(() => sql.query(statement)),
    transaction: (work, options) => changes(() => sql.transaction(work, options)),
    listen: (channel, onNotify) => sql.listen(channel, onNotify),
    close: () => sql.close(),
  }
}
