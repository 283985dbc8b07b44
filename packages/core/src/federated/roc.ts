// How well risks tell those who had the event from those who had not: area under the ROC curve with its confidence interval.
// DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44:837; by mid-ranks as Sun and Xu 2014, IEEE Signal Processing Letters 21:1389.

/** Area under the ROC curve with its 95 % interval (on the logit scale, so that it stays within 0 and 1). */
export interface RocArea {
  readonly area: number
  readonly low: number
  readonly high: number
  readonly events: number
  readonly others: number
}

const z95 = 1.959964

// Ranks from 1, ties sharing their mean.
function midRanks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
  const ranks = new Float64Array(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end] ?? 0] === values[order[start] ?? 0]) end++
    for (let index = start; index < end; index++) ranks[order[index] ?? 0] = (start + end + 1) / 2
    start = end
  }
  return ranks
}

function variance(values: Float64Array): number {
  if (values.length < 2) return 0
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
}

/** The area for risks and outcomes (true = the event happened); undefined when all outcomes are the same. O(n log n). */
export function rocArea(risks: ArrayLike<number>, outcomes: readonly boolean[]): RocArea | undefined {
  const positive = Float64Array.from(Array.from(risks).filter((_risk, index) => outcomes[index] === true))
  const negative = Float64Array.from(Array.from(risks).filter((_risk, index) => outcomes[index] !== true))
  const [events, others] = [positive.length, negative.length]
  if (events === 0 || others === 0) return undefined
  const all = midRanks(Float64Array.from([...positive, ...negative]))
  const within = { positive: midRanks(positive), negative: midRanks(negative) }
  const byEvent = within.positive.map((rank, index) => ((all[index] ?? 0) - rank) / others)
  const byOther = within.negative.map((rank, index) => 1 - ((all[events + index] ?? 0) - rank) / events)
  const area = byEvent.reduce((sum, value) => sum + value, 0) / events
  const error = Math.sqrt(variance(byEvent) / events + variance(byOther) / others)
  if (area <= 0 || area >= 1 || error === 0) return { area, low: area, high: area, events, others }
  const logit = Math.log(area / (1 - area))
  const reach = (z95 * error) / (area * (1 - area))
  const back = (value: number): number => 1 / (1 + Math.exp(-value))
  return { area, low: back(logit - reach), high: back(logit + reach), events, others }
}
