// Sample graphs: sums of known value, a chain of convolutions of wanted cost, and graphs that go wrong in known ways.
import { type Graph, onnxGraph } from './onnx-graph.ts'

const batch = 'batch'

/** `sum = a + b`, `difference = a - b`; FP32 [batch, size]. */
export function sumGraph(size = 3): Uint8Array {
  const shape = [batch, size]
  return onnxGraph({
    inputs: ['a', 'b'].map((name) => ({ name, shape })),
    outputs: ['sum', 'difference'].map((name) => ({ name, shape })),
    nodes: [
      { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
      { op: 'Sub', inputs: ['a', 'b'], outputs: ['difference'] },
    ],
  })
}

/** `input__0 * factor = output__0`; FP32 [batch, size], for telling versions apart. */
export function scaleGraph(factor: number, size = 2): Uint8Array {
  return onnxGraph({
    inputs: [{ name: 'input__0', shape: [batch, size] }],
    outputs: [{ name: 'output__0', shape: [batch, size] }],
    constants: [{ name: 'factor', shape: [1], data: Float32Array.of(factor) }],
    nodes: [{ op: 'Mul', inputs: ['input__0', 'factor'], outputs: ['output__0'] }],
  })
}

/** A seeded value in [-scale, scale); a linear congruential sequence is enough for weights whose values do not matter. */
function weights(count: number, scale: number): Float32Array {
  let state = 1
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state / 2 ** 31 - 1) * scale
  })
}

/** A chain of 3×3 convolutions with ReLU; FP32 [batch, 1, side, side] in and out. Cost grows with layers · channels² · side². */
export function convolutionGraph(options: {
  readonly side: number
  readonly channels: number
  readonly layers: number
}): Uint8Array {
  const { side, channels, layers } = options
  const shape = [batch, 1, side, side]
  const depth = (layer: number): number => (layer === 0 || layer === layers ? 1 : channels)
  const steps = Array.from({ length: layers }, (_, layer) => ({ layer, from: depth(layer), to: depth(layer + 1) }))
  const graph: Graph = {
    inputs: [{ name: 'input__0', shape }],
    outputs: [{ name: 'output__0', shape }],
    constants: steps.map(({ layer, from, to }) => ({
      name: `w${layer}`,
      shape: [to, from, 3, 3],
      data: weights(to * from * 9, 1 / (3 * Math.sqrt(from))),
    })),
    nodes: steps.flatMap(({ layer }) => {
      const input = layer === 0 ? 'input__0' : `r${layer - 1}`
      const output = layer === layers - 1 ? 'output__0' : `r${layer}`
      const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }
      return [
        { op: 'Conv', inputs: [input, `w${layer}`], outputs: [`c${layer}`], attributes },
        { op: 'Relu', inputs: [`c${layer}`], outputs: [output] },
      ]
    }),
  }
  return onnxGraph(graph)
}

/** `double = 2·x` in INT64, `isPositive = x > 0` as BOOL; [batch, 2]. */
export function integerGraph(): Uint8Array {
  const shape = [batch, 2]
  return onnxGraph({
    inputs: [{ name: 'x', datatype: 'INT64', shape }],
    outputs: [
      { name: 'double', datatype: 'INT64', shape },
      { name: 'isPositive', datatype: 'BOOL', shape },
    ],
    constants: [{ name: 'zero', shape: [1], data: BigInt64Array.of(0n) }],
    nodes: [
      { op: 'Add', inputs: ['x', 'x'], outputs: ['double'] },
      { op: 'Greater', inputs: ['x', 'zero'], outputs: ['isPositive'] },
    ],
  })
}
