// What a key owner tells others: flooded, rounded, and only from enough contributions; and the sigmoid's stand-ins.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aggregatePolicy, cohortStatistics, cohortSums, fitSigmoid, polynomialAt, release, sigmoid } from './index.ts'

function seeded(): () => number {
  const state = { word: 12_345 }
  return () => {
    state.word = (state.word * 1_103_515_245 + 12_345) % 2 ** 31
    return (state.word + 0.5) / 2 ** 31
  }
}

test('floods with the noise of the policy and rounds to its places', () => {
  const values = Array.from({ length: 4000 }, () => 100)
  const told = release(values, 10, { minContributions: 3, decimals: 4, noise: 0.5 }, seeded())
  const mean = told.reduce((sum, value) => sum + value, 0) / told.length
  const deviation = Math.sqrt(told.reduce((sum, value) => sum + (value - mean) ** 2, 0) / told.length)
  assert.ok(Math.abs(mean - 100) < 0.05, `${mean}`)
  assert.ok(Math.abs(deviation - 0.5) < 0.05, `${deviation}`)
  assert.ok(told.every((value) => Math.abs(value * 1e4 - Math.round(value * 1e4)) < 1e-6))
})

test('tells nothing of fewer than the policy asks for, and of no policy without noise', () => {
  assert.throws(() => release([1], 2, aggregatePolicy, seeded()), /Only 2 contributed/)
  assert.throws(() => release([1], 9, { ...aggregatePolicy, noise: 0 }, seeded()), /noise above 0/)
  assert.throws(() => release([1], 9, { ...aggregatePolicy, decimals: 12 }, seeded()), /decimal places/)
})

test('reads count, mean and deviation from totals', () => {
  const values = [118, 125, 131, 140]
  const { count, mean, standardDeviation } = cohortStatistics(cohortSums(values))
  assert.deepEqual([count, mean], [4, 128.5])
  assert.ok(Math.abs(standardDeviation - Math.sqrt(261 / 3)) < 1e-9)
  assert.throws(() => cohortStatistics([0.4, 1, 1]), /not the totals/)
})

test('finds the polynomial nearest to the sigmoid: errors alternate in sign and are equal (Chebyshev)', () => {
  for (const [degree, range, most] of [
    [3, 8, 0.12],
    [5, 8, 0.055],
    [7, 8, 0.026],
    [7, 5, 0.005],
  ] as const) {
    const { coefficients, maxError } = fitSigmoid(degree, range)
    assert.ok(maxError < most, `degree ${degree} on ${range}: ${maxError}`)
    const errors = Array.from({ length: 2001 }, (_, index) => {
      const x = (index / 2000) * range
      return polynomialAt(coefficients, x) - sigmoid(x)
    })
    const peaks = errors.filter((error, at) => {
      const [left, right] = [errors[at - 1] ?? 0, errors[at + 1] ?? 0]
      return Math.abs(error) >= Math.abs(left) && Math.abs(error) >= Math.abs(right) && Math.abs(error) > maxError / 2
    })
    assert.equal(peaks.length, (degree + 1) / 2 + 1)
    assert.ok(
      peaks.every((peak) => Math.abs(peak) > maxError * 0.97),
      `${peaks}`,
    )
  }
  assert.throws(() => fitSigmoid(4, 8), /3, 5 or 7/)
  assert.throws(() => fitSigmoid(7, 40), /1 to 16/)
})
