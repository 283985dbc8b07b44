// Training through the door: Adam by hand, parts of a batch, short batches, FedProx, clipping, dropout, resuming.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as onnxruntime from 'onnxruntime-node'
import {
  binaryCrossEntropy,
  createTrainer,
  crossEntropy,
  defineModel,
  initialWeights,
  type Loss,
  lstmClassifier,
  type Model,
  onnxruntimeSessions,
  type Trainer,
  type TrainingBatch,
  type TrainingOptions,
  trainingGraph,
  unet,
} from './index.ts'
import { dense } from './operations/dense.ts'
import { constantInitial, seededUnit } from './parameters.ts'

const open = onnxruntimeSessions(onnxruntime)

// z = w · x + b with w = 1, b = 0 at first: small enough to do by hand.
const line: Model = defineModel({
  name: 'line',
  inputShape: [1],
  link: 'sigmoid',
  parameters: [
    { name: 'w', shape: [1, 1], initial: constantInitial(1) },
    { name: 'b', shape: [1], initial: constantInitial(0) },
  ],
  forward: (tape, input, weightOf) => dense(tape, input, weightOf('w'), weightOf('b')),
})

async function trainerOf(model: Model, options: TrainingOptions, seed = 1): Promise<Trainer> {
  return createTrainer(open, trainingGraph(model, options), { seed })
}

async function steps(trainer: Trainer, count: number, batch: TrainingBatch): Promise<readonly number[]> {
  const losses: number[] = []
  for (let step = 0; step < count; step += 1) losses.push(await trainer.step(batch))
  return losses
}

function near(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length)
  for (const [index, value] of expected.entries()) {
    assert.ok(Math.abs((actual[index] ?? Number.NaN) - value) <= tolerance, `${actual[index]} is not ${value}`)
  }
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

// Adam as in the paper, in double precision, for the line on rows of x and t.
function adamByHand(
  rows: readonly (readonly [x: number, t: number])[],
  count: number,
  options: { readonly rate: number; readonly decay?: number },
): readonly number[] {
  const p = [1, 0]
  const m = [0, 0]
  const v = [0, 0]
  for (let step = 1; step <= count; step += 1) {
    const [w = 0, b = 0] = p
    const slopes = rows.map(([x, t]) => [(sigmoid(w * x + b) - t) * x, sigmoid(w * x + b) - t] as const)
    for (const k of [0, 1] as const) {
      const g = slopes.reduce((sum, slope) => sum + slope[k], 0) / rows.length + (options.decay ?? 0) * (p[k] ?? 0)
      m[k] = 0.9 * (m[k] ?? 0) + 0.1 * g
      v[k] = 0.999 * (v[k] ?? 0) + 0.001 * g * g
      const ahead = (m[k] ?? 0) / (1 - 0.9 ** step)
      p[k] = (p[k] ?? 0) - (options.rate * ahead) / (Math.sqrt((v[k] ?? 0) / (1 - 0.999 ** step)) + 1e-8)
    }
  }
  return p
}

const rows = [
  [0.5, 1],
  [-1, 1],
  [2, 0],
] as const
const lineBatch: TrainingBatch = {
  input: Float32Array.from(rows, ([x]) => x),
  target: Float32Array.from(rows, ([, t]) => t),
  learningRate: 0.05,
}
const loss = binaryCrossEntropy()

test('twenty steps are those of Adam by hand, with and without weight decay', async () => {
  for (const decay of [0, 0.1]) {
    const trainer = await trainerOf(line, { loss, batch: 3, adam: { weightDecay: decay } })
    await steps(trainer, 20, lineBatch)
    near(trainer.state().weights, adamByHand(rows, 20, { rate: 0.05, decay }), 1e-5)
    await trainer.close()
  }
})

test('a batch with fewer rows than the graph counts only these', async () => {
  const trainer = await trainerOf(line, { loss, batch: 8 })
  await steps(trainer, 5, lineBatch)
  near(trainer.state().weights, adamByHand(rows, 5, { rate: 0.05 }), 1e-6)
  await trainer.close()
})

test('a row of weight 0 does not count', async () => {
  const trainer = await trainerOf(line, { loss, batch: 3 })
  const first = await trainer.step({ ...lineBatch, rowWeight: Float32Array.of(3, 0, 0) })
  near([first], [Math.log(1 + Math.exp(-0.5))], 1e-6)
  await trainer.close()
})

test('the gradient is clipped to its norm', async () => {
  // one step of Adam is blind to scale, so the scaled moments are looked at: after one step they are the gradient itself
  const trainer = await trainerOf(line, { loss, batch: 3, adam: { clipNorm: 0.01 } })
  await trainer.step(lineBatch)
  near([Math.hypot(...trainer.state().first)], [0.01], 1e-6)
  await trainer.close()
})

test('FedProx adds the distance to the anchor, times its strength, to the gradient', async () => {
  const anchor = Float32Array.of(-1, 2)
  const gradients: Float32Array[] = []
  for (const strength of [0, 0.5]) {
    const trainer = await trainerOf(line, { loss, batch: 3, adam: { isProximal: true } })
    await trainer.step({ ...lineBatch, proximal: { anchor, strength } })
    gradients.push(trainer.state().first)
    await trainer.close()
  }
  const [plain, pulled] = gradients
  near(pulled ?? [], [(plain?.[0] ?? 0) + 0.5 * (1 + 1), (plain?.[1] ?? 0) + 0.5 * (0 - 2)], 1e-6)
})

function randomBatch(model: Model, count: number, targetSize: number): TrainingBatch {
  const unit = seededUnit(3)
  const inputSize = model.inputShape.reduce((product, axis) => product * axis, 1)
  return {
    input: Float32Array.from({ length: count * inputSize }, () => 2 * unit() - 1),
    target: Float32Array.from({ length: count * targetSize }, () => Math.round(unit())),
    learningRate: 0.01,
  }
}

test('a batch in parts takes the same steps as at once', async () => {
  const model = unet({ base: 2, depth: 1, size: [8, 8] })
  const batch = randomBatch(model, 4, 64)
  const results: Float32Array[] = []
  for (const chunks of [1, 2, 4]) {
    const trainer = await trainerOf(model, { loss, batch: 4, chunks })
    await steps(trainer, 3, batch)
    results.push(trainer.state().weights)
    await trainer.close()
  }
  const [whole = new Float32Array(), ...parts] = results
  for (const part of parts) near(part, Array.from(whole), 2e-4)
})

test('running statistics run on from part to part of a batch', async () => {
  const model = unet({ base: 2, depth: 1, size: [4, 4], normalisation: 'batch' })
  const batch = { ...randomBatch(model, 4, 16), learningRate: 0 }
  const inParts = await trainerOf(model, { loss, batch: 4, chunks: 2 })
  await inParts.step(batch)
  const oneByOne = await trainerOf(model, { loss, batch: 2 })
  for (const half of [0, 32]) {
    await oneByOne.step({
      input: batch.input.slice(half, half + 32),
      target: batch.target.slice(half, half + 32),
      learningRate: 0,
    })
  }
  const { weights } = oneByOne.state()
  assert.notDeepEqual(weights, initialWeights(model.parameters, 1))
  near(inParts.state().weights, Array.from(weights), 1e-6)
  for (const trainer of [inParts, oneByOne]) await trainer.close()
})

test('dropout masks are cut like the rows that they belong to', async () => {
  const model = unet({ base: 2, depth: 1, size: [4, 4], dropoutRate: 0.5 })
  const batch = randomBatch(model, 4, 16)
  const results: Float32Array[] = []
  for (const chunks of [1, 4]) {
    const trainer = await trainerOf(model, { loss, batch: 4, chunks })
    await steps(trainer, 2, batch)
    results.push(trainer.state().weights)
    await trainer.close()
  }
  const [whole = new Float32Array(), parts = new Float32Array()] = results
  near(parts, Array.from(whole), 2e-4)
})

const series = { steps: 4, features: 3, hidden: 5, classes: 2, dropoutRate: 0.5, missing: 'mask' } as const
const seriesLoss: Loss = crossEntropy()
const seriesBatch = (learningRate: number): TrainingBatch => {
  const unit = seededUnit(11)
  return {
    input: Float32Array.from({ length: 6 * 12 }, () => (unit() < 0.3 ? Number.NaN : unit())),
    target: Int32Array.of(0, 1, 1, 0, 1, 0),
    learningRate,
  }
}

test('training goes on after a checkpoint exactly as without it, dropout included', async () => {
  const model = lstmClassifier(series)
  const whole = await trainerOf(model, { loss: seriesLoss, batch: 6 })
  const expected = await steps(whole, 6, seriesBatch(0.02))
  const first = await trainerOf(model, { loss: seriesLoss, batch: 6 })
  const early = await steps(first, 3, seriesBatch(0.02))
  const second = await trainerOf(model, { loss: seriesLoss, batch: 6 })
  second.restore(first.state())
  assert.deepEqual([...early, ...(await steps(second, 3, seriesBatch(0.02)))], expected)
  assert.deepEqual(second.state(), whole.state())
  for (const trainer of [whole, first, second]) await trainer.close()
})

test('another seed gives other first weights', async () => {
  const { parameters } = lstmClassifier(series)
  assert.deepEqual(initialWeights(parameters, 1), initialWeights(parameters, 1))
  assert.notDeepEqual(initialWeights(parameters, 1), initialWeights(parameters, 2))
})

test('a second step waits its turn by being refused', async () => {
  const trainer = await trainerOf(line, { loss, batch: 3 })
  const first = trainer.step(lineBatch)
  await assert.rejects(trainer.step(lineBatch), /still running/)
  await first
  assert.ok(Number.isFinite(await trainer.step(lineBatch)))
  await trainer.close()
})

test('what does not fit is refused', async () => {
  const model = lstmClassifier(series)
  const trainer = await trainerOf(model, { loss: seriesLoss, batch: 2 })
  const good = { input: new Float32Array(24), target: new Int32Array(2), learningRate: 0.1 }
  await assert.rejects(trainer.step({ ...good, input: new Float32Array(23) }), RangeError)
  await assert.rejects(trainer.step({ ...good, input: new Float32Array(36), target: new Int32Array(3) }), RangeError)
  await assert.rejects(trainer.step({ ...good, target: new Int32Array(3) }), RangeError)
  await assert.rejects(trainer.step({ ...good, target: new Float32Array(2) }), TypeError)
  assert.throws(() => trainer.restore({ weights: new Float32Array(3) }), RangeError)
  assert.throws(() => trainingGraph(model, { loss: seriesLoss, batch: 5, chunks: 2 }), RangeError)
  assert.throws(() => unet({ base: 2, depth: 3, size: [12, 16] }), RangeError)
  assert.throws(() => defineModel({ ...line, parameters: [...line.parameters, ...line.parameters] }), RangeError)
  await trainer.close()
})
