// The in-hospital mortality model: an LSTM over 48 hours, with weights as hospitals exchange them and as it is served.
import {
  fromTensors,
  inferenceGraph,
  initialWeights,
  lstmClassifier,
  type Model,
  toTensors,
} from '../../learn/index.ts'
import type { Standardisation } from '../pooled-statistics.ts'
import type { Weights } from '../weights.ts'
import { icuFeatures, stayBins } from './features.ts'
import { prepareNodes } from './inputs.ts'

const hidden = 32
const features = icuFeatures.length

/** One LSTM layer of 32 over 12 values and 12 marks in 24 two-hour bins, one logit. */
export const icuModel: Model = lstmClassifier({ steps: stayBins, features: 2 * features, hidden, classes: 1 })

/** Seeded first weights, as they are exchanged. */
export function initialIcuWeights(seed: number): Weights {
  return toWeights(initialWeights(icuModel.parameters, seed))
}

/** The flat vector of the trainer as the arrays that are exchanged, in the order of PyTorch's state_dict. */
export function toWeights(flat: Float32Array): Weights {
  const tensors = toTensors(icuModel.parameters, flat)
  return icuModel.parameters.flatMap(({ name, shape }) => {
    const data = tensors[name]?.data
    return data instanceof Float32Array ? [{ type: 'float32' as const, shape, data: data.slice() }] : []
  })
}

/** The arrays as the flat vector. @throws RangeError when they are not those of the model */
export function fromWeights(weights: Weights): Float32Array {
  if (weights.length !== icuModel.parameters.length) {
    throw new RangeError(`the model has ${icuModel.parameters.length} arrays, ${weights.length} were given`)
  }
  const named = icuModel.parameters.map(({ name }, index) => {
    const { shape = [], data = new Float32Array() } = weights[index] ?? {}
    return [name, { datatype: 'FP32' as const, shape, data: Float32Array.from(data as Float32Array) }] as const
  })
  return fromTensors(icuModel.parameters, Object.fromEntries(named))
}

/** The served model: `values` FP32 [batch, 24, 12], NaN = not measured, in; `risk` FP32 [batch, 1], the probability of death, out. */
export function icuServedGraph(weights: Weights, standardisation: Standardisation): Uint8Array {
  return inferenceGraph(icuModel, fromWeights(weights), {
    input: 'values',
    output: 'risk',
    inputShape: [stayBins, features],
    prepare: (tape, input) => prepareNodes(tape, input, standardisation),
  })
}

/** The model over inputs that are prepared already, `input` [batch, 24, 24] to `risk` [batch, 1]: for evaluation at a site. */
export function icuPreparedGraph(weights: Weights): Uint8Array {
  return inferenceGraph(icuModel, fromWeights(weights), { input: 'input', output: 'risk' })
}
