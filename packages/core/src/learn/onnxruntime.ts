// Opens graphs in onnxruntime inside this process; the module (onnxruntime-node or onnxruntime-web) comes as an argument.
import type { Datatype, GraphSession, NamedTensors, OpenSession, Tensor } from './tensor.ts'

// The little of onnxruntime-common that is used, so that core needs no dependency.
const runtimeTypes = {
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  BOOL: 'bool',
} as const satisfies Readonly<Record<Datatype, string>>
type RuntimeType = (typeof runtimeTypes)[Datatype]

interface RuntimeTensor {
  readonly dims: readonly number[]
  readonly type: string
  readonly data: unknown
}

interface RuntimeSession {
  readonly outputNames: readonly string[]
  run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Readonly<Record<string, RuntimeTensor>>>
  release(): Promise<void>
}

/** The module `onnxruntime-node` or `onnxruntime-web`, as far as it is used. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(graph: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<RuntimeSession>
  }
  readonly Tensor: new (type: RuntimeType, data: Tensor['data'], dims: readonly number[]) => RuntimeTensor
}

function fromRuntime({ type, dims, data }: RuntimeTensor): Tensor {
  const found = Object.entries(runtimeTypes).find(([, name]) => name === type)
  if (!found || !ArrayBuffer.isView(data)) throw new TypeError(`onnxruntime gave a tensor of type ${type}`)
  return { datatype: found[0] as Datatype, shape: dims, data: data as Tensor['data'] }
}

/**
 * Makes an {@link OpenSession} over onnxruntime in this process: for training programs and the browser. Runs block the
 * event loop of Node, so services use the platform's port `Onnx` instead.
 * @param threads threads inside one operator, when `open` does not say; default 1
 */
export function onnxruntimeSessions(runtime: OnnxRuntime, threads = 1): OpenSession {
  return async (graph, options = {}) => {
    const session = await runtime.InferenceSession.create(graph, {
      intraOpNumThreads: options.threads ?? threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: options.use === 'training' ? 'extended' : 'all',
      logSeverityLevel: 3,
    })
    return wrapSession(runtime, session)
  }
}

function wrapSession(runtime: OnnxRuntime, session: RuntimeSession): GraphSession {
  // tensors that come again, such as the weights that take turns, are wrapped once
  const wrapped = new WeakMap<Tensor, RuntimeTensor>()
  const wrap = (tensor: Tensor): RuntimeTensor => {
    const known = wrapped.get(tensor)
    if (known) return known
    const fresh = new runtime.Tensor(runtimeTypes[tensor.datatype], tensor.data, tensor.shape)
    wrapped.set(tensor, fresh)
    return fresh
  }
  const wrapAll = (tensors: NamedTensors): Record<string, RuntimeTensor> =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, wrap(tensor)]))
  return {
    async run(feeds, { outputs = session.outputNames, signal, into = {} } = {}) {
      signal?.throwIfAborted()
      const given = wrapAll(into)
      const fetches = Object.fromEntries(outputs.map((name) => [name, given[name] ?? null]))
      const results = await session.run(wrapAll(feeds), fetches)
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, into[name] ?? fromRuntime(tensor)]),
      )
    },
    close: () => session.release(),
  }
}
