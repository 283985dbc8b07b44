// The mortality model: the served graph prepares its inputs as training does, and a site learns from its own stays.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as onnxruntime from 'onnxruntime-node'
import { onnxruntimeSessions } from '../../learn/index.ts'
import { poolStatistics, sumFeatures } from '../pooled-statistics.ts'
import { aggregate } from '../strategies.ts'
import { asFloat64, checkUpdate } from '../weights.ts'
import { caseMixes, drawIcuCohort } from './cohort.ts'
import { icuFeatures, stayBins } from './features.ts'
import { prepareStays, transformStays } from './inputs.ts'
import { icuServedGraph, initialIcuWeights } from './model.ts'
import { createIcuSite, predictRisks, splitStays } from './site.ts'

const open = onnxruntimeSessions(onnxruntime)
const cohorts = caseMixes.map((mix, index) => drawIcuCohort({ seed: 40 + index, stays: 300, mix }))
const [first] = cohorts

test('the served graph gives from raw values with NaN what training prepares in TypeScript', async () => {
  assert.ok(first)
  const values = first.values.slice(0, 20 * stayBins * icuFeatures.length)
  values.set([0, 9999, Number.NaN], 0) // beyond the limits, and missing
  values.fill(Number.NaN, stayBins * icuFeatures.length, 2 * stayBins * icuFeatures.length) // a stay without a value
  const transformed = transformStays(values)
  const standardisation = poolStatistics([sumFeatures(transformed, icuFeatures.length)])
  const weights = initialIcuWeights(3)
  const wanted = await predictRisks(open, weights, prepareStays(transformed, standardisation))
  const session = await open(icuServedGraph(weights, standardisation))
  const shape = [20, stayBins, icuFeatures.length]
  const { risk } = await session.run({ values: { datatype: 'FP32', shape, data: values } })
  await session.close()
  assert.deepEqual(risk?.shape, [20, 1])
  for (const [stay, value] of wanted.entries()) {
    assert.ok(Math.abs(value - Number(risk?.data[stay])) < 1e-5, `${stay}: ${value} and ${risk?.data[stay]}`)
    assert.ok(value > 0 && value < 1)
  }
})

test('values are carried forward within a stay, marked where measured, and never across stays', () => {
  const features = icuFeatures.length
  const values = new Float32Array(2 * stayBins * features).fill(Number.NaN)
  values[3 * features] = 100 // heart rate in the fourth bin of the first stay
  const mean = new Float64Array(features)
  const inputs = prepareStays(values, { mean, deviation: new Float64Array(features).fill(50) })
  const rate = Array.from({ length: 2 * stayBins }, (_none, row) => inputs[row * 2 * features])
  const mark = Array.from({ length: 2 * stayBins }, (_none, row) => inputs[row * 2 * features + features])
  assert.deepEqual(rate, [...Array(3).fill(0), ...Array(21).fill(2), ...Array(24).fill(0)])
  assert.equal(
    mark.reduce<number>((sum, value) => sum + (value ?? 0), 0),
    1,
  )
  assert.equal(mark[3], 1)
})

test('the held-out stays keep the share of deaths, are the same for a seed, and are not trained on', () => {
  assert.ok(first)
  const { training, heldOut } = splitStays(first.died, 0.2, 9)
  assert.deepEqual(splitStays(first.died, 0.2, 9), { training, heldOut })
  assert.equal(new Set([...training, ...heldOut]).size, first.died.length)
  const share = (stays: readonly number[]): number =>
    stays.reduce((sum, stay) => sum + (first.died[stay] ?? 0), 0) / stays.length
  assert.ok(Math.abs(share(training) - share(heldOut)) < 0.02)
})

test('four hospitals learn together what tells the dying from the others', async () => {
  const sites = await Promise.all(
    cohorts.map((cohort, seed) => createIcuSite({ open, cohort, heldOutShare: 0.3, seed: seed + 1 })),
  )
  const standardisation = poolStatistics(sites.map((site) => site.sums()))
  let weights = initialIcuWeights(1)
  const areaOf = async (): Promise<number> => {
    const said = await Promise.all(sites.map((site) => site.evaluate(weights, standardisation)))
    return said.reduce((sum, { metrics }) => sum + (metrics.auc ?? 0), 0) / said.length
  }
  const before = await areaOf()
  for (let round = 1; round <= 6; round++) {
    const updates = []
    for (const site of sites) {
      const trained = await site.train(weights, {
        round,
        steps: 15,
        learningRate: 0.004,
        proximalMu: 0,
        standardisation,
      })
      checkUpdate(trained.weights, weights)
      updates.push({ examples: site.stays.training, weights: trained.weights })
    }
    const given = { strategy: { kind: 'fedavg' }, global: weights, updates, round } as const
    weights = (await aggregate(given, async () => undefined)).weights
  }
  const after = await areaOf()
  assert.ok(after > 0.72 && after > before + 0.1, `${before} before, ${after} after`)
  await Promise.all(sites.map((site) => site.close()))
})

test('FedProx pulls a site back to the weights that its round started from', async () => {
  assert.ok(first)
  const site = await createIcuSite({ open, cohort: first, heldOutShare: 0.2, seed: 2 })
  const standardisation = poolStatistics([site.sums()])
  const start = initialIcuWeights(2)
  const distanceWith = async (proximalMu: number): Promise<number> => {
    const how = { round: 1, steps: 15, learningRate: 0.003, standardisation, proximalMu }
    const { weights } = await site.train(start, how)
    return Math.sqrt(
      weights.reduce((sum, array, index) => {
        const from = asFloat64(start[index] ?? array)
        return sum + asFloat64(array).reduce((part, value, at) => part + (value - (from[at] ?? 0)) ** 2, 0)
      }, 0),
    )
  }
  const [free, held] = [await distanceWith(0), await distanceWith(10)]
  assert.ok(held < free / 2, `${held} held, ${free} free`)
  await site.close()
})
