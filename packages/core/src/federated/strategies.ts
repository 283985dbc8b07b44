// How the hospitals' weights become one: pure functions, one array after the other, in 64-bit floats.
import { AppError } from '../errors/index.ts'
import { asFloat64, fromFloat64, type WeightArray, type Weights } from './weights.ts'

/** How a federation aggregates, with its numbers. */
export type Strategy =
  /** McMahan et al. 2017, arXiv 1602.05629: the mean, weighted by examples. */
  | { readonly kind: 'fedavg' }
  /** Li et al. 2020, arXiv 1812.06127: FedAvg whose sites are held near the global model by `proximalMu`. */
  | { readonly kind: 'fedprox'; readonly proximalMu: number }
  /** Reddi et al. 2021, arXiv 2003.00295: Adam on the server over the mean change. */
  | {
      readonly kind: 'fedadam'
      readonly eta: number
      readonly beta1: number
      readonly beta2: number
      readonly tau: number
    }
  /** Yin et al. 2018, arXiv 1803.01498: by coordinate, without the lowest and highest share `trim` of sites. */
  | { readonly kind: 'trimmed-mean'; readonly trim: number }
  /** Yin et al. 2018: the median by coordinate. */
  | { readonly kind: 'fedmedian' }

/** What one site returned. */
export interface SiteUpdate {
  readonly examples: number
  readonly weights: Weights
}

/** The server's Adam moments, float64, in the order of the weights. */
export interface Moments {
  readonly first: Weights
  readonly second: Weights
}

/** What aggregation is given. */
export interface Aggregation {
  readonly strategy: Strategy
  /** The weights that the sites started from. */
  readonly global: Weights
  readonly updates: readonly SiteUpdate[]
  /** From 1. */
  readonly round: number
  /** From the round before; none in the first. */
  readonly moments?: Moments | undefined
}

/** The new global weights. */
export interface Aggregated {
  readonly weights: Weights
  readonly moments?: Moments
}

type ArrayRule = (values: readonly Float64Array[], shares: readonly number[]) => Float64Array

const weightedMean: ArrayRule = (values, shares) => {
  const mean = new Float64Array(values[0]?.length ?? 0)
  values.forEach((array, site) => {
    const share = shares[site] ?? 0
    for (let index = 0; index < mean.length; index++) mean[index] = (mean[index] ?? 0) + share * (array[index] ?? 0)
  })
  return mean
}

// Mean of the sorted values [cut, count - cut) at each coordinate; the median keeps one or two.
function middleMean(cut: number): ArrayRule {
  return (values) => {
    const column = new Float64Array(values.length)
    return (values[0] ?? new Float64Array()).map((_value, index) => {
      values.forEach((array, site) => {
        column[site] = array[index] ?? 0
      })
      const kept = column.sort().subarray(cut, values.length - cut)
      return kept.reduce((sum, value) => sum + value, 0) / kept.length
    })
  }
}

function ruleOf(strategy: Strategy, sites: number): ArrayRule {
  switch (strategy.kind) {
    case 'fedavg':
    case 'fedprox':
    case 'fedadam':
      return weightedMean
    case 'trimmed-mean':
      return middleMean(Math.floor(strategy.trim * sites + 1e-9))
    case 'fedmedian':
      return middleMean(Math.floor((sites - 1) / 2))
    default:
      return strategy satisfies never
  }
}

type Adam = Extract<Strategy, { kind: 'fedadam' }>

interface AdamStep {
  readonly weights: WeightArray
  readonly first: WeightArray
  readonly second: WeightArray
}

// Kingma and Ba 2015, arXiv 1412.6980, section 2: the bias correction as a step size; the power is round + 1 as in Flower.
function adamStep(strategy: Adam, before: WeightArray, mean: Float64Array, at: { round: number; old: AdamPair }) {
  const { eta, beta1, beta2, tau } = strategy
  const power = at.round + 1
  const step = (eta * Math.sqrt(1 - beta2 ** power)) / (1 - beta1 ** power)
  const from = asFloat64(before)
  const change = mean.map((value, index) => value - (from[index] ?? 0))
  const first = change.map((value, index) => beta1 * (at.old.first[index] ?? 0) + (1 - beta1) * value)
  const second = change.map((value, index) => beta2 * (at.old.second[index] ?? 0) + (1 - beta2) * value * value)
  const next = from.map((value, index) => {
    return value + (step * (first[index] ?? 0)) / (Math.sqrt(second[index] ?? 0) + tau)
  })
  const like = { type: 'float64', shape: before.shape } as const
  return {
    weights: fromFloat64(next, before),
    first: fromFloat64(first, like),
    second: fromFloat64(second, like),
  } satisfies AdamStep
}

interface AdamPair {
  readonly first: Float64Array
  readonly second: Float64Array
}

function momentsAt(moments: Moments | undefined, index: number, length: number): AdamPair {
  const [first, second] = [moments?.first[index], moments?.second[index]]
  const nothing = new Float64Array(length)
  return {
    first: first === undefined ? nothing : asFloat64(first),
    second: second === undefined ? nothing : asFloat64(second),
  }
}

/** What a strategy adds to the configuration of each site; FedProx names its factor as Flower does. */
export function siteConfiguration(strategy: Strategy): Readonly<Record<string, number>> {
  return strategy.kind === 'fedprox' ? { proximal_mu: strategy.proximalMu } : {}
}

/**
 * Makes the new global weights; `O(sites × elements)`, for medians times `log(sites)`. The updates must fit the global
 * weights (`checkUpdate`). `pause` is awaited between arrays, so that a server can answer others meanwhile.
 * @throws AppError 'unprocessable' when there is no update or no example
 */
export async function aggregate(given: Aggregation, pause: () => Promise<void>): Promise<Aggregated> {
  const { strategy, global, updates, round, moments } = given
  const examples = updates.reduce((sum, update) => sum + update.examples, 0)
  if (examples <= 0) throw new AppError('unprocessable', 'No site returned weights trained on at least one example')
  const shares = updates.map((update) => update.examples / examples)
  const rule = ruleOf(strategy, updates.length)
  const steps: AdamStep[] = []
  const weights: WeightArray[] = []
  for (const [index, before] of global.entries()) {
    const values = updates.map((update) => asFloat64(update.weights[index] ?? before))
    const mean = rule(values, shares)
    if (strategy.kind === 'fedadam') {
      const old = momentsAt(moments, index, mean.length)
      const step = adamStep(strategy, before, mean, { round, old })
      steps.push(step)
      weights.push(step.weights)
    } else weights.push(fromFloat64(mean, before))
    await pause()
  }
  if (strategy.kind !== 'fedadam') return { weights }
  return { weights, moments: { first: steps.map(({ first }) => first), second: steps.map(({ second }) => second) } }
}
