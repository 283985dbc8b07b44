// Inference and gradient graphs: the same model as the training graph, free batches, integrated gradients that add up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as onnxruntime from 'onnxruntime-node'
import {
  createTrainer,
  crossEntropy,
  floatTensor,
  type GraphSession,
  gradientGraph,
  inferenceGraph,
  initialWeights,
  lstmClassifier,
  type NamedTensors,
  onnxruntimeSessions,
  trainingGraph,
  unet,
} from './index.ts'
import { add, multiply } from './operations/elementwise.ts'
import { floatsOf } from './tensor.ts'
import { randomTensor } from './testing/finite-differences.ts'

const open = onnxruntimeSessions(onnxruntime)
const model = lstmClassifier({ steps: 5, features: 3, hidden: 6, classes: 2, layers: 2 })
const weights = initialWeights(model.parameters, 4)

async function withSession<T>(graph: Uint8Array, use: (session: GraphSession) => Promise<T>): Promise<T> {
  const session = await open(graph)
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

const output = async (session: GraphSession, feeds: NamedTensors): Promise<Float32Array> =>
  floatsOf((await session.run(feeds))['output'], 'output')

test('the inference graph gives the probabilities that the training loss is made of', async () => {
  const input = randomTensor([4, 5, 3], 1)
  const target = Int32Array.of(0, 1, 1, 0)
  const trainer = await createTrainer(open, trainingGraph(model, { loss: crossEntropy(), batch: 4 }), { seed: 4 })
  const loss = await trainer.step({ input: floatsOf(input), target, learningRate: 0 })
  await trainer.close()
  const probabilities = await withSession(inferenceGraph(model, weights), (session) => output(session, { input }))
  const expected = target.reduce((sum, label, row) => sum - Math.log(probabilities[2 * row + label] ?? 0), 0) / 4
  assert.ok(Math.abs(loss - expected) < 1e-6, `${loss} is not ${expected}`)
})

test('the inference graph takes any number of rows', async () => {
  const input = randomTensor([3, 5, 3], 1)
  await withSession(inferenceGraph(model, weights, { gives: 'logit' }), async (session) => {
    const together = await output(session, { input })
    for (const row of [0, 1, 2]) {
      const alone = await output(session, {
        input: floatTensor([1, 5, 3], floatsOf(input).slice(15 * row, 15 * row + 15)),
      })
      assert.deepEqual(alone, together.slice(2 * row, 2 * row + 2))
    }
  })
})

test('raw values are standardised and marked inside the graph where a model asks for it', async () => {
  const masked = lstmClassifier({ steps: 2, features: 2, hidden: 3, classes: 1, missing: 'mask' })
  const own = initialWeights(masked.parameters, 2)
  const mean = [70, 5]
  const deviation = [10, 2]
  const graph = inferenceGraph(masked, own, {
    input: 'values',
    prepare: (tape, raw) => {
      const constant = (values: readonly number[]) => tape.graph.constant(floatTensor([2], values))
      return multiply(
        tape,
        add(tape, raw, constant(mean.map((one) => -one))),
        constant(deviation.map((one) => 1 / one)),
      )
    },
  })
  const risk = await withSession(graph, (session) =>
    output(session, { values: floatTensor([1, 2, 2], [80, Number.NaN, 60, 7]) }),
  )
  const plain = inferenceGraph(masked, own)
  const expected = await withSession(plain, (session) =>
    output(session, { input: floatTensor([1, 2, 2], [1, Number.NaN, -1, 1]) }),
  )
  assert.ok(Number.isFinite(risk[0]))
  assert.ok(Math.abs((risk[0] ?? 0) - (expected[0] ?? 1)) < 1e-6)
})

test('integrated gradients add up to the difference of the outputs', async () => {
  const points = 64
  const input = randomTensor([1, 5, 3], 8)
  const values = floatsOf(input)
  // midpoints of a straight path from zero: Sundararajan et al. 2017
  const path = Float32Array.from({ length: points * 15 }, (_, index) => {
    const share = (Math.floor(index / 15) + 0.5) / points
    return share * (values[index % 15] ?? 0)
  })
  const seed = floatTensor(
    [points, 2],
    Array.from({ length: 2 * points }, (_, index) => index % 2),
  )
  const slopes = await withSession(gradientGraph(model, weights, { batch: points }), async (session) =>
    floatsOf((await session.run({ input: floatTensor([points, 5, 3], path), seed }))['gradient'], 'gradient'),
  )
  const total = slopes.reduce((sum, slope, index) => sum + (slope * (values[index % 15] ?? 0)) / points, 0)
  const [at, zero] = await withSession(inferenceGraph(model, weights), async (session) => [
    (await output(session, { input }))[1] ?? 0,
    (await output(session, { input: floatTensor([1, 5, 3], new Float32Array(15)) }))[1] ?? 0,
  ])
  assert.ok(Math.abs(total - ((at ?? 0) - (zero ?? 0))) < 1e-5, `${total} is not ${(at ?? 0) - (zero ?? 0)}`)
})

test('the weights of a U-Net serve images of another size', async () => {
  const net = { base: 2, depth: 2, normalisation: 'group' } as const
  const trained = initialWeights(unet({ ...net, size: [8, 8] }).parameters, 1)
  const graph = inferenceGraph(unet({ ...net, size: [16, 32] }), trained, { input: 'input__0', output: 'output' })
  const mask = await withSession(graph, (session) => output(session, { input__0: randomTensor([2, 1, 16, 32], 1) }))
  assert.equal(mask.length, 2 * 16 * 32)
  assert.ok(mask.every((value) => value > 0 && value < 1))
})
