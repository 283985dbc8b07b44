// Shapley values of a linear model in closed form: coefficient times distance from the background's mean.
import { AppError } from '../errors/index.ts'
import { explanationOf } from './explanation.ts'
import type { Explanation, Rows } from './game.ts'

/** `prediction = intercept + coefficients · row`. */
export interface LinearModel {
  readonly coefficients: ArrayLike<number>
  readonly intercept: number
}

/** Means of the columns of `[count, features]`. */
export function columnMeans(rows: Rows, features: number): Float64Array {
  const means = new Float64Array(features)
  const count = rows.length / features
  for (let at = 0; at < rows.length; at += 1) {
    means[at % features] = (means[at % features] ?? 0) + (rows[at] ?? 0) / count
  }
  return means
}

/**
 * Explains a row of a linear model for features that are taken as independent; no predictions are made.
 * @throws AppError 'unprocessable' when row, background and coefficients differ in length
 */
export function linearShapley({ coefficients, intercept }: LinearModel, row: Rows, background: Rows): Explanation {
  const features = coefficients.length
  if (row.length !== features || background.length === 0 || background.length % features !== 0) {
    throw new AppError('unprocessable', `The linear model has ${features} coefficients; row or background do not fit`)
  }
  const means = columnMeans(background, features)
  const share = Float64Array.from(row, (value, at) => (coefficients[at] ?? 0) * (value - (means[at] ?? 0)))
  const predict = (values: ArrayLike<number>): number => {
    let sum = intercept
    for (let at = 0; at < features; at += 1) sum += (coefficients[at] ?? 0) * (values[at] ?? 0)
    return sum
  }
  return explanationOf({
    method: 'linear',
    base: Float64Array.of(predict(means)),
    prediction: Float64Array.of(predict(row)),
    contributions: [share],
    evaluations: 0,
  })
}
