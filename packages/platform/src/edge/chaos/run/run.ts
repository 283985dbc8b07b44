// Runs an experiment: the steady state before, the fault, the way back; measured all the time, ended when the hypothesis breaks.
import { setTimeout as pause } from 'node:timers/promises'
import type { Experiment } from '../definitions/experiment.ts'
import type { Sample } from '../load/sample.ts'
import { type Occurrence, plannedMs, play } from './execute.ts'
import type { Field } from './field.ts'
import { type ExperimentReport, reportOf } from './report.ts'

/** What is measured meanwhile. */
export interface Measured {
  readonly samples: readonly Sample[]
  readonly acknowledged: readonly string[]
}

/** What a run takes. */
export interface RunOptions {
  readonly field: Field
  readonly load: Measured
  /** Ends the experiment from outside, e.g. Ctrl-C. */
  readonly signal: AbortSignal
  /** Says which acknowledged records cannot be read. */
  readonly missing: (references: readonly string[]) => Promise<readonly string[]>
  readonly onOccurrence?: (occurrence: Occurrence) => void
  /** Told every second: how long the fault still lasts, and the success of the last seconds. */
  readonly onTick?: (leftMs: number, success: number) => void
  readonly random?: () => number
  readonly times?: Partial<typeof usualTimes>
}

const usualTimes = {
  beforeMs: 5000,
  /** Of a fault without a duration. */
  faultMs: 30_000,
  /** Quiet time after the last failure, and how long it is waited for. */
  quietMs: 3000,
  afterMs: 20_000,
}
const tickMs = 1000
const watchedMs = 5000
const minWatched = 20

function recentSuccess(
  samples: readonly Sample[],
  nowMs: number,
): { readonly success: number; readonly count: number } {
  const recent = samples.slice(-2000).filter(({ atMs, ms }) => atMs + ms > nowMs - watchedMs)
  const good = recent.filter(({ isGood }) => isGood).length
  return { success: recent.length === 0 ? 1 : good / recent.length, count: recent.length }
}

async function untilQuiet(
  load: Measured,
  sinceMs: number,
  times: typeof usualTimes,
  signal: AbortSignal,
): Promise<void> {
  const until = sinceMs + times.afterMs
  const isQuiet = (nowMs: number): boolean => {
    const recent = load.samples.slice(-2000).filter(({ atMs }) => atMs > nowMs - times.quietMs)
    return nowMs - sinceMs > times.quietMs && recent.length > 0 && recent.every(({ isGood }) => isGood)
  }
  while (performance.now() < until && !isQuiet(performance.now()) && !signal.aborted) await pause(100)
}

function watch(
  experiment: Experiment,
  options: RunOptions,
  abort: (reason: string) => void,
  totalMs: number,
): NodeJS.Timeout {
  const { abortBelow } = experiment.steadyState
  const sinceMs = performance.now()
  return setInterval(() => {
    const nowMs = performance.now()
    const { success, count } = recentSuccess(options.load.samples, nowMs)
    options.onTick?.(Math.max(0, totalMs - (nowMs - sinceMs)), success)
    if (count >= minWatched && success < abortBelow) {
      abort(
        `only ${Math.round(success * 100)} % of the last ${watchedMs / 1000} s succeeded, the limit is ${abortBelow * 100} %`,
      )
    }
  }, tickMs)
}

// A kill is over as soon as it is done; what follows is the way back.
function isMomentary({ root }: Experiment): boolean {
  return root.kind === 'injection' && root.fault.kind === 'kill'
}

/** Runs an experiment and reports; what was done is taken back in any case. @throws AppError when it cannot be made */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<ExperimentReport> {
  const times = { ...usualTimes, ...options.times }
  const { load, field } = options
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  const seen = {
    because: undefined as string | undefined,
    injectedMs: undefined as number | undefined,
    timeline: [] as Occurrence[],
  }
  const startedAt = new Date()
  const beginMs = performance.now()
  const acknowledgedBefore = load.acknowledged.length
  await pause(times.beforeMs, undefined, { signal: options.signal }).catch(() => undefined)
  const playedMs = performance.now()
  const abort = (reason: string): void => {
    seen.because ??= reason
    ending.abort()
  }
  const timer = watch(experiment, options, abort, plannedMs(experiment.root, times.faultMs))
  try {
    await play(experiment.root, {
      field,
      signal,
      abort,
      random: options.random ?? Math.random,
      usualMs: times.faultMs,
      tell: (what) => {
        const occurrence = { ...what, atMs: Math.round(performance.now() - beginMs) }
        if (what.kind === 'injected') seen.injectedMs ??= performance.now()
        seen.timeline.push(occurrence)
        options.onOccurrence?.(occurrence)
      },
    })
  } finally {
    clearInterval(timer)
  }
  const healedMs = performance.now()
  const faultMs = seen.injectedMs ?? playedMs
  if (options.signal.aborted) seen.because ??= 'ended from outside'
  await untilQuiet(load, healedMs, times, options.signal)
  const endMs = performance.now()
  const acknowledged = load.acknowledged.slice(acknowledgedBefore)
  return reportOf(experiment, {
    startedAt,
    samples: load.samples,
    moments: { beginMs, faultMs, healedMs, endMs, overMs: isMomentary(experiment) ? faultMs : healedMs },
    acknowledged: acknowledged.length,
    lost: options.signal.aborted ? [] : await options.missing(acknowledged),
    timeline: seen.timeline,
    abortedBecause: seen.because,
  })
}
