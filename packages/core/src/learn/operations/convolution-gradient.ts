// Gradients of convolutions as matrix products: onnxruntime has no kernel for the gradient of a weight.
import type { GraphBuilder, Value } from '../graph/builder.ts'
import type { Gradient } from '../graph/tape.ts'

type Shape = readonly number[]

/** Sums over all axes but the channels: [batch, channels, rows, columns] → [channels]. */
export function sumPerChannel(graph: GraphBuilder, value: Value): Value {
  return graph.node('ReduceSum', [value, graph.integers([0, 2, 3])], [value.shape[1] ?? 0], {
    attributes: { keepdims: 0 },
  })
}

function transpose(graph: GraphBuilder, value: Value, order: Shape): Value {
  const shape = order.map((axis) => value.shape[axis] ?? 0)
  return graph.node('Transpose', [value], shape, { attributes: { perm: order } })
}

function reshape(graph: GraphBuilder, value: Value, shape: Shape): Value {
  return graph.node('Reshape', [value, graph.integers(shape)], shape)
}

/**
 * The kernel that carries a gradient back to the input of a convolution: channels swapped, both directions reversed.
 * The taps become the outermost axis first, so that reversing moves whole planes instead of single numbers.
 */
export function flipKernel(graph: GraphBuilder, weight: Value): Value {
  const [out = 0, channels = 0, size = 0] = weight.shape
  const taps = size * size
  if (taps === 1) return transpose(graph, weight, [1, 0, 2, 3])
  const planes = transpose(graph, reshape(graph, weight, [out, channels, taps]), [2, 1, 0])
  const backwards = graph.integers(Array.from({ length: taps }, (_, tap) => taps - 1 - tap))
  const reversed = graph.node('Gather', [planes, backwards], planes.shape)
  return reshape(graph, transpose(graph, reversed, [1, 2, 0]), [channels, out, size, size])
}

// Copies of a value moved along one axis by each of the given distances, zeros flowing in, joined along another axis.
function shifted(
  graph: GraphBuilder,
  value: Value,
  move: { readonly axis: number; readonly join: number; readonly by: Shape },
): Value {
  const copies = move.by.map((distance) => {
    if (distance === 0) return value
    const pads = [...value.shape, ...value.shape].map((_, place) => {
      if (place === move.axis) return distance
      return place === move.axis + value.shape.length ? -distance : 0
    })
    return graph.node('Pad', [value, graph.integers(pads)], value.shape)
  })
  const shape = value.shape.map((size, axis) => (axis === move.join ? size * copies.length : size))
  return copies.length === 1 ? value : graph.node('Concat', copies, shape, { attributes: { axis: move.join } })
}

// All moves of large maps along their rows in one step: [batch, channels, rows, columns] → [batch, channels, taps, rows, columns].
// Tap t starts `starts[t]` rows into the map that has been widened by `half` rows of zeros at either end.
function movedAlongRows(graph: GraphBuilder, value: Value, half: number, starts: Shape): Value {
  const [batch = 0, channels = 0, rows = 0, columns = 0] = value.shape
  if (half === 0) return value
  const pads = graph.integers([0, 0, half, 0, 0, 0, half, 0])
  const padded = graph.node('Pad', [value, pads], [batch, channels, rows + 2 * half, columns])
  const places = starts.flatMap((start) => Array.from({ length: rows }, (_, row) => BigInt(start + row)))
  const index = graph.constant({ datatype: 'INT64', shape: [starts.length, rows], data: BigInt64Array.from(places) })
  return graph.node('Gather', [padded, index], [batch, channels, starts.length, rows, columns], {
    attributes: { axis: 2 },
  })
}

/** Maps of at most this many rows and columns go through one product over all images instead of one for each. */
const smallMap = 12 * 12

/**
 * The gradient of a k×k kernel: `gradient` moved by every tap along one axis against `x` moved by every tap along the other, in
 * one matrix product [k · out, pixels] × [pixels, k · in] that holds all k² taps.
 */
export function convolutionWeightGradient(graph: GraphBuilder, x: Value, gradient: Value, size: number): Gradient {
  const [, , rows = 0, columns = 0] = x.shape
  return rows * columns <= smallMap ? smallProduct(graph, x, gradient, size) : largeProduct(graph, x, gradient, size)
}

function smallProduct(graph: GraphBuilder, x: Value, gradient: Value, size: number): Gradient {
  const [batch = 0, channels = 0, rows = 0, columns = 0] = x.shape
  const out = gradient.shape[1] ?? 0
  const taps = Array.from({ length: size }, (_, tap) => tap - (size - 1) / 2)
  const channelsFirst = (value: Value): Value => transpose(graph, value, [1, 0, 2, 3])
  const left = shifted(graph, channelsFirst(gradient), { axis: 3, join: 0, by: taps })
  const below = shifted(graph, channelsFirst(x), { axis: 2, join: 0, by: taps.map((tap) => -tap) })
  const width = batch * rows * columns
  const product = graph.node(
    'Gemm',
    [reshape(graph, left, [size * out, width]), reshape(graph, below, [size * channels, width])],
    [size * out, size * channels],
    { attributes: { transB: 1 } },
  )
  return {
    raw: product,
    finish: (outer, summed) => transpose(outer, reshape(outer, summed, [size, out, size, channels]), [1, 3, 2, 0]),
  }
}

// Moving along columns costs more than along rows, so the side with fewer channels does it.
function largeProduct(graph: GraphBuilder, x: Value, gradient: Value, size: number): Gradient {
  const [batch = 0, channels = 0, rows = 0, columns = 0] = x.shape
  const out = gradient.shape[1] ?? 0
  const half = (size - 1) / 2
  const taps = Array.from({ length: size }, (_, tap) => tap)
  const flat = (value: Value, width: number): Value => reshape(graph, value, [batch, size * width, rows * columns])
  if (out <= channels) {
    const narrow = shifted(graph, gradient, { axis: 3, join: 1, by: taps.map((tap) => tap - half) })
    const wide = movedAlongRows(graph, x, half, taps)
    return {
      raw: productOverImages(graph, flat(narrow, out), flat(wide, channels)),
      finish: (outer, summed) => transpose(outer, reshape(outer, summed, [size, out, channels, size]), [1, 2, 3, 0]),
    }
  }
  const wide = movedAlongRows(graph, gradient, half, taps.toReversed())
  const narrow = shifted(graph, x, { axis: 3, join: 1, by: taps.map((tap) => half - tap) })
  return {
    raw: productOverImages(graph, flat(wide, out), flat(narrow, channels)),
    finish: (outer, summed) => transpose(outer, reshape(outer, summed, [out, size, size, channels]), [0, 3, 1, 2]),
  }
}

// Σ over images of a · bᵀ, for a [batch, m, pixels] and b [batch, n, pixels].
function productOverImages(graph: GraphBuilder, a: Value, b: Value): Value {
  const [batch = 0, m = 0] = a.shape
  const n = b.shape[1] ?? 0
  const each = graph.node('FusedMatMul', [a, b], [batch, m, n], { domain: 'com.microsoft', attributes: { transB: 1 } })
  if (batch === 1) return reshape(graph, each, [m, n])
  return graph.node('ReduceSum', [each, graph.integers([0])], [m, n], { attributes: { keepdims: 0 } })
}

/** The gradient of the 2×2 kernel of a transposed convolution with step 2: [in, out, 2, 2]. */
export function upWeightGradient(graph: GraphBuilder, x: Value, gradient: Value): Gradient {
  const [batch = 0, channels = 0, rows = 0, columns = 0] = x.shape
  const out = gradient.shape[1] ?? 0
  const pixels = rows * columns
  const blocks = graph.node('SpaceToDepth', [gradient], [batch, 4 * out, rows, columns], {
    attributes: { blocksize: 2 },
  })
  const product = productOverImages(
    graph,
    reshape(graph, x, [batch, channels, pixels]),
    reshape(graph, blocks, [batch, 4 * out, pixels]),
  )
  return {
    raw: product,
    finish: (outer, summed) => transpose(outer, reshape(outer, summed, [channels, 2, 2, out]), [0, 3, 1, 2]),
  }
}
