// From measured values to what the mortality model reads: limits, logarithms, standardisation, values carried forward, marks.
// The same steps in TypeScript for training and as nodes of the served graph, which takes raw values with NaN.
import type { Value } from '../../learn/graph/builder.ts'
import type { Tape } from '../../learn/graph/tape.ts'
import type { Standardisation } from '../pooled-statistics.ts'
import { type IcuFeature, icuFeatures, stayBins } from './features.ts'

/** Standardised values are kept within this many deviations. */
const reach = 4
const features = icuFeatures.length

function transform({ limits, isLogged }: IcuFeature, value: number): number {
  const kept = Math.min(limits[1], Math.max(limits[0], value))
  return isLogged ? Math.log1p(kept) : kept
}

/** Values `[stays, 24, 12]` within their limits, skewed ones as ln(1 + value); NaN stays NaN. Sites sum these. */
export function transformStays(values: Float32Array): Float32Array {
  return values.map((value, index) => {
    const feature = icuFeatures[index % features]
    return feature === undefined || Number.isNaN(value) ? value : transform(feature, value)
  })
}

/**
 * What the LSTM reads, `[stays, 24, 24]`: 12 standardised values, each carried forward until the next measurement (0, the
 * mean, before the first), and 12 marks that are 1 where something was measured.
 * @param transformed from {@link transformStays}
 */
export function prepareStays(transformed: Float32Array, { mean, deviation }: Standardisation): Float32Array {
  const rows = transformed.length / features
  const inputs = new Float32Array(rows * 2 * features)
  for (let row = 0; row < rows; row++) {
    const isFirst = row % stayBins === 0
    for (let feature = 0; feature < features; feature++) {
      const at = row * 2 * features + feature
      const value = transformed[row * features + feature] ?? Number.NaN
      const carried = isFirst ? 0 : (inputs[at - 2 * features] ?? 0)
      const isMissing = Number.isNaN(value)
      const standard = (value - (mean[feature] ?? 0)) / (deviation[feature] ?? 1)
      inputs[at] = isMissing ? carried : Math.min(reach, Math.max(-reach, standard))
      inputs[at + features] = isMissing ? 0 : 1
    }
  }
  return inputs
}

function within({ graph }: Tape, value: Value, low: Value, high: Value): Value {
  return graph.node('Min', [graph.node('Max', [value, low], value.shape), high], value.shape)
}

function row({ graph }: Tape, values: readonly number[]): Value {
  return graph.constant({ datatype: 'FP32', shape: [values.length], data: Float32Array.from(values) })
}

function transformNodes(tape: Tape, filled: Value): Value {
  const { graph } = tape
  const low = row(
    tape,
    icuFeatures.map(({ limits }) => limits[0]),
  )
  const high = row(
    tape,
    icuFeatures.map(({ limits }) => limits[1]),
  )
  const kept = within(tape, filled, low, high)
  const logged = graph.node('Log', [graph.node('Add', [kept, graph.scalar(1)], kept.shape)], kept.shape)
  const isLogged = Uint8Array.from(icuFeatures, (feature) => (feature.isLogged ? 1 : 0))
  const mask = graph.constant({ datatype: 'BOOL', shape: [features], data: isLogged })
  return graph.node('Where', [mask, logged, kept], kept.shape)
}

// One Where for each bin: the value measured there, else what the bin before ended with.
function carryNodes({ graph }: Tape, values: Value, isMissing: Value): Value {
  const slices = Array.from({ length: stayBins }, () => [1, 1, features])
  const split = { attributes: { axis: 1, num_outputs: stayBins } }
  const measured = graph.nodes('Split', [values], slices, split)
  const missing = graph.nodes('Split', [isMissing], slices, { ...split, datatype: 'BOOL' as const })
  const carried: Value[] = []
  for (const [bin, value] of measured.entries()) {
    const before = carried.at(-1) ?? graph.scalar(0)
    carried.push(graph.node('Where', [missing[bin], before, value], value.shape))
  }
  return graph.node('Concat', carried, values.shape, { attributes: { axis: 1 } })
}

/** The nodes that do what {@link transformStays} and {@link prepareStays} do, from `[batch, 24, 12]` with NaN. */
export function prepareNodes(tape: Tape, input: Value, { mean, deviation }: Standardisation): Value {
  const { graph } = tape
  const isMissing = graph.node('IsNaN', [input], input.shape, { datatype: 'BOOL' })
  const filled = graph.node(
    'Where',
    [
      isMissing,
      row(
        tape,
        icuFeatures.map(({ mean: usual }) => usual),
      ),
      input,
    ],
    input.shape,
  )
  const centred = graph.node('Sub', [transformNodes(tape, filled), row(tape, [...mean])], input.shape)
  const standard = graph.node('Div', [centred, row(tape, [...deviation])], input.shape)
  const kept = within(tape, standard, graph.scalar(-reach), graph.scalar(reach))
  const carried = carryNodes(tape, kept, isMissing)
  const isMeasured = graph.node('Not', [isMissing], input.shape, { datatype: 'BOOL' })
  const marks = graph.node('Cast', [isMeasured], input.shape, { attributes: { to: 1 } })
  const shape = [...input.shape.slice(0, -1), 2 * features]
  return graph.node('Concat', [carried, marks], shape, { attributes: { axis: -1 } })
}
