// A model of one's own: which stays have a rising pulse, told from a series with holes and an irrelevant second vital sign.
// Usage: node examples/learning/rising-pulse.ts (no system needed; writes two files into a temporary folder)
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '@xinglin/core/cohort'
import {
  binaryCrossEntropy,
  createTrainer,
  defineModel,
  floatTensor,
  gradientGraph,
  inferenceGraph,
  type NamedTensors,
  onnxruntimeSessions,
  torchUniform,
  toTensors,
  trainingGraph,
  writeSafetensors,
} from '@xinglin/core/learn'
import { dense, lstmLast, markMissing, relu } from '@xinglin/core/learn/operations'
import * as onnxruntime from 'onnxruntime-node'

const steps = 12
const features = ['pulse', 'temperature'] as const
const hidden = 8

const lstmShapes = {
  inputWeight: [4 * hidden, 4],
  hiddenWeight: [4 * hidden, hidden],
  inputBias: [4 * hidden],
  hiddenBias: [4 * hidden],
}
const model = defineModel({
  name: 'rising-pulse',
  inputShape: [steps, features.length],
  link: 'sigmoid',
  parameters: [
    ...Object.entries(lstmShapes).map(([name, shape]) => ({ name, shape, initial: torchUniform(hidden) })),
    { name: 'first.weight', shape: [6, hidden], initial: torchUniform(hidden) },
    { name: 'first.bias', shape: [6], initial: torchUniform(hidden) },
    { name: 'second.weight', shape: [1, 6], initial: torchUniform(6) },
    { name: 'second.bias', shape: [1], initial: torchUniform(6) },
  ],
  forward(tape, input, weightOf) {
    const state = lstmLast(tape, markMissing(tape, input), {
      inputWeight: weightOf('inputWeight'),
      hiddenWeight: weightOf('hiddenWeight'),
      inputBias: weightOf('inputBias'),
      hiddenBias: weightOf('hiddenBias'),
    })
    const between = relu(tape, dense(tape, state, weightOf('first.weight'), weightOf('first.bias')))
    return dense(tape, between, weightOf('second.weight'), weightOf('second.bias'))
  },
})

const random = seededRandom(2026)

/** Standardised series `[rows, steps, features]`, a third of the values missing, and whether the pulse rises. */
function drawStays(rows: number): { readonly input: Float32Array; readonly target: Float32Array } {
  const target = Float32Array.from({ length: rows }, () => (random.chance(0.5) ? 1 : 0))
  const input = new Float32Array(rows * steps * features.length)
  for (const [row, rises] of target.entries()) {
    for (let step = 0; step < steps; step += 1) {
      const trend = (rises === 1 ? 1 : -1) * (step / steps - 0.5)
      const place = (row * steps + step) * features.length
      input[place] = random.chance(0.33) ? Number.NaN : trend + random.normal(0, 0.5)
      input[place + 1] = random.chance(0.33) ? Number.NaN : random.normal(0, 1)
    }
  }
  return { input, target }
}

function floats(tensors: NamedTensors, name: string): Float32Array {
  const data = tensors[name]?.data
  if (!(data instanceof Float32Array)) throw new TypeError(`${name} is missing`)
  return data
}

const open = onnxruntimeSessions(onnxruntime)
const graph = trainingGraph(model, { loss: binaryCrossEntropy(), batch: 64, adam: { clipNorm: 1 } })
const trainer = await createTrainer(open, graph, { seed: 1 })
const started = performance.now()
for (let step = 1; step <= 400; step += 1) {
  const loss = await trainer.step({ ...drawStays(64), learningRate: 0.01 })
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`)
}
console.log(`400 steps of 64 stays in ${((performance.now() - started) / 1000).toFixed(1)} s`)
const { weights } = trainer.state()
await trainer.close()

const served = inferenceGraph(model, weights, { input: 'values', output: 'risk' })
const others = drawStays(1000)
const session = await open(served)
const risks = floats(await session.run({ values: floatTensor([1000, steps, 2], others.input) }), 'risk')
const right = risks.filter((risk, row) => risk > 0.5 === (others.target[row] === 1)).length
console.log(`right in ${right} of 1000 other stays`)
await session.close()

const slopes = await open(gradientGraph(model, weights, { batch: 1000, of: 'logit' }))
const ones = floatTensor([1000, 1], new Float32Array(1000).fill(1))
const gradient = floats(
  await slopes.run({ input: floatTensor([1000, steps, 2], others.input), seed: ones }),
  'gradient',
)
for (const [feature, name] of features.entries()) {
  const own = gradient.filter((_, index) => index % 2 === feature)
  console.log(`${name}: mean |slope| ${(own.reduce((sum, one) => sum + Math.abs(one), 0) / own.length).toFixed(3)}`)
}
await slopes.close()

const folder = mkdtempSync(join(tmpdir(), 'rising-pulse-'))
writeFileSync(join(folder, 'weights.safetensors'), writeSafetensors(toTensors(model.parameters, weights)))
writeFileSync(join(folder, 'model.onnx'), served)
console.log(`weights and model are in ${folder}`)
