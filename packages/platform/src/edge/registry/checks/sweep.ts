// Lets time run out: silent heartbeats, dead services, lost sessions, old memory.
import type { Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { changeRegistry } from '../store/changes.ts'
import { deregisterCritical, expireTtlChecks } from '../store/check-store.ts'
import { pruneMemory } from '../store/pruning.ts'
import { expireSessions, hasLateSessions } from '../store/session-store.ts'

const pruneEveryMs = 60_000

/** Creates the sweep; each call does what is due now. `memoryMs`: how long it is remembered that a thing is gone. */
export function createSweep(sql: Sql, log: Logger, memoryMs: number): () => Promise<void> {
  const state = { prunedAt: performance.now() }
  return async () => {
    await expireTtlChecks(sql)
    for (const id of await deregisterCritical(sql)) log.warn('registry.service.gone', { serviceId: id })
    if (await hasLateSessions(sql)) await changeRegistry(sql, expireSessions)
    if (performance.now() - state.prunedAt < pruneEveryMs) return
    state.prunedAt = performance.now()
    await pruneMemory(sql, memoryMs)
  }
}
