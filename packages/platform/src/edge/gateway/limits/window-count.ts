// Kong's rate limits: so many requests in each second, minute, hour, day, month or year of the calendar (pure).

/** The periods that Kong names, shortest first. */
export const periods = ['second', 'minute', 'hour', 'day', 'month', 'year'] as const

/** One of {@link periods}. */
export type Period = (typeof periods)[number]

/** Limits by period. */
export type WindowLimits = Readonly<Partial<Record<Period, number>>>

/** Counts of one consumer, by period. */
export type WindowCounts = Readonly<Partial<Record<Period, { readonly window: number; readonly count: number }>>>

/** The outcome of one request. */
export interface WindowOutcome {
  readonly counts: WindowCounts
  readonly isAllowed: boolean
  /** Requests left in each limited period after this one. */
  readonly remaining: Readonly<Partial<Record<Period, number>>>
  /** The period that decides what the client is told: the fullest. */
  readonly period: Period
  /** Seconds until that period ends. */
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

/** Counts a request when every period has room; a refused request does not count. `nowMs` is wall-clock time. */
export function countRequest(counts: WindowCounts, limits: WindowLimits, nowMs: number): WindowOutcome {
  const limited = periods.filter((period) => limits[period] !== undefined)
  const used = limited.map((period) => {
    const window = Math.floor(nowMs / 1000 / secondsOf[period])
    const known = counts[period]
    return { period, window, count: known?.window === window ? known.count : 0, limit: limits[period] ?? 0 }
  })
  const isAllowed = used.every(({ count, limit }) => count < limit)
  const next = used.map((one) => ({ ...one, count: one.count + Number(isAllowed) }))
  const left = (one: (typeof next)[number]): number => Math.max(0, one.limit - one.count)
  // Of the periods without room the longest tells when a retry makes sense.
  const tightest = next.toSorted((a, b) => left(a) - left(b) || secondsOf[b.period] - secondsOf[a.period])[0]
  const period = tightest?.period ?? 'second'
  const length = secondsOf[period]
  return {
    counts: Object.fromEntries(next.map((one) => [one.period, { window: one.window, count: one.count }])),
    isAllowed,
    remaining: Object.fromEntries(next.map((one) => [one.period, left(one)])),
    period,
    resetSeconds: Math.max(1, Math.ceil(length - ((nowMs / 1000) % length))),
  }
}
