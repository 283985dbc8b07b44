// A small mortality model for tests, really trained on synthetic stays, and served as KServe would by onnxruntime's child.

import { AppError } from '@xinglin/core/errors'
import { caseMixes, drawIcuCohort, icuFeatures } from '@xinglin/core/federated'
import {
  binaryCrossEntropy,
  createTrainer,
  floatTensor,
  inferenceGraph,
  lstmClassifier,
  onnxruntimeSessions,
  trainingGraph,
} from '@xinglin/core/learn'
import * as runtime from 'onnxruntime-node'
import { createOnnx } from '../../../engines/onnxruntime/index.ts'
import type { Models, TensorMetadata } from '../../../kernel/ports.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'

const features = icuFeatures.length
const steps = 24
const batch = 32

/** The stand-in's graph, with what its training loss went from and to. */
export interface StandIn {
  readonly onnx: Uint8Array
  readonly firstLoss: number
  readonly lastLoss: number
}

// A standardised value; NaN stays NaN.
function standardised(values: Float32Array): Float32Array {
  return values.map((value, at) => {
    const { mean = 0, deviation = 1 } = icuFeatures[at % features] ?? {}
    return (value - mean) / deviation
  })
}

/** Trains an LSTM of 8 on 512 stays for some hundred steps (about two seconds); input `values` [24, 12], output `risk`. */
export async function trainStandIn(trainingSteps = 160): Promise<StandIn> {
  const model = lstmClassifier({ steps, features, hidden: 8, classes: 1, missing: 'mask' })
  const graph = trainingGraph(model, { loss: binaryCrossEntropy(), batch })
  const trainer = await createTrainer(onnxruntimeSessions(runtime), graph, { seed: 5 })
  const cohorts = caseMixes.map((mix, at) => drawIcuCohort({ seed: 100 + at, stays: 128, mix }))
  const losses: number[] = []
  for (let step = 0; step < trainingSteps; step += 1) {
    const { values, died } = cohorts[step % cohorts.length] ?? { values: new Float32Array(0), died: new Uint8Array(0) }
    const from = ((step >> 2) * batch) % 128
    const input = standardised(values.subarray(from * steps * features, (from + batch) * steps * features))
    const target = Float32Array.from(died.subarray(from, from + batch))
    losses.push(await trainer.step({ input, target, learningRate: 0.02 }))
  }
  const { weights } = trainer.state()
  await trainer.close()
  const onnx = inferenceGraph(model, weights, {
    ...{ input: 'values', output: 'risk' },
    prepare: ({ graph: builder }, input) => {
      const mean = builder.constant(
        floatTensor(
          [features],
          Float32Array.from(icuFeatures, ({ mean: value }) => value),
        ),
      )
      const inverse = builder.constant(
        floatTensor(
          [features],
          Float32Array.from(icuFeatures, ({ deviation }) => 1 / deviation),
        ),
      )
      return builder.node('Mul', [builder.node('Sub', [input, mean], input.shape), inverse], input.shape)
    },
  })
  const mean = (some: readonly number[]): number => some.reduce((sum, loss) => sum + loss, 0) / some.length
  return { onnx, firstLoss: mean(losses.slice(0, 20)), lastLoss: mean(losses.slice(-20)) }
}

/** A graph to be served under a name. */
export interface ServedGraph {
  readonly onnx: Uint8Array
  readonly inputs: readonly TensorMetadata[]
  readonly outputs: readonly TensorMetadata[]
  /** More rows are refused, as Triton does beyond `max_batch_size`. */
  readonly mostRows?: number
}

/** The stand-in as served. */
export const servedStandIn = (onnx: Uint8Array): ServedGraph => ({
  onnx,
  inputs: [{ name: 'values', datatype: 'FP32', shape: [-1, steps, features] }],
  outputs: [{ name: 'risk', datatype: 'FP32', shape: [-1, 1] }],
})

/** Serves graphs from one child process; `calls` counts the rows of each request. */
export async function serveGraphs(
  graphs: Readonly<Record<string, ServedGraph>>,
): Promise<{ readonly models: Models; readonly calls: number[]; close(): Promise<void> }> {
  const onnx = createOnnx({ log: silentLogger })
  const calls: number[] = []
  const sessions = new Map(
    await Promise.all(
      Object.entries(graphs).map(async ([name, { onnx: graph }]) => [name, await onnx.open(graph)] as const),
    ),
  )
  const graphOf = (name: string): ServedGraph => {
    const found = graphs[name]
    if (found === undefined) throw new AppError('not-found', `The model ${name}: unknown model`)
    return found
  }
  const models: Models = {
    async metadata(name) {
      const { inputs, outputs } = graphOf(name)
      return { name, versions: ['1', '3'], platform: 'onnxruntime_onnx', inputs, outputs }
    },
    async infer(name, tensors, { outputs, signal } = {}) {
      const { mostRows = 10_000 } = graphOf(name)
      const rows = Object.values(tensors)[0]?.shape[0] ?? 0
      calls.push(rows)
      if (rows > mostRows)
        throw new AppError('unprocessable', `The model ${name}: batch of ${rows} is over ${mostRows}`)
      const session = sessions.get(name)
      if (session === undefined) throw new Error(`${name} was not opened`)
      return session.run(tensors, {
        ...(outputs === undefined ? {} : { outputs }),
        ...(signal === undefined ? {} : { signal }),
      })
    },
  }
  return { models, calls, close: () => onnx.close() }
}
