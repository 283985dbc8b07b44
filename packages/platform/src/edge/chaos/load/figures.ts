// What the samples of a stretch of time add up to (pure).
import type { Sample } from './sample.ts'

/** One kind of request in one stretch. */
export interface KindFigures {
  readonly requests: number
  readonly good: number
  /** 0 to 1; 1 without requests. */
  readonly success: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
}

/** A stretch of an experiment: before, during or after the fault. */
export interface PhaseFigures {
  readonly seconds: number
  readonly idempotent: KindFigures
  readonly others: KindFigures
  /** How often each answer that was not wanted came, by `step status`; status 0 is no answer. */
  readonly failures: Readonly<Record<string, number>>
  /** Failures that are not a 503 with Retry-After. */
  readonly unclean: number
}

function percentile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

function kindFigures(samples: readonly Sample[]): KindFigures {
  const sorted = samples.map(({ ms }) => ms).toSorted((one, other) => one - other)
  const good = samples.filter(({ isGood }) => isGood).length
  return {
    requests: samples.length,
    good,
    success: samples.length === 0 ? 1 : good / samples.length,
    p50Ms: percentile(sorted, 0.5),
    p95Ms: percentile(sorted, 0.95),
    p99Ms: percentile(sorted, 0.99),
  }
}

/** The figures of the requests that were sent from one moment until another. */
export function phaseFigures(samples: readonly Sample[], fromMs: number, toMs: number): PhaseFigures {
  const within = samples.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  const failed = within.filter(({ isGood }) => !isGood)
  const failures: Record<string, number> = {}
  for (const { step, status } of failed) {
    const key = `${step} ${status}`
    failures[key] = (failures[key] ?? 0) + 1
  }
  return {
    seconds: Math.round((toMs - fromMs) / 100) / 10,
    idempotent: kindFigures(within.filter(({ isIdempotent }) => isIdempotent)),
    others: kindFigures(within.filter(({ isIdempotent }) => !isIdempotent)),
    failures,
    unclean: failed.filter(({ status, hasRetryAfter }) => status !== 503 || !hasRetryAfter).length,
  }
}

/** Milliseconds from `healedMs` until the last request that failed had ended; 0 when none sent later failed. */
export function recoveryMs(samples: readonly Sample[], healedMs: number): number {
  const late = samples.filter(({ isGood, atMs, ms }) => !isGood && atMs + ms > healedMs)
  return Math.round(Math.max(0, ...late.map(({ atMs, ms }) => atMs + ms - healedMs)))
}
