// The loop of the leading process: keeps the lease, runs the checks, lets time run out for those that are silent.
import type { Ids, Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { changeRegistry } from '../store/changes.ts'
import { deregisterCritical, expireTtlChecks, readActiveChecks, recordResult } from '../store/check-store.ts'
import { forgiveGap, giveLeaseBack, takeLease } from '../store/leader-store.ts'
import { pruneMemory } from '../store/pruning.ts'
import { expireSessions, hasLateSessions } from '../store/session-store.ts'
import { createProber } from './probe.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'

/** The rhythm of the leading process. */
export interface Timing {
  /** Between two looks for what is overdue. */
  readonly sweepEveryMs: number
  /** How long a leader that says nothing is still believed to lead. */
  readonly leaseMs: number
  /** For how long nobody may have led before the clocks of checks start anew. */
  readonly forgivenGapMs: number
  /** How long it is remembered that a key or service is gone. */
  readonly memoryMs: number
  readonly maxRunningChecks: number
}

/** What the loop needs. */
export interface LeadershipParts {
  readonly sql: Sql
  /** For the results of checks; the loop itself must not wait its turn behind them. */
  readonly sharedSql: Sql
  readonly log: Logger
  readonly ids: Ids
  readonly timing: Timing
  readonly ownAddress: () => string
  readonly random: () => number
}

/** A process that leads, or waits to. */
export interface Leadership {
  start(): void
  /** Called when checks may have changed. */
  checksChanged(): void
  close(): Promise<void>
}

const pruneEveryMs = 60_000

/** Creates the loop; it does nothing before `start`. */
export function createLeadership(parts: LeadershipParts): Leadership {
  const { sql, sharedSql, log, timing } = parts
  const holder = parts.ids.uuid()
  const prober = createProber()
  const state: {
    scheduler: Scheduler | undefined
    isStale: boolean
    isClosing: boolean
    timer: NodeJS.Timeout | undefined
    round: Promise<void>
    reading: Promise<void>
    prunedAt: number
  } = {
    scheduler: undefined,
    isStale: true,
    isClosing: false,
    timer: undefined,
    round: Promise.resolve(),
    reading: Promise.resolve(),
    prunedAt: performance.now(),
  }

  const lead = (): void => {
    log.info('registry.leading')
    const report = (id: string, result: Parameters<typeof recordResult>[2]) => recordResult(sharedSql, id, result)
    const { random } = parts
    state.scheduler = createScheduler({ prober, log, report, maxRunning: timing.maxRunningChecks, random })
    state.isStale = true
  }

  const resign = async (): Promise<void> => {
    const { scheduler } = state
    state.scheduler = undefined
    await scheduler?.close()
  }

  const readAnew = async (): Promise<void> => {
    if (!state.isStale) return
    state.isStale = false
    try {
      const checks = await readActiveChecks(sql)
      state.scheduler?.follow(checks)
    } catch (error) {
      state.isStale = true
      throw error
    }
  }

  // One after the other: an older reading must not come after a newer one.
  const refresh = (): Promise<void> => {
    state.reading = state.reading.then(readAnew, readAnew)
    return state.reading
  }

  const sweep = async (): Promise<void> => {
    await refresh()
    await expireTtlChecks(sql)
    for (const id of await deregisterCritical(sql)) log.warn('registry.service.gone', { serviceId: id })
    if (await hasLateSessions(sql)) await changeRegistry(sql, expireSessions)
    if (performance.now() - state.prunedAt < pruneEveryMs) return
    state.prunedAt = performance.now()
    await pruneMemory(sql, timing.memoryMs)
  }

  const round = async (): Promise<void> => {
    const lease = await takeLease(sql, { holder, url: parts.ownAddress(), leaseMs: timing.leaseMs })
    if (!lease.isHeld) return resign()
    if (lease.gapMs > timing.forgivenGapMs) await forgiveGap(sql)
    if (state.scheduler === undefined) lead()
    await sweep()
  }

  const turn = (): void => {
    state.round = round()
      .catch((error: unknown) => log.warn('registry.round.failed', { error }))
      .finally(() => {
        if (!state.isClosing) state.timer = setTimeout(turn, timing.sweepEveryMs)
      })
  }

  return {
    start: turn,
    checksChanged() {
      state.isStale = true
      if (state.scheduler === undefined || state.isClosing) return
      refresh().catch((error: unknown) => log.warn('registry.round.failed', { error }))
    },
    async close() {
      state.isClosing = true
      clearTimeout(state.timer)
      await state.round
      await state.reading.catch(() => undefined) // it was logged where it was asked for
      await resign()
      await prober.close()
      await giveLeaseBack(sql, holder).catch((error: unknown) => log.warn('registry.lease.not-given-back', { error }))
    },
  }
}
