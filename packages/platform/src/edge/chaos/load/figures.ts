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
  /** The soonest good answer to each step, in milliseconds, of those asked for and answered within the stretch. */
  readonly fastestMs: Readonly<Record<string, number>>
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

// However busy the machine is, nothing comes sooner than a fault lets it.
function fastestOf(samples: readonly Sample[], fromMs: number, toMs: number): Readonly<Record<string, number>> {
  const fastest: Record<string, number> = {}
  for (const { atMs, ms, step, isGood } of samples) {
    if (!isGood || atMs < fromMs || atMs + ms > toMs) continue
    fastest[step] = Math.min(ms, fastest[step] ?? Number.POSITIVE_INFINITY)
  }
  return fastest
}

/** Which requests belong to a stretch: those that were under way in it, or only those that were sent in it. */
export type Belonging = 'ended' | 'under way' | 'sent'

// What was under way when the fault came is the fault's; what was sent before it ended too.
const belongs: Readonly<Record<Belonging, (sample: Sample, fromMs: number, toMs: number) => boolean>> = {
  ended: ({ atMs, ms }, fromMs, toMs) => atMs >= fromMs && atMs + ms <= toMs,
  'under way': ({ atMs, ms }, fromMs, toMs) => atMs < toMs && atMs + ms > fromMs,
  sent: ({ atMs }, fromMs, toMs) => atMs >= fromMs && atMs < toMs,
}

/** The figures of the requests that belong to the stretch from one moment until another. */
export function phaseFigures(
  samples: readonly Sample[],
  [fromMs, toMs]: readonly [number, number],
  belonging: Belonging,
): PhaseFigures {
  const within = samples.filter((sample) => belongs[belonging](sample, fromMs, toMs))
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
    fastestMs: fastestOf(samples, fromMs, toMs),
  }
}

/** Milliseconds from `healedMs` until the last request that failed had ended; 0 when none sent later failed. */
export function recoveryMs(samples: readonly Sample[], healedMs: number): number {
  const late = samples.filter(({ isGood, atMs, ms }) => !isGood && atMs + ms > healedMs)
  return Math.round(Math.max(0, ...late.map(({ atMs, ms }) => atMs + ms - healedMs)))
}
