// The polynomial nearest to the sigmoid on a range, measured: encrypted values know addition and multiplication only (pure).
// Method: Lawson's iteratively reweighted least squares, which tends to the smallest largest error (Lawson 1961).
import { AppError } from '../errors/index.ts'

/** A polynomial near the sigmoid. */
export interface SigmoidFit {
  /** c₀ (always 0.5), c₁, 0, c₃, … */
  readonly coefficients: readonly number[]
  /** Largest distance from the sigmoid on [-range, range]. */
  readonly maxError: number
}

const points = 400
const rounds = 300
const checkedPoints = 4001

/** The logistic function. */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** The value of c₀ + c₁x + … */
export function polynomialAt(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0)
}

// Solves a small symmetric positive system by elimination (Gauss–Jordan).
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  let rows = matrix.map((row, index) => [...row, right[index] ?? 0])
  for (let column = 0; column < matrix.length; column += 1) {
    const pivot = rows[column] ?? []
    const scaled = pivot.map((value) => value / (pivot[column] ?? 1))
    rows = rows.map((row, index) =>
      index === column ? scaled : row.map((value, at) => value - (row[column] ?? 0) * (scaled[at] ?? 0)),
    )
  }
  return rows.map((row) => row[matrix.length] ?? 0)
}

interface Point {
  readonly target: number
  /** t, t³, t⁵, … */
  readonly basis: readonly number[]
}

function leastSquares(
  grid: readonly Point[],
  weights: readonly number[],
  powers: readonly number[],
): readonly number[] {
  const moment = (value: (point: Point) => number): number =>
    grid.reduce((sum, point, at) => sum + (weights[at] ?? 0) * value(point), 0)
  const matrix = powers.map((_one, row) =>
    powers.map((_other, column) => moment(({ basis }) => (basis[row] ?? 0) * (basis[column] ?? 0))),
  )
  const right = powers.map((_one, row) => moment(({ basis, target }) => (basis[row] ?? 0) * target))
  return solve(matrix, right)
}

const valueAt = (factors: readonly number[], { basis }: Point): number =>
  factors.reduce((sum, factor, index) => sum + factor * (basis[index] ?? 0), 0)

function minimax(grid: readonly Point[], powers: readonly number[]): readonly number[] {
  let weights = grid.map(() => 1 / grid.length)
  let best = { factors: leastSquares(grid, weights, powers), error: Number.POSITIVE_INFINITY }
  for (let round = 0; round < rounds; round += 1) {
    const factors = leastSquares(grid, weights, powers)
    const errors = grid.map((point) => Math.abs(valueAt(factors, point) - point.target))
    const error = Math.max(...errors)
    if (error < best.error) best = { factors, error }
    const next = weights.map((weight, at) => weight * (errors[at] ?? 0))
    const total = next.reduce((sum, weight) => sum + weight, 0)
    weights = next.map((weight) => weight / total)
  }
  return best.factors
}

/**
 * Finds the odd polynomial (around 0.5) that is nearest to the sigmoid on [-range, range].
 * @throws AppError 'unprocessable' for a degree other than 3, 5 or 7 or a range outside 1 to 16
 */
export function fitSigmoid(degree: number, range: number): SigmoidFit {
  if (![3, 5, 7].includes(degree)) throw new AppError('unprocessable', 'The sigmoid is replaced by degree 3, 5 or 7')
  if (!(range >= 1 && range <= 16)) throw new AppError('unprocessable', 'The range of scores must be 1 to 16')
  const powers = Array.from({ length: (degree + 1) / 2 }, (_, index) => 2 * index + 1)
  const grid = Array.from({ length: points }, (_, index): Point => {
    const t = (index + 1) / points
    return { target: sigmoid(t * range) - 0.5, basis: powers.map((power) => t ** power) }
  })
  const factors = minimax(grid, powers)
  const coefficients = Array.from({ length: degree + 1 }, (_, power) => {
    if (power === 0) return 0.5
    return power % 2 === 0 ? 0 : (factors[(power - 1) / 2] ?? 0) / range ** power
  })
  const errors = Array.from({ length: checkedPoints }, (_, index) => {
    const x = (index / (checkedPoints - 1)) * range
    return Math.abs(polynomialAt(coefficients, x) - sigmoid(x))
  })
  return { coefficients, maxError: Math.max(...errors) }
}
