// The shipped mortality model and other graphs for tests, served as KServe would by onnxruntime's child process.
import { readFileSync } from 'node:fs'
import { AppError } from '@xinglin/core/errors'
import { icuFeatures, stayBins } from '@xinglin/core/federated/icu'
import { createOnnx } from '../../../engines/onnxruntime/index.ts'
import type { Models, TensorMetadata } from '../../../kernel/ports.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'

const shipped = new URL('../../../../../../models/icu_mortality_lstm/1/model.onnx', import.meta.url)

/** A graph to be served under a name. */
export interface ServedGraph {
  readonly onnx: Uint8Array
  readonly inputs: readonly TensorMetadata[]
  readonly outputs: readonly TensorMetadata[]
  /** More rows are refused, as Triton does beyond `max_batch_size`. */
  readonly mostRows?: number
}

/** The mortality model: input `values` [24, 12], NaN = not measured; output `risk`. */
export function mortalityModel(): ServedGraph {
  return {
    onnx: readFileSync(shipped),
    inputs: [{ name: 'values', datatype: 'FP32', shape: [-1, stayBins, icuFeatures.length] }],
    outputs: [{ name: 'risk', datatype: 'FP32', shape: [-1, 1] }],
  }
}

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
