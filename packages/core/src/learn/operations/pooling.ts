// Halving, doubling and joining images [batch, channels, rows, columns].
import type { GraphBuilder, Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'

function double(graph: GraphBuilder, value: Value): Value {
  const [batch = 0, channels = 0, rows = 0, columns = 0] = value.shape
  const scales = graph.constant({ datatype: 'FP32', shape: [4], data: Float32Array.of(1, 1, 2, 2) })
  return graph.node('Resize', [value, undefined, scales], [batch, channels, 2 * rows, 2 * columns], {
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  })
}

/**
 * The largest of each 2×2 block; rows and columns must be even. Where several are largest each gets the whole gradient:
 * after a ReLU such ties are zeros, which pass none on.
 */
export function maxPool(tape: Tape, x: Value): Value {
  const { graph } = tape
  const [batch = 0, channels = 0, rows = 0, columns = 0] = x.shape
  if (rows % 2 !== 0 || columns % 2 !== 0) throw new RangeError(`maxPool: [${x.shape}] cannot be halved`)
  const output = graph.node('MaxPool', [x], [batch, channels, rows / 2, columns / 2], {
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  })
  return tape.record(output, [x], (gradient) => {
    const isLargest = graph.node('Equal', [x, double(graph, output)], x.shape, { datatype: 'BOOL' })
    const gate = graph.node('Cast', [isLargest], x.shape, { attributes: { to: 1 } })
    return [graph.node('Mul', [gate, double(graph, gradient)], x.shape)]
  })
}

/** Doubles rows and columns by repeating each pixel. */
export function upsample(tape: Tape, x: Value): Value {
  const { graph } = tape
  return tape.record(double(graph, x), [x], (gradient) => {
    const mean = graph.node('AveragePool', [gradient], x.shape, {
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    })
    return [graph.node('Mul', [mean, graph.scalar(4)], x.shape)]
  })
}

/** Joins images along their channels, as a skip connection does. */
export function joinChannels(tape: Tape, parts: readonly Value[]): Value {
  const { graph } = tape
  const [first] = parts
  if (!first) throw new RangeError('joinChannels: nothing to join')
  const sizes = parts.map(({ shape }) => shape[1] ?? 0)
  const shape = first.shape.map((size, axis) => (axis === 1 ? sizes.reduce((total, one) => total + one, 0) : size))
  const output = graph.node('Concat', parts, shape, { attributes: { axis: 1 } })
  return tape.record(output, parts, (gradient) =>
    graph.nodes(
      'Split',
      [gradient, graph.integers(sizes)],
      parts.map((part) => part.shape),
      { attributes: { axis: 1 } },
    ),
  )
}
