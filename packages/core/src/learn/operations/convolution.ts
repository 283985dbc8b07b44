// Two-dimensional convolution and its transposed form, in PyTorch's layout; images are [batch, channels, rows, columns].
import type { Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'
import { convolutionWeightGradient, flipKernel, sumPerChannel, upWeightGradient } from './convolution-gradient.ts'

/**
 * Convolution with step 1 that keeps rows and columns (zero padding), as torch's `conv2d(padding='same')`.
 * @param x [batch, in, rows, columns]
 * @param weight [out, in, k, k] with k odd
 * @param bias [out]
 * @returns [batch, out, rows, columns]
 */
export function convolution(tape: Tape, x: Value, weight: Value, bias?: Value): Value {
  const { graph } = tape
  const [batch = 0, channels = 0, rows = 0, columns = 0] = x.shape
  const [out = 0, inSize = 0, size = 0, width = 0] = weight.shape
  if (channels !== inSize || size !== width || size % 2 === 0) {
    throw new RangeError(`convolution: a weight of [${weight.shape}] does not fit ${channels} channels`)
  }
  const half = (size - 1) / 2
  const attributes = { kernel_shape: [size, size], pads: [half, half, half, half] }
  const output = graph.node('Conv', [x, weight, bias], [batch, out, rows, columns], { attributes })
  return tape.record(output, [x, weight, bias], (gradient) => [
    tape.isWatched(x)
      ? graph.node(
          'Conv',
          [gradient, tape.prepared(`flipped ${weight.name}`, (outer) => flipKernel(outer, weight))],
          x.shape,
          { attributes },
        )
      : undefined,
    tape.isWatched(weight) ? convolutionWeightGradient(graph, x, gradient, size) : undefined,
    tape.isWatched(bias) ? sumPerChannel(graph, gradient) : undefined,
  ])
}

/**
 * Doubles rows and columns by a transposed convolution with a 2×2 kernel and step 2, as torch's `ConvTranspose2d(in, out, 2, 2)`.
 * @param x [batch, in, rows, columns]
 * @param weight [in, out, 2, 2]
 * @param bias [out]
 * @returns [batch, out, 2 · rows, 2 · columns]
 */
export function upConvolution(tape: Tape, x: Value, weight: Value, bias: Value): Value {
  const { graph } = tape
  const [batch = 0, channels = 0, rows = 0, columns = 0] = x.shape
  const [inSize = 0, out = 0, height = 0, width = 0] = weight.shape
  if (channels !== inSize || height !== 2 || width !== 2) {
    throw new RangeError(`upConvolution: a weight of [${weight.shape}] does not fit ${channels} channels`)
  }
  const attributes = { kernel_shape: [2, 2], strides: [2, 2] }
  const shape = [batch, out, 2 * rows, 2 * columns]
  const output = graph.node('ConvTranspose', [x, weight, bias], shape, { attributes })
  return tape.record(output, [x, weight, bias], (gradient) => [
    tape.isWatched(x) ? graph.node('Conv', [gradient, weight], x.shape, { attributes }) : undefined,
    tape.isWatched(weight) ? upWeightGradient(graph, x, gradient) : undefined,
    tape.isWatched(bias) ? sumPerChannel(graph, gradient) : undefined,
  ])
}
