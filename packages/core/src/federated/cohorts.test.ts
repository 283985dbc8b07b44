// The synthetic ICU stays, the pooled statistics and the pooled metrics.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { caseMixes, drawIcuCohort } from './icu/cohort.ts'
import { icuFeatures, stayBins } from './icu/features.ts'
import { isBetter, pooledEvaluation } from './metrics.ts'
import { poolStatistics, sumFeatures } from './pooled-statistics.ts'

const features = icuFeatures.length
const cohorts = caseMixes.map((mix, index) => drawIcuCohort({ seed: 11 + index, stays: 500, mix }))
const share = (died: Uint8Array): number => died.reduce((sum, value) => sum + value, 0) / died.length

test('the same seed makes the same stays, another seed others', () => {
  const [mix] = caseMixes
  assert.ok(mix)
  const first = drawIcuCohort({ seed: 5, stays: 3, mix })
  assert.deepEqual(drawIcuCohort({ seed: 5, stays: 3, mix }), first)
  assert.notDeepEqual(drawIcuCohort({ seed: 6, stays: 3, mix }).values, first.values)
})

test('values stay within their limits, and are missing about as often as in real stays', () => {
  for (const { values } of cohorts) {
    icuFeatures.forEach(({ limits, observed, name }, feature) => {
      const column = Array.from(
        { length: values.length / features },
        (_none, row) => values[row * features + feature] ?? 0,
      )
      const measured = column.filter((value) => !Number.isNaN(value))
      const [low, high] = limits.map(Math.fround) as [number, number]
      assert.ok(
        measured.every((value) => value >= low && value <= high),
        name,
      )
      assert.ok(
        Math.abs(measured.length / column.length - observed) < 0.12,
        `${name} ${measured.length / column.length}`,
      )
    })
  }
})

test('hospitals differ in how many die, as their mixes of cases do', () => {
  const [coronary = 0, cardiac = 0, medical = 0] = cohorts.map(({ died }) => share(died))
  assert.ok(cardiac < coronary && coronary < medical, `${cardiac} ${coronary} ${medical}`)
  const all = cohorts.reduce((sum, { died }) => sum + share(died), 0) / cohorts.length
  assert.ok(all > 0.08 && all < 0.25, `${all}`)
})

test('the statistics of all sites together are those of their rows laid together', () => {
  const parts = cohorts.map(({ values }) => values.slice(0, 40 * stayBins * features))
  const pooled = poolStatistics(parts.map((part) => sumFeatures(part, features)))
  const together = Float64Array.from(parts.flatMap((part) => [...part]))
  for (let feature = 0; feature < features; feature++) {
    const column = [...together].filter((value, index) => index % features === feature && !Number.isNaN(value))
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length
    const deviation = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length)
    assert.ok(Math.abs((pooled.mean[feature] ?? 0) - mean) < 1e-6 * Math.abs(mean))
    assert.ok(Math.abs((pooled.deviation[feature] ?? 0) - deviation) < 1e-6 * deviation)
  }
})

test('a feature that nobody measured keeps mean 0 and deviation 1; sums that do not fit are refused', () => {
  const empty = sumFeatures(Float32Array.of(Number.NaN, 2, Number.NaN, 4), 2)
  const pooled = poolStatistics([empty])
  assert.deepEqual([...pooled.mean], [0, 3])
  assert.deepEqual([...pooled.deviation], [1, 1])
  assert.throws(() => poolStatistics([empty, sumFeatures(Float32Array.of(1), 1)]), { code: 'unprocessable' })
  const broken = { ...empty, sum: Float64Array.of(Number.POSITIVE_INFINITY, 0) }
  assert.throws(() => poolStatistics([broken]), { code: 'unprocessable' })
})

test('metrics are weighed by examples over the sites that gave them', () => {
  const pooled = pooledEvaluation([
    { examples: 1, loss: 4, metrics: { auc: 0.8 } },
    { examples: 3, loss: 2, metrics: { auc: Number.NaN, accuracy: 0.5 } },
  ])
  assert.deepEqual(pooled, { examples: 4, loss: 2.5, metrics: { accuracy: 0.5, auc: 0.8 } })
  assert.equal(pooledEvaluation([]), undefined)
  assert.ok(isBetter('loss', 1, 2) && !isBetter('loss', 2, 1) && isBetter('auc', 0.8, 0.7))
  assert.ok(isBetter('auc', 0.1, undefined) && !isBetter('auc', Number.NaN, undefined))
})
