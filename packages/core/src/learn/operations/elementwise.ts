// Operations on each element, and the change of a gradient where an operand was broadcast.
import type { Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'

function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left !== right && left !== 1 && right !== 1) throw new RangeError(`[${a}] and [${b}] do not broadcast`)
    return Math.max(left, right)
  })
}

/** Sums a gradient over the axes along which a value of the given shape was broadcast. */
export function unbroadcast({ graph }: Tape, gradient: Value, shape: readonly number[]): Value {
  const lead = gradient.shape.length - shape.length
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < lead || (shape[axis - lead] === 1 && size > 1) ? [axis] : [],
  )
  if (axes.length === 0) return gradient
  const kept = gradient.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const summed = graph.node('ReduceSum', [gradient, graph.integers(axes)], kept)
  return lead === 0 ? summed : graph.node('Reshape', [summed, graph.integers(shape)], shape)
}

/** a + b with broadcasting. */
export function add(tape: Tape, a: Value, b: Value): Value {
  const output = tape.graph.node('Add', [a, b], broadcastShape(a.shape, b.shape))
  return tape.record(output, [a, b], (gradient) => [
    tape.isWatched(a) ? unbroadcast(tape, gradient, a.shape) : undefined,
    tape.isWatched(b) ? unbroadcast(tape, gradient, b.shape) : undefined,
  ])
}

/** a · b element by element with broadcasting. */
export function multiply(tape: Tape, a: Value, b: Value): Value {
  const { graph } = tape
  const shape = broadcastShape(a.shape, b.shape)
  const output = graph.node('Mul', [a, b], shape)
  const toward = (own: Value, other: Value, gradient: Value): Value | undefined =>
    tape.isWatched(own) ? unbroadcast(tape, graph.node('Mul', [gradient, other], shape), own.shape) : undefined
  return tape.record(output, [a, b], (gradient) => [toward(a, b, gradient), toward(b, a, gradient)])
}

/** max(x, 0); its derivative at 0 is taken as 0. */
export function relu(tape: Tape, x: Value): Value {
  const { graph } = tape
  const output = graph.node('Relu', [x], x.shape)
  return tape.record(output, [x], (gradient) => [gateByOutput(tape, output, gradient)])
}

// The gradient where the output of a ReLU is not 0: onnxruntime has no ReluGrad for inference builds, and a cast there and back
// is faster than a comparison.
function gateByOutput({ graph }: Tape, output: Value, gradient: Value): Value {
  const isOn = graph.node('Cast', [output], output.shape, { datatype: 'BOOL', attributes: { to: 9 } })
  const gate = graph.node('Cast', [isOn], output.shape, { attributes: { to: 1 } })
  return graph.node('Mul', [gate, gradient], output.shape)
}

/** 1 / (1 + e^-x). */
export function sigmoid(tape: Tape, x: Value): Value {
  const { graph } = tape
  const output = graph.node('Sigmoid', [x], x.shape)
  return tape.record(output, [x], (gradient) => {
    const rest = graph.node('Sub', [graph.scalar(1), output], x.shape)
    const slope = graph.node('Mul', [output, rest], x.shape)
    return [graph.node('Mul', [gradient, slope], x.shape)]
  })
}

/** Hyperbolic tangent. */
export function tanh(tape: Tape, x: Value): Value {
  const { graph } = tape
  const output = graph.node('Tanh', [x], x.shape)
  return tape.record(output, [x], (gradient) => {
    const square = graph.node('Mul', [output, output], x.shape)
    const slope = graph.node('Sub', [graph.scalar(1), square], x.shape)
    return [graph.node('Mul', [gradient, slope], x.shape)]
  })
}

/** Softmax over the last axis. */
export function softmax(tape: Tape, x: Value): Value {
  const { graph } = tape
  const output = graph.node('Softmax', [x], x.shape, { attributes: { axis: -1 } })
  return tape.record(output, [x], (gradient) => {
    const weighted = graph.node('Mul', [gradient, output], x.shape)
    const rows = [...x.shape.slice(0, -1), 1]
    const total = graph.node('ReduceSum', [weighted, graph.integers([-1])], rows)
    const centred = graph.node('Sub', [gradient, total], x.shape)
    return [graph.node('Mul', [output, centred], x.shape)]
  })
}

/**
 * Drops elements by a mask that the trainer draws from its seed and feeds; without training it passes `x` on.
 * @param rate share of elements set to 0, in [0, 1); the others are scaled by 1 / (1 - rate)
 */
export function dropout(tape: Tape, x: Value, rate: number): Value {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`a dropout rate of ${rate} is not in [0, 1)`)
  return tape.isTraining && rate > 0 ? multiply(tape, x, tape.mask(x.shape, rate)) : x
}
