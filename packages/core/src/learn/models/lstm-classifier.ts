// An LSTM over a patient's time series with a linear head, weight for weight the usual PyTorch model of two modules.
import { defineModel, type Model } from '../model.ts'
import { dense } from '../operations/dense.ts'
import { dropout } from '../operations/elementwise.ts'
import { lstmLast, lstmSequence } from '../operations/lstm.ts'
import type { LstmWeights } from '../operations/lstm-run.ts'
import { markMissing } from '../operations/missing.ts'
import { type ParameterSpec, torchUniform } from '../parameters.ts'

/** Sizes of an LSTM classifier. */
export interface LstmClassifierOptions {
  readonly steps: number
  readonly features: number
  readonly hidden: number
  readonly classes: number
  /** Layers on top of one another; default 1. */
  readonly layers?: number
  /** Dropout before the head, in [0, 1); default 0. */
  readonly dropoutRate?: number
  /**
   * With `mask`, NaN in the input means 'not measured': it becomes 0, and each feature gets a second one that is 1 where it was
   * measured, so that PyTorch's `input_size` is twice `features`.
   */
  readonly missing?: 'mask'
}

function layerParameters(layer: number, inputSize: number, hidden: number): readonly ParameterSpec[] {
  const initial = torchUniform(hidden)
  return [
    { name: `lstm.weight_ih_l${layer}`, shape: [4 * hidden, inputSize], initial },
    { name: `lstm.weight_hh_l${layer}`, shape: [4 * hidden, hidden], initial },
    { name: `lstm.bias_ih_l${layer}`, shape: [4 * hidden], initial },
    { name: `lstm.bias_hh_l${layer}`, shape: [4 * hidden], initial },
  ]
}

/**
 * `fc(lstm(x)[:, -1])` over `[batch, steps, features]`, giving logits `[batch, classes]`. Parameters have the names, shapes,
 * gate order and first distribution of a PyTorch module with `self.lstm = nn.LSTM(…, batch_first=True)` and
 * `self.fc = nn.Linear(hidden, classes)`, in the order of its `state_dict`. One class means a sigmoid, more a softmax.
 */
export function lstmClassifier(options: LstmClassifierOptions): Model {
  const { steps, features, hidden, classes, layers = 1, dropoutRate = 0, missing } = options
  const inputSize = missing === 'mask' ? 2 * features : features
  return defineModel({
    name: 'lstm-classifier',
    inputShape: [steps, features],
    link: classes === 1 ? 'sigmoid' : 'softmax',
    parameters: [
      ...Array.from({ length: layers }, (_, layer) =>
        layerParameters(layer, layer === 0 ? inputSize : hidden, hidden),
      ).flat(),
      { name: 'fc.weight', shape: [classes, hidden], initial: torchUniform(hidden) },
      { name: 'fc.bias', shape: [classes], initial: torchUniform(hidden) },
    ],
    forward(tape, input, weightOf) {
      const weights = (layer: number): LstmWeights => ({
        inputWeight: weightOf(`lstm.weight_ih_l${layer}`),
        hiddenWeight: weightOf(`lstm.weight_hh_l${layer}`),
        inputBias: weightOf(`lstm.bias_ih_l${layer}`),
        hiddenBias: weightOf(`lstm.bias_hh_l${layer}`),
      })
      let x = missing === 'mask' ? markMissing(tape, input) : input
      for (let layer = 0; layer < layers - 1; layer += 1) x = lstmSequence(tape, x, weights(layer))
      const last = dropout(tape, lstmLast(tape, x, weights(layers - 1)), dropoutRate)
      return dense(tape, last, weightOf('fc.weight'), weightOf('fc.bias'))
    },
  })
}
