// How well marked pixels agree with the truth: Dice per slice and per nodule, with intervals drawn anew over patients.
import { seededRandom } from '@xinglin/core/cohort'

/** Pixels of a slice: in the truth, marked, and both. */
export interface SliceCounts {
  readonly patient: string
  readonly nodule: string
  readonly truth: number
  readonly marked: number
  readonly both: number
}

/** A mean with its 95 % interval. */
export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** What an evaluation found. */
export interface Agreement {
  /** Slices with truth; a slice on which nothing was marked counts as 0. */
  readonly slices: number
  readonly patients: number
  readonly dice: Interval
  readonly medianDice: number
  /** Share of these slices on which at least one true pixel was marked. */
  readonly touched: number
  readonly nodules: number
  /** Dice of all slices of a nodule together. */
  readonly dicePerNodule: number
  /** Slices without truth (fewer than two readers), and how many of them were marked nevertheless. */
  readonly emptySlices: number
  readonly emptyMarked: number
}

/** Counts the pixels of one slice. */
export function countPixels(
  truth: Uint8Array,
  marked: Uint8Array,
  names: Pick<SliceCounts, 'patient' | 'nodule'>,
): SliceCounts {
  const sum = { truth: 0, marked: 0, both: 0 }
  for (let at = 0; at < truth.length; at++) {
    sum.truth += truth[at] ?? 0
    sum.marked += marked[at] ?? 0
    sum.both += (truth[at] ?? 0) & (marked[at] ?? 0)
  }
  return { ...names, ...sum }
}

/** Dice of counts; 0 when nothing was marked, undefined without truth and marks. */
export function diceOf({ truth, marked, both }: Pick<SliceCounts, 'truth' | 'marked' | 'both'>): number {
  return (2 * both) / (truth + marked)
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
const redraws = 1000

// Slices of one patient resemble each other, so patients are drawn, not slices (Efron's percentile interval).
function interval(slices: readonly SliceCounts[]): Interval {
  const random = seededRandom(1)
  const byPatient = [...Map.groupBy(slices, ({ patient }) => patient).values()].map((own) => own.map(diceOf))
  const sums = byPatient.map((own) => ({ sum: own.reduce((total, one) => total + one, 0), count: own.length }))
  const means = Array.from({ length: redraws }, () => {
    const drawn = sums.map(() => random.pick(sums))
    return drawn.reduce((total, { sum }) => total + sum, 0) / drawn.reduce((total, { count }) => total + count, 0)
  }).toSorted((a, b) => a - b)
  return { mean: mean(slices.map(diceOf)), low: means[redraws * 0.025] ?? 0, high: means[redraws * 0.975] ?? 0 }
}

/** Sums up an evaluation. @param all at least one slice with truth */
export function agreementOf(all: readonly SliceCounts[]): Agreement {
  const slices = all.filter(({ truth }) => truth > 0)
  const empty = all.filter(({ truth }) => truth === 0)
  const values = slices.map(diceOf).toSorted((a, b) => a - b)
  const nodules = [...Map.groupBy(all, ({ nodule }) => nodule).values()]
    .map((own) => ({
      truth: own.reduce((sum, one) => sum + one.truth, 0),
      marked: own.reduce((sum, one) => sum + one.marked, 0),
      both: own.reduce((sum, one) => sum + one.both, 0),
    }))
    .filter(({ truth }) => truth > 0)
  return {
    slices: slices.length,
    patients: new Set(slices.map(({ patient }) => patient)).size,
    dice: interval(slices),
    medianDice: values[Math.floor(values.length / 2)] ?? 0,
    touched: slices.filter(({ both }) => both > 0).length / slices.length,
    nodules: nodules.length,
    dicePerNodule: mean(nodules.map(diceOf)),
    emptySlices: empty.length,
    emptyMarked: empty.filter(({ marked }) => marked > 0).length,
  }
}
