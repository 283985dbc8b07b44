// Kong's rate limits: so many requests in each second, minute, hour, day, month or year of the calendar (pure).

/** The periods that Kong names, shortest first. */
export const periods = ['second', 'minute', 'hour', 'day', 'month', 'year'] as const

/** One of {@link periods}. */
export type Period = (typeof periods)[number]

/** So many requests a period. */
export interface WindowLimit {
  readonly period: Period
  readonly quota: number
}

/** The count of one period's present window. */
export interface WindowCount {
  readonly window: number
  readonly count: number
}

/** The outcome of one request; lists are in the order of the limits. */
export interface WindowOutcome {
  readonly counts: readonly WindowCount[]
  readonly isAllowed: boolean
  /** Requests left in each limited period after this one. */
  readonly remaining: readonly number[]
  /** Which limit decides what the client is told: the fullest. */
  readonly tightest: number
  /** Seconds until its period ends. */
  readonly resetSeconds: number
}

const secondsOf: Readonly<Record<Period, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  month: 2_592_000,
  year: 31_536_000,
}

const noCount: WindowCount = { window: -1, count: 0 }
const noLimit: WindowLimit = { period: 'second', quota: 0 }

function tightestOf(limits: readonly WindowLimit[], remaining: readonly number[]): number {
  let found = 0
  for (let at = 1; at < limits.length; at += 1) {
    const difference = (remaining[at] ?? 0) - (remaining[found] ?? 0)
    // Of the periods without room the longest tells when a retry makes sense; limits come shortest period first.
    if (difference <= 0) found = at
  }
  return found
}

/**
 * Counts a request when every period has room; a refused request does not count. `limits` has at least one, the shortest
 * period first; `counts` is what the last request left; `nowMs` is wall-clock time.
 */
export function countRequest(
  counts: readonly WindowCount[] | undefined,
  limits: readonly WindowLimit[],
  nowMs: number,
): WindowOutcome {
  const used: { window: number; count: number }[] = []
  let isAllowed = true
  for (let at = 0; at < limits.length; at += 1) {
    const { period, quota } = limits[at] ?? noLimit
    const window = Math.floor(nowMs / 1000 / secondsOf[period])
    const known = counts?.[at] ?? noCount
    const count = known.window === window ? known.count : 0
    used.push({ window, count })
    isAllowed &&= count < quota
  }
  const remaining: number[] = []
  for (const one of used) {
    if (isAllowed) one.count += 1
    remaining.push(Math.max(0, (limits[remaining.length]?.quota ?? 0) - one.count))
  }
  const tightest = tightestOf(limits, remaining)
  const length = secondsOf[limits[tightest]?.period ?? 'second']
  const resetSeconds = Math.max(1, Math.ceil(length - ((nowMs / 1000) % length)))
  return { counts: used, isAllowed, remaining, tightest, resetSeconds }
}
