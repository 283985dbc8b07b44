// The dense layer, in PyTorch's layout of weights.
import type { Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'

/**
 * x · weightᵀ + bias, as torch.nn.Linear.
 * @param x [batch, in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [batch, out]
 */
export function dense(tape: Tape, x: Value, weight: Value, bias: Value): Value {
  const { graph } = tape
  const [batch = 0, inSize = 0] = x.shape
  const [outSize = 0, weightIn = 0] = weight.shape
  if (inSize !== weightIn) throw new RangeError(`dense: ${inSize} inputs do not fit a weight of [${weight.shape}]`)
  const output = graph.node('Gemm', [x, weight, bias], [batch, outSize], { attributes: { transB: 1 } })
  return tape.record(output, [x, weight, bias], (gradient) => [
    tape.isWatched(x) ? graph.node('Gemm', [gradient, weight], x.shape) : undefined,
    tape.isWatched(weight) ? graph.node('Gemm', [gradient, x], weight.shape, { attributes: { transA: 1 } }) : undefined,
    tape.isWatched(bias)
      ? graph.node('ReduceSum', [gradient, graph.integers([0])], [outSize], { attributes: { keepdims: 0 } })
      : undefined,
  ])
}
