// Runs checks each at its interval, a bounded number at once, and reports a result when it says something new.
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../../../kernel/ports.ts'
import type { Status } from '../definitions/check.ts'
import type { ActiveCheck, CheckResult } from '../store/check-store.ts'
import type { Prober } from './probe.ts'
import { createTurns } from './turns.ts'

/** What the scheduler needs. */
export interface SchedulerParts {
  readonly prober: Prober
  readonly log: Logger
  /** Keeps a result. */
  readonly report: (id: string, result: CheckResult) => Promise<void>
  /** How many checks run at once. */
  readonly maxRunning: number
  readonly random: () => number
}

/** Runs the checks it is given. */
export interface Scheduler {
  /** Starts new checks, stops those that are gone, leaves the others as they are. */
  follow(checks: readonly ActiveCheck[]): void
  /** Stops all and waits for those under way. */
  close(): Promise<void>
}

interface Scheduled {
  check: ActiveCheck
  timer: NodeJS.Timeout | undefined
  /** What is in the database, as far as known; undefined when that is not sure. */
  known: Status | undefined
  streak: { readonly status: Status; readonly length: number }
  isStopped: boolean
}

// The first look comes soon, spread a little; a start of all must not be a burst.
const firstSpreadMs = 200

// What the last results come to: a check turns only after as many in a row as it asks for.
function settled({ check, known, streak }: Scheduled): Status | undefined {
  const needed = streak.status === 'critical' ? check.failuresBeforeCritical : check.successesBeforePassing
  return streak.length >= Math.max(1, needed) ? streak.status : known
}

function count(scheduled: Scheduled, status: Status): void {
  const { streak } = scheduled
  const isSameSide = (streak.status === 'critical') === (status === 'critical')
  scheduled.streak = { status, length: isSameSide ? streak.length + 1 : 1 }
}

const noResult = { status: 'critical', hasResult: false } as const

const knownOf = ({ status, hasResult }: ActiveCheck): Status | undefined => (hasResult ? status : undefined)

function isSameCheck(one: ActiveCheck, other: ActiveCheck): boolean {
  return isDeepStrictEqual({ ...one, ...noResult }, { ...other, ...noResult })
}

function stop(scheduled: Scheduled): void {
  scheduled.isStopped = true
  clearTimeout(scheduled.timer)
}

async function look(scheduled: Scheduled, parts: SchedulerParts, closing: AbortSignal): Promise<void> {
  const { id, probe } = scheduled.check
  const result = await parts.prober.run(probe, closing)
  if (scheduled.isStopped || closing.aborted) return
  count(scheduled, result.status)
  const status = settled(scheduled)
  if (status === undefined || status === scheduled.known) return
  try {
    await parts.report(id, { status, output: result.output })
    scheduled.known = status
  } catch (error) {
    scheduled.known = undefined // the next look reports again
    parts.log.warn('registry.check.not-kept', { checkId: id, error })
  }
}

/** Creates a scheduler that runs nothing yet. */
export function createScheduler(parts: SchedulerParts): Scheduler {
  const all = new Map<string, Scheduled>()
  const closing = new AbortController()
  const turns = createTurns(parts.maxRunning)

  const plan = (scheduled: Scheduled, delayMs: number): void => {
    if (scheduled.isStopped || closing.signal.aborted) return
    scheduled.timer = setTimeout(() => {
      turns.take(async () => {
        await look(scheduled, parts, closing.signal)
        plan(scheduled, scheduled.check.probe.intervalMs)
      })
    }, delayMs)
  }

  const start = (check: ActiveCheck): void => {
    const streak = { status: check.status, length: 0 }
    const scheduled: Scheduled = { check, timer: undefined, known: knownOf(check), streak, isStopped: false }
    all.set(check.id, scheduled)
    plan(scheduled, parts.random() * Math.min(firstSpreadMs, check.probe.intervalMs))
  }

  return {
    follow(checks) {
      const wanted = new Map(checks.map((check) => [check.id, check]))
      for (const [id, scheduled] of all) {
        const check = wanted.get(id)
        if (check !== undefined && isSameCheck(check, scheduled.check)) {
          scheduled.known = knownOf(check) // another process, or a registration, may have changed it
          continue
        }
        stop(scheduled)
        all.delete(id)
      }
      for (const check of checks) if (!all.has(check.id)) start(check)
    },
    async close() {
      for (const scheduled of all.values()) stop(scheduled)
      all.clear()
      closing.abort()
      await turns.close()
    },
  }
}
