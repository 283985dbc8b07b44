// An explanation with its books closed: what base and contributions leave over of the prediction is told, never hidden.
import type { Explanation } from './game.ts'

/** Adds the residual: prediction - base - sum of contributions, for each output. */
export function explanationOf(found: Omit<Explanation, 'residual'>): Explanation {
  const residual = found.prediction.map((prediction, output) => {
    const sum = found.contributions[output]?.reduce((total, share) => total + share, 0) ?? 0
    return prediction - (found.base[output] ?? 0) - sum
  })
  return { ...found, residual }
}
