// The loop of the leading process: keeps the lease, runs the checks, lets time run out for those that are silent.
import type { Ids, Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import type { Reach, Transport } from '../../../kernel/transport.ts'
import { type CheckResult, readActiveChecks, recordResult } from '../store/check-store.ts'
import { forgiveGap, giveLeaseBack, takeLease } from '../store/leader-store.ts'
import { createProber } from './probe.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'
import { createSweep } from './sweep.ts'

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
  /** How checks reach services of the system that listen with TLS. */
  readonly transport: Transport | undefined
  /** Where checks may look. */
  readonly reach: Reach
}

/** A process that leads, or waits to. */
export interface Leadership {
  start(): void
  /** Called when checks may have changed. */
  checksChanged(): void
  close(): Promise<void>
}

/** The checks of the leader, read anew when they changed. */
interface RunningChecks {
  start(): void
  stop(): Promise<void>
  isRunning(): boolean
  markStale(): void
  refresh(): Promise<void>
  close(): Promise<void>
}

function createRunningChecks(parts: LeadershipParts): RunningChecks {
  const { sql, sharedSql, log, timing, random } = parts
  const prober = createProber(parts.transport, parts.reach)
  const state: { scheduler: Scheduler | undefined; isStale: boolean; reading: Promise<void> } = {
    scheduler: undefined,
    isStale: true,
    reading: Promise.resolve(),
  }
  const report = (id: string, result: CheckResult): Promise<void> => recordResult(sharedSql, id, result)

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

  const stop = async (): Promise<void> => {
    const { scheduler } = state
    state.scheduler = undefined
    await scheduler?.close()
  }

  return {
    start() {
      state.scheduler = createScheduler({ prober, log, report, maxRunning: timing.maxRunningChecks, random })
      state.isStale = true
    },
    stop,
    isRunning: () => state.scheduler !== undefined,
    markStale() {
      state.isStale = true
    },
    // One after the other: an older reading must not come after a newer one.
    refresh() {
      state.reading = state.reading.then(readAnew, readAnew)
      return state.reading
    },
    async close() {
      await state.reading.catch(() => undefined) // it was logged where it was asked for
      await stop()
      await prober.close()
    },
  }
}

/** Creates the loop; it does nothing before `start`. */
export function createLeadership(parts: LeadershipParts): Leadership {
  const { sql, log, timing } = parts
  const holder = parts.ids.uuid()
  const checks = createRunningChecks(parts)
  const sweep = createSweep(sql, log, timing.memoryMs)
  const state: { isClosing: boolean; timer: NodeJS.Timeout | undefined; round: Promise<void> } = {
    isClosing: false,
    timer: undefined,
    round: Promise.resolve(),
  }
  const warn = (error: unknown): void => log.warn('registry.round.failed', { error })

  const round = async (): Promise<void> => {
    const lease = await takeLease(sql, { holder, url: parts.ownAddress(), leaseMs: timing.leaseMs })
    if (!lease.isHeld) return checks.stop()
    if (lease.gapMs > timing.forgivenGapMs) await forgiveGap(sql)
    if (!checks.isRunning()) {
      log.info('registry.leading')
      checks.start()
    }
    await checks.refresh()
    await sweep()
  }

  const turn = (): void => {
    state.round = round()
      .catch(warn)
      .finally(() => {
        if (!state.isClosing) state.timer = setTimeout(turn, timing.sweepEveryMs)
      })
  }

  return {
    start: turn,
    checksChanged() {
      checks.markStale()
      if (checks.isRunning() && !state.isClosing) checks.refresh().catch(warn)
    },
    async close() {
      state.isClosing = true
      clearTimeout(state.timer)
      await state.round
      await checks.close()
      await giveLeaseBack(sql, holder).catch((error: unknown) => log.warn('registry.lease.not-given-back', { error }))
    },
  }
}
