// The laws that explanations obey, on random games: efficiency, symmetry, dummy, and agreement between the methods.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../cohort/random.ts'
import { exactShapley, shapleyWeights } from './exact.ts'
import type { Explanation, Game, Predict } from './game.ts'
import { expectedDifferences, expectedGradients } from './gradients.ts'
import { singletons } from './groups.ts'
import { kernelShap } from './kernel.ts'
import { limeTabular } from './lime.ts'
import { linearShapley } from './linear.ts'
import { permutationShapley } from './permutation.ts'

type Function = (row: readonly number[]) => number

const predictBy =
  (...functions: readonly Function[]): Predict =>
  async (rows, count) => {
    const width = rows.length / count
    return Array.from({ length: count }, (_, at) => [...rows.subarray(at * width, (at + 1) * width)]).flatMap((row) =>
      functions.map((one) => one(row)),
    )
  }
const names = (count: number) => Array.from({ length: count }, (_, at) => `f${at}`)
const near = (found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void => {
  assert.equal(found.length, wanted.length)
  for (let at = 0; at < found.length; at += 1) {
    const gap = Math.abs((found[at] ?? Number.NaN) - (wanted[at] ?? Number.NaN))
    assert.ok(gap <= tolerance, `${at}: ${found[at]} is not ${wanted[at]}`)
  }
}
const sharesOf = ({ contributions }: Explanation): Float64Array => contributions[0] ?? new Float64Array(0)

/** A smooth game with interactions of all orders. */
function randomGame(seed: number, players: number, background = 3): Game {
  const random = seededRandom(seed)
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.normal(0, 1))
  const linear = draw(players)
  const pairs = draw(players * players)
  const predict = predictBy((row) => {
    const sum = row.reduce((total, value, at) => total + value * (linear[at] ?? 0), 0)
    const crossed = row.reduce((total, a, i) => total + a * (row[(i + 1) % players] ?? 0) * (pairs[i] ?? 0), 0)
    return Math.tanh(sum + crossed / 2) + Math.sin(sum) / 3
  })
  return { predict, row: draw(players), background: draw(players * background), groups: singletons(names(players)) }
}

const games = fc.record({ seed: fc.integer({ min: 1, max: 1e6 }), players: fc.integer({ min: 1, max: 6 }) })
const runs = { numRuns: 25 }

test('efficiency: base and contributions add up to the prediction, by every additive method', async () => {
  await fc.assert(
    fc.asyncProperty(games, async ({ seed, players }) => {
      const game = randomGame(seed, players)
      for (const explain of [exactShapley, kernelShap, permutationShapley]) {
        const found = await explain(game)
        near(found.residual, [0], 1e-9)
        near(found.prediction, Array.from(await game.predict(game.row, 1)), 1e-12)
      }
    }),
    runs,
  )
})

test('KernelSHAP over all coalitions is exact, and so are many permutations nearly', async () => {
  await fc.assert(
    fc.asyncProperty(games, async ({ seed, players }) => {
      const game = randomGame(seed, players)
      near(sharesOf(await kernelShap(game)), sharesOf(await exactShapley(game)), 1e-8)
    }),
    runs,
  )
  const game = randomGame(5, 5)
  near(sharesOf(await permutationShapley(game, { permutations: 3000 })), sharesOf(await exactShapley(game)), 0.02)
})

test('KernelSHAP with too few samples for all coalitions comes near, and the more the nearer', async () => {
  const game = randomGame(11, 14, 2)
  const wanted = sharesOf(await exactShapley(game))
  const errorOf = async (samples: number): Promise<number> => {
    const found = await kernelShap(game, { samples, seed: 3 })
    near(found.residual, [0], 1e-9)
    return Math.max(...sharesOf(found).map((share, at) => Math.abs(share - (wanted[at] ?? 0))))
  }
  const [few, many] = [await errorOf(200), await errorOf(6000)]
  assert.ok(many < 0.02 && many < few, `${few} with 200 samples, ${many} with 6000`)
})

test('symmetry: features that the model cannot tell apart share alike', async () => {
  const predict = predictBy(([a = 0, b = 0, c = 0]) => Math.exp((a + b) / 3) * c + a * b)
  const game = { predict, row: Float64Array.of(1.5, 1.5, 2), background: Float64Array.of(0.2, 0.2, -1, 1, 1, 3) }
  for (const explain of [exactShapley, kernelShap, expectedDifferences]) {
    const [a, b] = sharesOf(await explain({ ...game, groups: singletons(['a', 'b', 'c']) }))
    near([a ?? 0], [b ?? 1], 1e-9)
  }
})

test('dummy: what the model does not look at, or what does not differ, contributes nothing', async () => {
  const predict = predictBy(([a = 0, , c = 0]) => a * c + Math.cos(a))
  const game = { predict, row: Float64Array.of(2, 7, 3), background: Float64Array.of(1, -1, 3, 5, 9, 3) }
  const groups = singletons(['a', 'ignored', 'same'])
  for (const explain of [exactShapley, kernelShap, permutationShapley, expectedDifferences]) {
    const [, ignored, same] = sharesOf(await explain({ ...game, groups }))
    near([ignored ?? 1, same ?? 1], [0, 0], 1e-9)
  }
})

test('all methods agree with the closed form on a linear model', async () => {
  const random = seededRandom(8)
  const coefficients = Float64Array.from({ length: 5 }, () => random.normal(0, 1))
  const predict = predictBy((row) => row.reduce((sum, value, at) => sum + value * (coefficients[at] ?? 0), 2))
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.normal(1, 2))
  const game: Game = { predict, row: draw(5), background: draw(20), groups: singletons(names(5)) }
  const wanted = linearShapley({ coefficients, intercept: 2 }, game.row, game.background)
  near(wanted.residual, [0], 1e-12)
  for (const explain of [exactShapley, kernelShap, permutationShapley, expectedDifferences]) {
    const found = await explain(game)
    near(sharesOf(found), sharesOf(wanted), 1e-9)
    near(found.base, wanted.base, 1e-9)
  }
  const gradient = async (rows: ArrayLike<number>) => Float64Array.from(rows, (_, at) => coefficients[at % 5] ?? 0)
  near(sharesOf(await expectedGradients(game, gradient)), sharesOf(wanted), 1e-9)
  const one = { ...game, background: game.background.slice(0, 5) }
  const lime = await limeTabular(one, { samples: 200 })
  near(sharesOf(lime), sharesOf(await exactShapley(one)), 1e-4)
  near(lime.score, [1], 1e-6)
})

test('completeness: integrated and expected gradients of a smooth model add up', async () => {
  const functionOf: Function = ([a = 0, b = 0, c = 0]) => 1 / (1 + Math.exp(-(a * b + 0.5 * c * c - a)))
  const predict = predictBy(functionOf)
  const gradient = async (rows: ArrayLike<number>, count: number) =>
    Array.from({ length: count }, (_, at) => {
      const [a = 0, b = 0, c = 0] = Array.from({ length: 3 }, (_unused, feature) => rows[at * 3 + feature] ?? 0)
      const f = functionOf([a, b, c])
      return [b - 1, a, c].map((slope) => slope * f * (1 - f))
    }).flat()
  const game = { predict, row: Float64Array.of(1, 2, -1), groups: singletons(['a', 'b', 'c']) }
  for (const background of [Float64Array.of(0, 0, 0), Float64Array.of(0, 0, 0, 1, -1, 2)]) {
    const byGradient = await expectedGradients({ ...game, background }, gradient, { steps: 32 })
    assert.equal(byGradient.method, background.length === 3 ? 'integrated-gradients' : 'expected-gradients')
    near(byGradient.residual, [0], 1e-8)
    const byDifference = await expectedDifferences({ ...game, background }, { steps: 32 })
    near(byDifference.residual, [0], 1e-4)
    near(sharesOf(byDifference), sharesOf(byGradient), 1e-4)
  }
})

test('explains several outputs at once as it does each alone', async () => {
  const functions: readonly Function[] = [([a = 0, b = 0]) => a * b, ([a = 0, b = 0]) => Math.sin(a) - b]
  const game = { row: Float32Array.of(1, 2), background: Float32Array.of(0, 0, 3, 1), groups: singletons(['a', 'b']) }
  for (const explain of [exactShapley, kernelShap, permutationShapley, expectedDifferences, limeTabular]) {
    const both = await explain({ ...game, predict: predictBy(...functions) })
    for (const [output, one] of functions.entries()) {
      const alone = await explain({ ...game, predict: predictBy(one) })
      near(both.contributions[output] ?? [], sharesOf(alone), 1e-9)
      near([both.base[output] ?? 0, both.prediction[output] ?? 0], [alone.base[0] ?? 1, alone.prediction[0] ?? 1], 1e-9)
    }
  }
})

test('takes missing values as values of their own, in batches of any size, and can be stopped', async () => {
  const predict = predictBy(([a = 0, b = 0]) => (Number.isNaN(a) ? 5 : a) + (Number.isNaN(b) ? 0 : b * b))
  const row = Float32Array.of(Number.NaN, 3)
  const background = Float32Array.of(1, Number.NaN, 2, 1)
  const game = { predict, row, background, groups: singletons(['a', 'b']) }
  const found = await exactShapley(game, { batchRows: 3 })
  near(sharesOf(found), [3.5, 8.5], 1e-9)
  assert.equal(found.evaluations, 8)
  await assert.rejects(expectedDifferences(game), /a number in every cell/)
  const seen: number[] = []
  const stop = new AbortController()
  const onProgress = (done: number): void => {
    seen.push(done)
    if (done >= 4) stop.abort(new Error('enough'))
  }
  await assert.rejects(exactShapley(game, { batchRows: 2, onProgress, signal: stop.signal }), /enough/)
  assert.deepEqual(seen, [2, 4])
})

test('refuses games that do not fit together, and models that answer nonsense', async () => {
  const game = randomGame(1, 3)
  const [a, b, c] = singletons(['a', 'b', 'c'])
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  await assert.rejects(exactShapley({ ...game, groups: [a, b] }), /Feature 2 must be in exactly one group and is in 0/)
  await assert.rejects(exactShapley({ ...game, groups: [a, b, c, c] }), /is in 2/)
  await assert.rejects(exactShapley({ ...game, groups: [{ name: 'x', features: [0, 1, 2, 9] }] }), /names feature 9/)
  await assert.rejects(exactShapley({ ...game, background: new Float64Array(4) }), /rows of 3 features/)
  await assert.rejects(exactShapley({ ...game, background: new Float32Array(3) }), /same element type/)
  await assert.rejects(exactShapley({ ...game, predict: async () => [1, 2, 3] }), /answered 3 numbers/)
  await assert.rejects(exactShapley({ ...game, predict: predictBy(() => Number.NaN) }), /not a finite number/)
  await assert.rejects(kernelShap(randomGame(2, 12), { samples: 10 }), /at least 24 samples/)
  await assert.rejects(exactShapley(randomGame(3, 16)), /at most 15 groups/)
})

test('the weights of Shapley sum to one over all coalitions that a player may join', () => {
  const weights = [...shapleyWeights(5)]
  near([weights.reduce((sum, weight, size) => sum + weight * ([1, 4, 6, 4, 1][size] ?? 0), 0)], [1], 1e-12)
})
