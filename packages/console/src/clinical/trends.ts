// Observations as tests with their course over time: grouped by code, one unit per line, newest first (pure).
import type { CodeableConcept, Observation, ObservedValue } from '../api/fhir.ts'
import { timeOf } from './dates.ts'
import { type Flag, flagOf, type ReferenceRange, rangeOf } from './values.ts'

/** One measured number. */
export interface TrendPoint {
  readonly timeMs: number
  readonly value: number
  readonly flag: Flag | undefined
}

/** The course of one number of a test, oldest first. */
export interface TrendSeries {
  readonly key: string
  readonly concept: CodeableConcept | undefined
  readonly unit: string
  readonly points: readonly TrendPoint[]
  /** The newest point's reference range. */
  readonly range: ReferenceRange | undefined
}

/** A test with all its observations, newest first. */
export interface ObservedTest {
  /** `system|code`, as in a FHIR search. */
  readonly code: string
  readonly concept: CodeableConcept
  readonly observations: readonly Observation[]
}

const voidStates: ReadonlySet<string> = new Set(['entered-in-error', 'cancelled'])

/** The moment that an observation is about. */
export function observedAt({ effectiveDateTime, effectivePeriod, issued }: Observation): string | undefined {
  return effectiveDateTime ?? effectivePeriod?.start ?? issued
}

/** `system|code` of the first coding; undefined for tests without a code, which cannot be followed over time. */
export function testCode(concept: CodeableConcept | undefined): string | undefined {
  const coding = concept?.coding?.find(({ code }) => code !== undefined)
  return coding === undefined ? undefined : `${coding.system ?? ''}|${coding.code}`
}

const newestFirst = (a: Observation, b: Observation): number =>
  (timeOf(observedAt(b)) ?? Number.NEGATIVE_INFINITY) - (timeOf(observedAt(a)) ?? Number.NEGATIVE_INFINITY)

/** The tests among observations, the one measured last first; what was entered in error or cancelled is left out. */
export function testsOf(observations: readonly Observation[]): readonly ObservedTest[] {
  const valid = observations.filter(({ status }) => !voidStates.has(status ?? '')).sort(newestFirst)
  const groups = Map.groupBy(valid, ({ code }) => testCode(code) ?? '')
  return [...groups].flatMap(([code, members]) =>
    code === '' ? [] : [{ code, concept: members[0]?.code ?? {}, observations: members }],
  )
}

interface Measured {
  readonly timeMs: number
  readonly part: ObservedValue
}

function measuredParts(observation: Observation): readonly Measured[] {
  const timeMs = timeOf(observedAt(observation))
  if (timeMs === undefined) return []
  return [observation, ...(observation.component ?? [])]
    .filter(({ valueQuantity }) => valueQuantity?.value !== undefined && valueQuantity.comparator === undefined)
    .map((part) => ({ timeMs, part }))
}

const unitOf = ({ part }: Measured): string => part.valueQuantity?.unit ?? part.valueQuantity?.code ?? ''

function seriesOf(key: string, measured: readonly Measured[]): TrendSeries | undefined {
  const points = measured
    .map(({ timeMs, part }) => ({ timeMs, value: part.valueQuantity?.value ?? 0, flag: flagOf(part) }))
    .sort((a, b) => a.timeMs - b.timeMs)
  const newest = measured.reduce<Measured | undefined>(
    (best, one) => (best === undefined || one.timeMs > best.timeMs ? one : best),
    undefined,
  )
  if (newest === undefined) return undefined
  return { key, concept: newest.part.code, unit: unitOf(newest), points, range: rangeOf(newest.part) }
}

/**
 * The lines of a test: one for each part (systolic, diastolic) and unit. Values in different units never share a line; the
 * part with the most values comes first.
 */
export function trendOf({ observations }: Pick<ObservedTest, 'observations'>): readonly TrendSeries[] {
  const measured = observations.filter(({ status }) => !voidStates.has(status ?? '')).flatMap(measuredParts)
  const groups = Map.groupBy(measured, (one) => `${testCode(one.part.code) ?? ''} ${unitOf(one)}`)
  return [...groups]
    .flatMap(([key, members]) => seriesOf(key, members) ?? [])
    .sort((a, b) => b.points.length - a.points.length)
}
