// What an experiment showed, and whether the hypothesis held (pure).
import type { Experiment, SteadyState } from '../definitions/experiment.ts'
import { type PhaseFigures, phaseFigures, recoveryMs } from '../load/figures.ts'
import type { Sample } from '../load/sample.ts'
import type { Occurrence } from './execute.ts'

/** The report of an experiment. */
export interface ExperimentReport {
  readonly name: string
  readonly kind: string
  readonly title: string
  readonly startedAt: string
  readonly steadyState: SteadyState
  readonly outcome: 'held' | 'broken' | 'aborted'
  /** Why it was broken or aborted. */
  readonly reasons: readonly string[]
  readonly before: PhaseFigures
  readonly during: PhaseFigures
  readonly after: PhaseFigures
  /** From the end of the fault until the last failure. */
  readonly recoveryMs: number
  readonly acknowledged: number
  /** Acknowledged records that could not be read afterwards. */
  readonly lost: readonly string[]
  readonly timeline: readonly Occurrence[]
}

/** What was seen. */
export interface Observed {
  readonly startedAt: Date
  readonly samples: readonly Sample[]
  readonly moments: {
    readonly beginMs: number
    readonly faultMs: number
    /** End of the watched time of the fault. */
    readonly healedMs: number
    /** From here the way back is measured. */
    readonly overMs: number
    readonly endMs: number
  }
  readonly acknowledged: number
  readonly lost: readonly string[]
  readonly timeline: readonly Occurrence[]
  readonly abortedBecause: string | undefined
}

const percent = (share: number): string => `${(Math.floor(share * 100_000) / 1000).toFixed(2)} %`
const minBefore = 0.999

function faultsOf(
  state: SteadyState,
  figures: Pick<ExperimentReport, 'before' | 'during' | 'after' | 'lost'>,
  lateMs: number,
) {
  const { before, during, after, lost } = figures
  const { success, p99Ms, requests } = during.idempotent
  const isAvailable = state.expects === 'available'
  return [
    ...(before.idempotent.success < minBefore
      ? [`before the fault only ${percent(before.idempotent.success)} succeeded`]
      : []),
    ...(requests === 0 ? ['nothing was measured during the fault'] : []),
    ...(isAvailable && success < state.minSuccess
      ? [`${percent(success)} of idempotent requests succeeded, wanted ${percent(state.minSuccess)}`]
      : []),
    ...(isAvailable && p99Ms > state.maxP99Ms ? [`p99 was ${p99Ms} ms, wanted ${state.maxP99Ms} ms`] : []),
    ...(!isAvailable && during.unclean > 0 ? [`${during.unclean} failures were not a 503 with Retry-After`] : []),
    ...(after.idempotent.requests === 0 ? ['nothing was measured after the fault'] : []),
    ...(lateMs > state.maxRecoveryMs ? [`recovered after ${lateMs} ms, wanted ${state.maxRecoveryMs} ms`] : []),
    ...(lost.length > 0 ? [`${lost.length} acknowledged records are lost`] : []),
  ]
}

/** Judges. */
export function reportOf(experiment: Experiment, observed: Observed): ExperimentReport {
  const { samples, moments, lost, timeline, abortedBecause } = observed
  const { beginMs, faultMs, healedMs, overMs, endMs } = moments
  const figures = {
    before: phaseFigures(samples, [beginMs, faultMs], 'ended'),
    during: phaseFigures(samples, [faultMs, healedMs], 'under way'),
    after: phaseFigures(samples, [healedMs, endMs], 'sent'),
    lost,
  }
  const lateMs = recoveryMs(samples, overMs)
  const faults = faultsOf(experiment.steadyState, figures, lateMs)
  const broken = faults.length === 0 ? 'held' : 'broken'
  return {
    name: experiment.name,
    kind: experiment.kind,
    title: experiment.title,
    startedAt: observed.startedAt.toISOString(),
    steadyState: experiment.steadyState,
    outcome: abortedBecause === undefined ? broken : 'aborted',
    reasons: abortedBecause === undefined ? faults : [abortedBecause, ...faults],
    ...figures,
    recoveryMs: lateMs,
    acknowledged: observed.acknowledged,
    timeline,
  }
}

const marks: Readonly<Record<ExperimentReport['outcome'], string>> = { held: '✔', broken: '✘', aborted: '■' }

/** One line a phase, for the terminal. */
export function reportLines(report: ExperimentReport): readonly string[] {
  const row = (name: string, { seconds, idempotent, others, unclean }: PhaseFigures): string =>
    [
      name.padEnd(7),
      `${seconds} s`.padStart(7),
      `${idempotent.good}/${idempotent.requests}`.padStart(11),
      percent(idempotent.success).padStart(9),
      `${idempotent.p50Ms}/${idempotent.p99Ms} ms`.padStart(13),
      `${others.good}/${others.requests}`.padStart(10),
      percent(others.success).padStart(9),
      `${unclean}`.padStart(6),
    ].join('  ')
  const head = '    phase       time   idempotent    success      p50/p99      others    success   other refusals'
  const { before, during, after } = report
  return [
    `  ${marks[report.outcome]} ${report.title} (${report.kind} ${report.name}): ${report.outcome}`,
    head,
    ...Object.entries({ before, during, after }).map(([name, figures]) => `    ${row(name, figures)}`),
    `    recovered ${report.recoveryMs} ms after the fault; ${report.acknowledged} acknowledged, ${report.lost.length} lost`,
    ...report.reasons.map((reason) => `    ${reason}`),
  ]
}
