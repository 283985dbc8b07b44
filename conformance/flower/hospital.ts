// A hospital in TypeScript that trains the same small LSTM as its Python neighbours, on series drawn by the same rule.
import { seededRandom } from '@xinglin/core/cohort'
import type { Weights } from '@xinglin/core/federated'
import {
  createTrainer,
  crossEntropy,
  fromTensors,
  inferenceGraph,
  initialWeights,
  lstmClassifier,
  onnxruntimeSessions,
  toTensors,
  trainingGraph,
} from '@xinglin/core/learn'
import * as onnxruntime from 'onnxruntime-node'
import type { SiteWork } from '../../packages/platform/src/ai/federated/site/index.ts'

const [steps, features] = [8, 3]
const model = lstmClassifier({ steps, features, hidden: 8, classes: 2 })
const open = onnxruntimeSessions(onnxruntime)

function draw(seed: number, count: number) {
  const random = seededRandom(seed)
  const series = new Float32Array(count * steps * features).map(() => random.normal(0, 1))
  const classes = Int32Array.from({ length: count }, (_none, row) => {
    const first = (step: number): number => series[(row * steps + step) * features] ?? 0
    return first(4) + first(5) + first(6) + first(7) > first(0) + first(1) + first(2) + first(3) ? 1 : 0
  })
  return { series, classes }
}

function flat(weights: Weights): Float32Array {
  const tensors = model.parameters.map(({ name, shape }, index) => {
    const data = Float32Array.from((weights[index]?.data ?? []) as Float32Array)
    return [name, { datatype: 'FP32' as const, shape, data }] as const
  })
  return fromTensors(model.parameters, Object.fromEntries(tensors))
}

function arrays(vector: Float32Array): Weights {
  const tensors = toTensors(model.parameters, vector)
  return model.parameters.map(({ name, shape }) => ({
    type: 'float32',
    shape,
    data: Float32Array.from(tensors[name]?.data as Float32Array),
  }))
}

/** What the hospital does when it is asked, and what it was told with each fit. */
export async function createHospital(seed: number) {
  const [train, heldOut] = [draw(seed, 256), draw(seed + 1000, 128)]
  const trainer = await createTrainer(open, trainingGraph(model, { loss: crossEntropy(), batch: 32 }), { seed })
  const told: Readonly<Record<string, unknown>>[] = []
  const work: SiteWork = {
    parameters: async () => arrays(initialWeights(model.parameters, seed)),
    async fit(weights, config) {
      told.push(config)
      trainer.restore({ weights: flat(weights) })
      let loss = 0
      for (let batch = 0; batch < 16; batch++) {
        const start = (batch % 8) * 32
        const input = train.series.slice(start * steps * features, (start + 32) * steps * features)
        loss = await trainer.step({ input, target: train.classes.slice(start, start + 32), learningRate: 0.01 })
      }
      return { weights: arrays(trainer.state().weights), examples: 256, metrics: { loss } }
    },
    async evaluate(weights) {
      const session = await open(inferenceGraph(model, flat(weights)))
      const input = { datatype: 'FP32' as const, shape: [128, steps, features], data: heldOut.series }
      const { output } = await session.run({ input })
      await session.close()
      const right = [...heldOut.classes].filter((klass, row) => Number(output?.data[2 * row + klass]) > 0.5).length
      const loss = [...heldOut.classes].reduce(
        (sum, klass, row) => sum - Math.log(Number(output?.data[2 * row + klass])),
        0,
      )
      return { loss: loss / 128, examples: 128, metrics: { accuracy: right / 128 } }
    },
  }
  return { work, told, close: () => trainer.close() }
}
