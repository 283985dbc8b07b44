// The steps from base to prediction, largest first: what force plots and waterfalls draw (pure).

/** One group's part in a prediction. */
export interface PlotItem {
  readonly name: string
  readonly contribution: number
  /** The group's value in words, e.g. `4.2 mmol/L`. */
  readonly value?: string
  /** Where the bar leads to. */
  readonly href?: string
}

/** A prediction with its parts. */
export interface PlotData {
  readonly base: number
  readonly prediction: number
  readonly items: readonly PlotItem[]
}

/** One step: places are shares of the width, 0 … 1. */
export interface PlotStep extends PlotItem {
  readonly from: number
  readonly to: number
  readonly left: number
  readonly width: number
}

/** The steps with the scale that they stand on. */
export interface PlotSteps {
  readonly steps: readonly PlotStep[]
  readonly low: number
  readonly high: number
  /** Places of base and prediction, 0 … 1. */
  readonly baseAt: number
  readonly predictionAt: number
  /** How many small items the last step stands for; 0 where each stands for itself. */
  readonly gathered: number
}

const margin = 0.04

function gather(
  items: readonly PlotItem[],
  most: number,
  others: string,
): { shown: readonly PlotItem[]; gathered: number } {
  const sorted = items.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  const isMoved = sorted.filter(({ contribution }) => contribution !== 0)
  if (isMoved.length <= most) return { shown: isMoved, gathered: 0 }
  const rest = isMoved.slice(most - 1)
  const contribution = rest.reduce((sum, item) => sum + item.contribution, 0)
  return { shown: [...isMoved.slice(0, most - 1), { name: others, contribution }], gathered: rest.length }
}

/**
 * Lays the contributions end to end from base to prediction; those beyond `most` are gathered into one named `others`.
 * Groups that contribute nothing have no step.
 */
export function waterfallSteps(data: PlotData, most: number, others: string): PlotSteps {
  const { shown, gathered } = gather(data.items, most, others)
  let at = data.base
  const placed = shown.map((item) => {
    const from = at
    at += item.contribution
    return { ...item, from, to: at }
  })
  const ends = [data.base, data.prediction, ...placed.map(({ to }) => to)]
  const room = (Math.max(...ends) - Math.min(...ends)) * margin || 1
  const low = Math.min(...ends) - room
  const high = Math.max(...ends) + room
  const placeOf = (value: number): number => (value - low) / (high - low)
  const steps = placed.map((step) => ({
    ...step,
    left: placeOf(Math.min(step.from, step.to)),
    width: Math.abs(step.contribution) / (high - low),
  }))
  return { steps, low, high, baseAt: placeOf(data.base), predictionAt: placeOf(data.prediction), gathered }
}
