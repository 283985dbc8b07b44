// Dense layers, LSTM, elementwise operations and losses: gradients against central differences.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as onnxruntime from 'onnxruntime-node'
import type { Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'
import { binaryCrossEntropy, combine, crossEntropy, dice, type Loss } from '../losses.ts'
import type { WeightOf } from '../model.ts'
import { onnxruntimeSessions } from '../onnxruntime.ts'
import type { Tensor } from '../tensor.ts'
import { type GradientCase, gradientError, randomTensor } from '../testing/finite-differences.ts'
import { dense } from './dense.ts'
import { add, multiply, relu, sigmoid, softmax, tanh } from './elementwise.ts'
import { lstmLast, lstmSequence } from './lstm.ts'
import type { LstmWeights } from './lstm-run.ts'
import { markMissing } from './missing.ts'

const open = onnxruntimeSessions(onnxruntime)
// Central differences in FP32 with a distance of 1e-2 are off by some 1e-4 of the largest gradient.
const tolerance = 1e-3

const unary = (operation: (tape: Tape, x: Value) => Value): GradientCase => ({
  inputs: { x: randomTensor([3, 4], 7) },
  emit: (tape, input) => operation(tape, input('x')),
})

const binary = (operation: (tape: Tape, a: Value, b: Value) => Value, b: readonly number[]): GradientCase => ({
  inputs: { a: randomTensor([2, 3, 4], 8), b: randomTensor(b, 9) },
  emit: (tape, input) => operation(tape, input('a'), input('b')),
})

const lstmWeights = (input: WeightOf): LstmWeights => ({
  inputWeight: input('inputWeight'),
  hiddenWeight: input('hiddenWeight'),
  inputBias: input('inputBias'),
  hiddenBias: input('hiddenBias'),
})

const lstm = (operation: typeof lstmLast, steps: number): GradientCase => ({
  inputs: {
    x: randomTensor([2, steps, 3], 1),
    inputWeight: randomTensor([16, 3], 2),
    hiddenWeight: randomTensor([16, 4], 3),
    inputBias: randomTensor([16], 4),
    hiddenBias: randomTensor([16], 5),
  },
  emit: (tape, input) => operation(tape, input('x'), lstmWeights(input)),
})

const loss = (one: Loss, target: Tensor, shape: readonly number[]): GradientCase => ({
  inputs: { output: randomTensor(shape, 1) },
  emit: (tape, input) => {
    const weights = Float32Array.from({ length: shape[0] ?? 0 }, (_, row) => 0.5 + row)
    const rowWeight = tape.graph.constant({ datatype: 'FP32', shape: [weights.length], data: weights })
    return one.emit(tape, input('output'), tape.graph.initialiser('truth', target), rowWeight)
  },
})

const marks: Tensor = {
  datatype: 'FP32',
  shape: [2, 1, 3, 3],
  data: Float32Array.from({ length: 18 }, (_, i) => (i % 3 ? 0 : 1)),
}
const labels: Tensor = { datatype: 'INT32', shape: [3], data: Int32Array.of(2, 0, 1) }

const cases: Readonly<Record<string, GradientCase>> = {
  relu: unary(relu),
  sigmoid: unary(sigmoid),
  tanh: unary(tanh),
  softmax: unary(softmax),
  'add, broadcast over rows': binary(add, [4]),
  'multiply, broadcast inside': binary(multiply, [2, 1, 4]),
  'a value used twice': unary((tape, x) => multiply(tape, x, add(tape, x, tanh(tape, x)))),
  dense: {
    inputs: { x: randomTensor([3, 4], 1), weight: randomTensor([2, 4], 2), bias: randomTensor([2], 3) },
    emit: (tape, input) => dense(tape, input('x'), input('weight'), input('bias')),
  },
  'lstm, last state': lstm(lstmLast, 4),
  'lstm, one step': lstm(lstmLast, 1),
  'lstm, all states': lstm(lstmSequence, 3),
  'marks of missing values': unary(markMissing),
  'cross-entropy': loss(crossEntropy(), labels, [3, 3]),
  'cross-entropy with class weights': loss(crossEntropy([0.5, 2, 1]), labels, [3, 3]),
  'binary cross-entropy': loss(binaryCrossEntropy(), marks, [2, 1, 3, 3]),
  'binary cross-entropy with a positive weight': loss(binaryCrossEntropy(3), marks, [2, 1, 3, 3]),
  dice: loss(dice(), marks, [2, 1, 3, 3]),
  'a sum of losses': loss(
    combine([
      [binaryCrossEntropy(), 0.3],
      [dice(), 0.7],
    ]),
    marks,
    [2, 1, 3, 3],
  ),
}

for (const [name, one] of Object.entries(cases)) {
  test(`the gradient of ${name} agrees with central differences`, async () => {
    const error = await gradientError(open, one)
    assert.ok(error < tolerance, `${error} is not below ${tolerance}`)
  })
}
