// Weighted least squares by normal equations and Cholesky's factorisation: small, dense, symmetric systems.
import { AppError } from '../errors/index.ts'
import { createPace, type Pace } from './pace.ts'

/** A weighted regression: `targets[k] ≈ rows · x` for several right-hand sides at once. */
export interface Regression {
  /** `[count, width]`, row-major. */
  readonly rows: Float64Array
  readonly width: number
  /** `[count]`, not negative. */
  readonly weights: Float64Array
  /** `[outputs][count]`. */
  readonly targets: readonly Float64Array[]
  /** Added to the diagonal (ridge); default 0. */
  readonly ridge?: number | Float64Array
  /** Awaited after each stretch of some milliseconds. */
  readonly pause?: (() => Promise<void>) | undefined
}

async function normalMatrix({ rows, width, weights, ridge = 0 }: Regression, pace: Pace): Promise<Float64Array> {
  const matrix = new Float64Array(width * width)
  for (let row = 0; row < weights.length; row += 1) {
    const due = pace(width * width)
    if (due !== undefined) await due
    const start = row * width
    for (let i = 0; i < width; i += 1) {
      const scaled = (weights[row] ?? 0) * (rows[start + i] ?? 0)
      if (scaled === 0) continue
      const line = i * width
      for (let j = 0; j <= i; j += 1) matrix[line + j] = (matrix[line + j] ?? 0) + scaled * (rows[start + j] ?? 0)
    }
  }
  for (let i = 0; i < width; i += 1) {
    const at = i * width + i
    matrix[at] = (matrix[at] ?? 0) + (typeof ridge === 'number' ? ridge : (ridge[i] ?? 0))
  }
  return matrix
}

// In place: the lower triangle becomes L with L Lᵀ = matrix.
async function factorise(matrix: Float64Array, width: number, pace: Pace): Promise<void> {
  for (let i = 0; i < width; i += 1) {
    const due = pace(i * i)
    if (due !== undefined) await due
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i * width + j] ?? 0
      for (let k = 0; k < j; k += 1) sum -= (matrix[i * width + k] ?? 0) * (matrix[j * width + k] ?? 0)
      if (i !== j) matrix[i * width + j] = sum / (matrix[j * width + j] ?? 1)
      else if (sum > 0) matrix[i * width + i] = Math.sqrt(sum)
      else throw new AppError('unprocessable', 'There are too few different samples for so many groups: ask for more')
    }
  }
}

function solveFactorised(factor: Float64Array, width: number, right: Float64Array): Float64Array {
  const solution = Float64Array.from(right)
  for (let i = 0; i < width; i += 1) {
    let sum = solution[i] ?? 0
    for (let k = 0; k < i; k += 1) sum -= (factor[i * width + k] ?? 0) * (solution[k] ?? 0)
    solution[i] = sum / (factor[i * width + i] ?? 1)
  }
  for (let i = width - 1; i >= 0; i -= 1) {
    let sum = solution[i] ?? 0
    for (let k = i + 1; k < width; k += 1) sum -= (factor[k * width + i] ?? 0) * (solution[k] ?? 0)
    solution[i] = sum / (factor[i * width + i] ?? 1)
  }
  return solution
}

async function rightSide({ rows, width, weights }: Regression, target: Float64Array, pace: Pace) {
  const right = new Float64Array(width)
  for (let row = 0; row < weights.length; row += 1) {
    const due = pace(width)
    if (due !== undefined) await due
    const scaled = (weights[row] ?? 0) * (target[row] ?? 0)
    for (let i = 0; i < width; i += 1) right[i] = (right[i] ?? 0) + scaled * (rows[row * width + i] ?? 0)
  }
  return right
}

/**
 * Solves a weighted regression for each target; O(count × width² + width³).
 * @returns `[outputs][width]`
 * @throws AppError 'unprocessable' when the rows do not determine the solution
 */
export async function weightedLeastSquares(regression: Regression): Promise<readonly Float64Array[]> {
  const { width, targets, pause } = regression
  const pace = createPace(pause)
  const factor = await normalMatrix(regression, pace)
  await factorise(factor, width, pace)
  const solutions: Float64Array[] = []
  for (const target of targets) {
    solutions.push(solveFactorised(factor, width, await rightSide(regression, target, pace)))
  }
  return solutions
}
