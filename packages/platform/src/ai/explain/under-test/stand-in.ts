// The mortality model for tests, trained for seconds on synthetic stays, and served as KServe would by onnxruntime's child.
import { AppError } from '@xinglin/core/errors'
import { poolStatistics } from '@xinglin/core/federated'
import {
  caseMixes,
  createIcuSite,
  drawIcuCohort,
  icuFeatures,
  icuServedGraph,
  initialIcuWeights,
  stayBins,
} from '@xinglin/core/federated/icu'
import { onnxruntimeSessions } from '@xinglin/core/learn'
import * as runtime from 'onnxruntime-node'
import { createOnnx } from '../../../engines/onnxruntime/index.ts'
import type { Models, TensorMetadata } from '../../../kernel/ports.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'

/** The stand-in's graph, with its log loss on held-out stays before and after training. */
export interface StandIn {
  readonly onnx: Uint8Array
  readonly firstLoss: number
  readonly lastLoss: number
}

/** Trains the model on 1,000 stays for some hundred steps (about a second); input `values` [24, 12], output `risk`. */
export async function trainStandIn(steps = 120): Promise<StandIn> {
  const parts = caseMixes.map((mix, at) => drawIcuCohort({ seed: 100 + at, stays: 250, mix }))
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0))
  for (const [at, part] of parts.entries()) values.set(part.values, at * part.values.length)
  const cohort = { values, died: Uint8Array.from(parts.flatMap(({ died }) => [...died])) }
  const site = await createIcuSite({ open: onnxruntimeSessions(runtime), cohort, heldOutShare: 0.2, seed: 5 })
  const standardisation = poolStatistics([site.sums()])
  const first = initialIcuWeights(5)
  const before = await site.evaluate(first, standardisation)
  const trained = await site.train(first, { round: 1, steps, learningRate: 0.006, proximalMu: 0, standardisation })
  const after = await site.evaluate(trained.weights, standardisation)
  await site.close()
  return { onnx: icuServedGraph(trained.weights, standardisation), firstLoss: before.loss, lastLoss: after.loss }
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
  inputs: [{ name: 'values', datatype: 'FP32', shape: [-1, stayBins, icuFeatures.length] }],
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
