// Joins the tensors of several requests into one batch and takes the results apart again (pure).
import type { NamedTensors, Tensor } from '../../../kernel/ports.ts'
import { bytesOf, tensorOf, zeroTensor } from '../../../kernel/tensors.ts'
import type { TensorConfig } from '../model-config/model-config.ts'

/** What decides whether two requests can share a batch: shapes and types beyond the batch. */
export function batchKey(inputs: NamedTensors): string {
  const parts = Object.entries(inputs).map(
    ([name, { datatype, shape }]) => `${name}:${datatype}:${shape.slice(1).join(',')}`,
  )
  return parts.sort().join(';')
}

function joinTensors(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors
  if (first === undefined) throw new Error('A batch of nothing cannot be joined')
  if (tensors.length === 1) return first
  const rows = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)
  const joined = zeroTensor(first.datatype, [rows, ...first.shape.slice(1)])
  const bytes = bytesOf(joined)
  let at = 0
  for (const tensor of tensors) {
    bytes.set(bytesOf(tensor), at)
    at += tensor.data.byteLength
  }
  return joined
}

/** Joins requests along the first dimension; a single one is passed on without a copy. */
export function joinBatch(requests: readonly NamedTensors[]): NamedTensors {
  const [first = {}] = requests
  return Object.fromEntries(
    Object.keys(first).map((name) => [name, joinTensors(requests.flatMap((inputs) => inputs[name] ?? []))]),
  )
}

/**
 * The results of each request of a batch of `sizes`, as views; each gets a copy of results without that first dimension,
 * so that who frees its results frees nobody else's.
 */
export function splitBatch(outputs: NamedTensors, sizes: readonly number[]): readonly NamedTensors[] {
  if (sizes.length === 1) return [outputs]
  const rows = sizes.reduce((sum, size) => sum + size, 0)
  let start = 0
  return sizes.map((size) => {
    const from = start
    start += size
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => {
        if (tensor.shape[0] !== rows) return [name, tensorOf(tensor.datatype, tensor.shape, bytesOf(tensor).slice())]
        const perRow = tensor.data.byteLength / rows
        const bytes = bytesOf(tensor).subarray(from * perRow, (from + size) * perRow)
        return [name, tensorOf(tensor.datatype, [size, ...tensor.shape.slice(1)], bytes)]
      }),
    )
  })
}

/** Gives tensors the shape that the graph wants (`reshape`), or gives results theirs; -1 takes what is left. */
export function reshaped(
  tensors: NamedTensors,
  configs: readonly TensorConfig[],
  to: 'graph' | 'client',
  isBatched: boolean,
): NamedTensors {
  const withShape = configs.filter(({ reshape }) => reshape !== undefined)
  if (withShape.length === 0) return tensors
  const changed = withShape.flatMap(({ name, dims, reshape }): [string, Tensor][] => {
    const tensor = tensors[name]
    if (tensor === undefined) return []
    const own = to === 'graph' ? (reshape?.shape ?? dims) : dims
    const shape = isBatched ? [tensor.shape[0] ?? 1, ...own] : [...own]
    const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1)
    return [[name, { ...tensor, shape: shape.map((size) => (size === -1 ? tensor.data.length / known : size)) }]]
  })
  return { ...tensors, ...Object.fromEntries(changed) }
}
