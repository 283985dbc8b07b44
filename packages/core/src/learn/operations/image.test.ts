// Convolution, pooling, normalisation: gradients against central differences.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as onnxruntime from 'onnxruntime-node'
import { onnxruntimeSessions } from '../onnxruntime.ts'
import { floatTensor, type Tensor } from '../tensor.ts'
import { type GradientCase, gradientError, randomTensor } from '../testing/finite-differences.ts'
import { convolution, upConvolution } from './convolution.ts'
import { batchNorm, groupNorm } from './normalisation.ts'
import { joinChannels, maxPool, upsample } from './pooling.ts'

const open = onnxruntimeSessions(onnxruntime)
// Central differences in FP32 with a distance of 1e-2 are off by some 1e-4 of the largest gradient; products are linear.
const tolerance = 2e-3

const convolutionCase = (
  size: number,
  rows: number,
  columns: number,
  [channels, out]: readonly [number, number] = [2, 3],
): GradientCase => ({
  inputs: {
    x: randomTensor([2, channels, rows, columns], 1),
    weight: randomTensor([out, channels, size, size], 2),
    bias: randomTensor([out], 3),
  },
  emit: (tape, input) => convolution(tape, input('x'), input('weight'), input('bias')),
})

// Values that are far apart, so that a small step changes no maximum.
const distinct = (shape: readonly number[]): Tensor => {
  const size = shape.reduce((product, axis) => product * axis, 1)
  return floatTensor(
    shape,
    Float32Array.from({ length: size }, (_, index) => ((index * 7) % size) / size),
  )
}

const batchNormCase = (isTraining: boolean): GradientCase => ({
  isTraining,
  inputs: { x: randomTensor([3, 2, 2, 2], 1), scale: randomTensor([2], 2), shift: randomTensor([2], 3) },
  emit: (tape, input) => {
    const statistic = (values: readonly number[]) => tape.graph.constant(floatTensor([2], values))
    return batchNorm(tape, input('x'), {
      scale: input('scale'),
      shift: input('shift'),
      runningMean: statistic([0.1, -0.2]),
      runningVariance: statistic([0.5, 2]),
      names: { mean: 'mean', variance: 'variance' },
    })
  },
})

const cases: Readonly<Record<string, GradientCase>> = {
  'a 3×3 convolution of small maps': convolutionCase(3, 4, 5),
  'a 3×3 convolution of large maps into more channels': convolutionCase(3, 13, 12, [1, 2]),
  'a 3×3 convolution of large maps into fewer channels': convolutionCase(3, 13, 12, [2, 1]),
  'a 5×5 convolution': convolutionCase(5, 4, 4),
  'a 1×1 convolution': convolutionCase(1, 3, 3),
  'a transposed convolution': {
    inputs: { x: randomTensor([2, 3, 2, 3], 1), weight: randomTensor([3, 2, 2, 2], 2), bias: randomTensor([2], 3) },
    emit: (tape, input) => upConvolution(tape, input('x'), input('weight'), input('bias')),
  },
  'max-pooling': {
    inputs: { x: distinct([2, 2, 4, 4]) },
    distance: 4e-3,
    emit: (tape, input) => maxPool(tape, input('x')),
  },
  upsampling: { inputs: { x: randomTensor([2, 2, 2, 3], 1) }, emit: (tape, input) => upsample(tape, input('x')) },
  'joined channels': {
    inputs: { a: randomTensor([2, 1, 2, 2], 1), b: randomTensor([2, 3, 2, 2], 2) },
    emit: (tape, input) => joinChannels(tape, [input('a'), input('b')]),
  },
  'batch normalisation, training': batchNormCase(true),
  'batch normalisation, serving': batchNormCase(false),
  'group normalisation': {
    inputs: { x: randomTensor([2, 4, 2, 2], 1), scale: randomTensor([4], 2), shift: randomTensor([4], 3) },
    emit: (tape, input) => groupNorm(tape, input('x'), { scale: input('scale'), shift: input('shift'), groups: 2 }),
  },
}

for (const [name, one] of Object.entries(cases)) {
  test(`the gradient of ${name} agrees with central differences`, async () => {
    const error = await gradientError(open, one)
    assert.ok(error < tolerance, `${error} is not below ${tolerance}`)
  })
}
