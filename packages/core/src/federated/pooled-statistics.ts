// Mean and spread of every feature over all hospitals, from sums alone: no site shows a single value.
import { AppError } from '../errors/index.ts'

/** Sums of one site by feature: how many values, their sum, and the sum of their squares. */
export interface FeatureSums {
  readonly count: Float64Array
  readonly sum: Float64Array
  readonly squares: Float64Array
}

/** Mean and standard deviation by feature. */
export interface Standardisation {
  readonly mean: Float64Array
  readonly deviation: Float64Array
}

/** Sums over rows `[rows, features]`, row-major; NaN is not measured and counts for nothing. */
export function sumFeatures(values: Float32Array | Float64Array, features: number): FeatureSums {
  const [count, sum, squares] = [0, 1, 2].map(() => new Float64Array(features)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN
    if (Number.isNaN(value)) continue
    const feature = index % features
    count[feature] = (count[feature] ?? 0) + 1
    sum[feature] = (sum[feature] ?? 0) + value
    squares[feature] = (squares[feature] ?? 0) + value * value
  }
  return { count, sum, squares }
}

/**
 * Mean and deviation of all sites together; a feature that nobody measured, or that never varies, has mean 0 or its value and deviation 1.
 * @throws AppError 'unprocessable' when sites disagree about the number of features or sums are not finite
 */
export function poolStatistics(sites: readonly FeatureSums[]): Standardisation {
  const features = sites[0]?.count.length ?? 0
  const isSound = (array: Float64Array): boolean => array.length === features && array.every(Number.isFinite)
  if (!sites.every(({ count, sum, squares }) => [count, sum, squares].every(isSound))) {
    throw new AppError('unprocessable', `Sums of ${features} features, all finite, are wanted from every site`)
  }
  const total = (key: keyof FeatureSums, feature: number): number =>
    sites.reduce((sum, site) => sum + (site[key][feature] ?? 0), 0)
  const mean = new Float64Array(features)
  const deviation = new Float64Array(features).fill(1)
  for (let feature = 0; feature < features; feature++) {
    const count = total('count', feature)
    if (count <= 0) continue
    const average = total('sum', feature) / count
    mean[feature] = average
    const variance = total('squares', feature) / count - average * average
    if (variance > 1e-12) deviation[feature] = Math.sqrt(variance)
  }
  return { mean, deviation }
}
