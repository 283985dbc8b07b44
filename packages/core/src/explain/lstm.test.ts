// Gradients of a real LSTM through core/learn's gradient graph: the additivity that DeepExplainer lacks on LSTMs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as runtime from 'onnxruntime-node'
import { gradientGraph, inferenceGraph, initialWeights, lstmClassifier, onnxruntimeSessions } from '../learn/index.ts'
import { exactShapley } from './exact.ts'
import type { Game } from './game.ts'
import { expectedDifferences, expectedGradients, type Gradient } from './gradients.ts'
import { channelGroups } from './groups.ts'

const [steps, features] = [6, 3]
const batch = 48

async function openLstm() {
  const model = lstmClassifier({ steps, features, hidden: 5, classes: 1 })
  const weights = initialWeights(model.parameters, 7).map((weight) => 3 * weight)
  const open = onnxruntimeSessions(runtime)
  const forward = await open(inferenceGraph(model, weights))
  const backward = await open(gradientGraph(model, weights, { batch }))
  const shapeOf = (count: number) => [count, steps, features]
  const predict: Game['predict'] = async (rows, count) => {
    const input = { datatype: 'FP32' as const, shape: shapeOf(count), data: rows }
    return (await forward.run({ input })).output?.data as Float32Array // FP32, as the graph says
  }
  // The graph has a fixed batch: what is missing is filled up and cut off again.
  const gradient: Gradient = async (rows, count) => {
    const data = new Float32Array(batch * steps * features)
    data.set(rows)
    const input = { datatype: 'FP32' as const, shape: shapeOf(batch), data }
    const seed = { datatype: 'FP32' as const, shape: [batch, 1], data: new Float32Array(batch).fill(1) }
    const found = (await backward.run({ input, seed })).gradient?.data
    assert.ok(found instanceof Float32Array)
    return found.subarray(0, count * steps * features)
  }
  const close = async (): Promise<void> => {
    await forward.close()
    await backward.close()
  }
  return { predict, gradient, close }
}

test('integrated and expected gradients of an LSTM add up, and differences tell the same', async () => {
  const { predict, gradient, close } = await openLstm()
  const row = Float32Array.from({ length: steps * features }, (_, at) => Math.sin(at + 1) * 1.5)
  const references = Float32Array.from({ length: 3 * steps * features }, (_, at) => Math.cos(3 * at) / 2)
  const groups = channelGroups(['a', 'b', 'c'], steps)
  for (const background of [new Float32Array(steps * features), references]) {
    const game = { predict, row, background, groups }
    const byGradient = await expectedGradients(game, gradient, { batchRows: batch })
    const gap = (byGradient.prediction[0] ?? 0) - (byGradient.base[0] ?? 0)
    assert.ok(Math.abs(gap) > 0.02, `there is something to explain: ${gap}`)
    assert.ok(Math.abs(byGradient.residual[0] ?? 1) < 1e-5, `${byGradient.residual[0]} is left over`)
    const byDifference = await expectedDifferences(game)
    const shares = byGradient.contributions[0] ?? []
    for (const [at, share] of shares.entries()) {
      assert.ok(Math.abs(share - (byDifference.contributions[0]?.[at] ?? 1)) < 1e-4)
    }
    assert.ok(Math.abs((await exactShapley(game)).residual[0] ?? 1) < 1e-9)
  }
  await close()
})
