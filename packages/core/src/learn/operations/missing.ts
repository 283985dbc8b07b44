// Inputs with holes: NaN means 'not measured'.
import type { Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'

/**
 * Replaces NaN by 0 and joins to the features of `[…, features]` as many marks that are 1 where a value was measured;
 * the result is `[…, 2 · features]`. No gradient flows to what was not measured.
 */
export function markMissing(tape: Tape, x: Value): Value {
  const { graph } = tape
  const shape = [...x.shape.slice(0, -1), 2 * (x.shape.at(-1) ?? 0)]
  const isMissing = graph.node('IsNaN', [x], x.shape, { datatype: 'BOOL' })
  const isMeasured = graph.node('Not', [isMissing], x.shape, { datatype: 'BOOL' })
  const marks = graph.node('Cast', [isMeasured], x.shape, { attributes: { to: 1 } })
  const values = graph.node('Where', [isMissing, graph.scalar(0), x], x.shape)
  const output = graph.node('Concat', [values, marks], shape, { attributes: { axis: -1 } })
  return tape.record(output, [x], (gradient) => {
    const [toValues] = graph.nodes('Split', [gradient], [x.shape, x.shape], {
      attributes: { axis: -1, num_outputs: 2 },
    })
    return [toValues && graph.node('Mul', [toValues, marks], x.shape)]
  })
}
