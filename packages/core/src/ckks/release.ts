// What of a decrypted result may be told: CKKS leaks its key through exact decryptions, so shared ones are flooded and rounded (pure).
// Source: Li and Micciancio, On the Security of Homomorphic Encryption on Approximate Numbers (EUROCRYPT 2021).
import { AppError } from '../errors/index.ts'

/** How a decrypted result is made fit to be told to others. */
export interface ReleasePolicy {
  /** Least number of contributions (people or hospitals) in an aggregate. */
  readonly minContributions: number
  /** Decimal places that are told. */
  readonly decimals: number
  /** Standard deviation of the noise that is added to each value before it is rounded. */
  readonly noise: number
}

/** A policy for the mean of measurements of many people. */
export const aggregatePolicy: ReleasePolicy = Object.freeze({ minContributions: 3, decimals: 2, noise: 1e-4 })

const maxDecimals = 9

/** A normal deviate from two uniform ones in (0, 1) (Box and Muller 1958). */
function normal(first: number, second: number): number {
  return Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second)
}

/**
 * Floods and rounds decrypted values.
 * @param contributions how many people or hospitals went into the result
 * @param uniform fresh random numbers in (0, 1) from a secure source
 * @throws AppError 'business-rule' when too few contributed; 'unprocessable' for a policy that hides nothing
 */
export function release(
  values: readonly number[],
  contributions: number,
  policy: ReleasePolicy,
  uniform: () => number,
): readonly number[] {
  const { minContributions, decimals, noise } = policy
  if (!(noise > 0) || !Number.isInteger(decimals) || decimals < 0 || decimals > maxDecimals) {
    throw new AppError('unprocessable', `A release needs noise above 0 and 0 to ${maxDecimals} decimal places`)
  }
  if (contributions < minContributions) {
    throw new AppError(
      'business-rule',
      `Only ${contributions} contributed; a result is told from ${minContributions} on, so that it tells of nobody`,
    )
  }
  return values.map((value) => Number((value + noise * normal(uniform(), uniform())).toFixed(decimals)))
}

/** Count, sum and sum of squares of measurements: what each hospital encrypts. */
export function cohortSums(values: readonly number[]): readonly [count: number, sum: number, squares: number] {
  return [
    values.length,
    values.reduce((sum, value) => sum + value, 0),
    values.reduce((sum, value) => sum + value * value, 0),
  ]
}

/** Mean and standard deviation from decrypted totals. */
export interface CohortStatistics {
  readonly count: number
  readonly sum: number
  readonly mean: number
  /** Of the population, with n - 1 below. */
  readonly standardDeviation: number
}

/** Reads the totals of a cohort. @throws AppError 'unprocessable' when they are not those of at least one person */
export function cohortStatistics(totals: readonly number[]): CohortStatistics {
  const [exactCount = 0, sum = 0, squares = 0] = totals
  const count = Math.round(exactCount)
  if (!(count >= 1) || Math.abs(count - exactCount) > 0.1) {
    throw new AppError('unprocessable', 'These are not the totals of a cohort: count, sum and sum of squares')
  }
  const mean = sum / count
  const variance = count > 1 ? Math.max(0, (squares - count * mean * mean) / (count - 1)) : 0
  return { count, sum, mean, standardDeviation: Math.sqrt(variance) }
}
