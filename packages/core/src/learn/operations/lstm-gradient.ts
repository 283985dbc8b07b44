// Backward through time of one LSTM layer: local slopes of all steps at once, then a short chain from the last step to the first.
import type { GraphBuilder, Value } from '../graph/builder.ts'
import { sum, type Tape } from '../graph/tape.ts'
import type { LstmRun, LstmWeights } from './lstm-run.ts'

/** What the way back starts from. */
export interface LstmArrival {
  /** [batch, steps, features] */
  readonly x: Value
  readonly weights: LstmWeights
  /** Gradient of the hidden state after each step, [hidden, batch]; undefined where none arrives from above. */
  readonly arriving: readonly (Value | undefined)[]
}

// Factors of one step, each [1, n, hidden, batch], by which gradients of cell and hidden state become gradients of the gates.
interface StepSlopes {
  /** Input gate, forget gate, candidate: factors of the cell's gradient. */
  readonly fromCell: Value
  /** Output gate: factor of the hidden state's gradient. */
  readonly output: Value
  /** From the hidden state's gradient to the cell's. */
  readonly cell: Value
  readonly forget: Value
}

type Shape = readonly number[]

function zeros(graph: GraphBuilder, shape: Shape): Value {
  return graph.constant({ datatype: 'FP32', shape, data: new Float32Array(shape.reduce((all, size) => all * size, 1)) })
}

function stack(graph: GraphBuilder, values: readonly Value[], rows: number, { size }: LstmRun): Value {
  const { steps, hidden, batch } = size
  const tall = graph.node('Concat', values, [steps * rows * hidden, batch], { attributes: { axis: 0 } })
  const shape = [steps, rows, hidden, batch]
  return graph.node('Reshape', [tall, graph.integers(shape)], shape)
}

function cut(graph: GraphBuilder, value: Value): readonly Value[] {
  const [steps = 0, ...rest] = value.shape
  if (steps === 1) return [value]
  const shapes = Array.from({ length: steps }, () => [1, ...rest])
  return graph.nodes('Split', [value], shapes, { attributes: { axis: 0, num_outputs: steps } })
}

// s (1 - s) of the sigmoid gates and 1 - y² of the tanh values, for all steps.
function localSlopes(graph: GraphBuilder, run: LstmRun): readonly StepSlopes[] {
  const { steps, hidden, batch } = run.size
  const one = [steps, 1, hidden, batch]
  const three = [steps, 3, hidden, batch]
  const times = (a: Value, b: Value, shape: Shape): Value => graph.node('Mul', [a, b], shape)
  const rest = (value: Value): Value => graph.node('Sub', [graph.scalar(1), value], value.shape)
  const gates = stack(
    graph,
    run.steps.map((step) => step.gates),
    3,
    run,
  )
  const candidate = stack(
    graph,
    run.steps.map((step) => step.candidate),
    1,
    run,
  )
  const cellTanh = stack(
    graph,
    run.steps.map((step) => step.cellTanh),
    1,
    run,
  )
  const before = [zeros(graph, [hidden, batch]), ...run.steps.slice(0, -1).map((step) => step.cell)]
  const cellBefore = stack(graph, before, 1, run)
  const [input, forget, output] = graph.nodes('Split', [gates], [one, one, one], {
    attributes: { axis: 1, num_outputs: 3 },
  })
  if (!input || !forget || !output) throw new RangeError('lstm: a gate is missing')
  const partners = graph.node('Concat', [candidate, cellBefore, cellTanh], three, { attributes: { axis: 1 } })
  const sigmoidSlopes = times(times(gates, rest(gates), three), partners, three)
  const two = [steps, 2, hidden, batch]
  const [fromInputs, fromOutput] = graph.nodes('Split', [sigmoidSlopes, graph.integers([2, 1])], [two, one], {
    attributes: { axis: 1 },
  })
  const fromCandidate = times(input, rest(times(candidate, candidate, one)), one)
  const fromCell = cut(graph, graph.node('Concat', [fromInputs, fromCandidate], three, { attributes: { axis: 1 } }))
  const outputs = fromOutput ? cut(graph, fromOutput) : []
  const cells = cut(graph, times(output, rest(times(cellTanh, cellTanh, one)), one))
  const forgets = cut(graph, forget)
  return fromCell.flatMap((slopes, t) => {
    const [own, cell, kept] = [outputs[t], cells[t], forgets[t]]
    return own && cell && kept ? [{ fromCell: slopes, output: own, cell, forget: kept }] : []
  })
}

// The chain: gradients of all gates before their functions, [4 · hidden, batch] for each step, in PyTorch's order of gates.
function gateGradients(graph: GraphBuilder, run: LstmRun, { weights, arriving }: LstmArrival): readonly Value[] {
  const { hidden, batch } = run.size
  const one = [1, 1, hidden, batch]
  const slopes = localSlopes(graph, run)
  const done: Value[] = []
  let fromLater: { readonly hidden: Value; readonly cell: Value } | undefined
  for (let t = slopes.length - 1; t >= 0; t -= 1) {
    const slope = slopes[t]
    const toHidden = sum(
      graph,
      [arriving[t], fromLater?.hidden].filter((value) => value !== undefined),
    )
    if (!slope || !toHidden) throw new RangeError('lstm: no gradient arrives at the last step')
    const own = graph.node('Mul', [toHidden, slope.cell], one)
    const toCell = fromLater ? graph.node('Add', [own, fromLater.cell], one) : own
    const gates = graph.node(
      'Concat',
      [
        graph.node('Mul', [toCell, slope.fromCell], [1, 3, hidden, batch]),
        graph.node('Mul', [toHidden, slope.output], one),
      ],
      [1, 4, hidden, batch],
      { attributes: { axis: 1 } },
    )
    const flat = graph.node('Reshape', [gates, graph.integers([4 * hidden, batch])], [4 * hidden, batch])
    done.unshift(flat)
    if (t === 0) break
    fromLater = {
      hidden: graph.node('Gemm', [weights.hiddenWeight, flat], [hidden, batch], { attributes: { transA: 1 } }),
      cell: graph.node('Mul', [toCell, slope.forget], one),
    }
  }
  return done
}

/** Gradients with respect to x, input weight, hidden weight, input bias and hidden bias, in this order. */
export function backwardThroughTime(tape: Tape, run: LstmRun, arrival: LstmArrival): readonly (Value | undefined)[] {
  const { graph } = tape
  const { steps, hidden, batch, features } = run.size
  const { x, weights } = arrival
  const width = steps * batch
  const all = graph.node('Concat', gateGradients(graph, run, arrival), [4 * hidden, width], { attributes: { axis: 1 } })
  const against = (other: Value, shape: Shape): Value =>
    graph.node('Gemm', [all, other], shape, { attributes: { transB: 1 } })
  const hiddenBefore = (): Value =>
    graph.node(
      'Concat',
      [zeros(graph, [hidden, batch]), ...run.steps.slice(0, -1).map((step) => step.hidden)],
      [hidden, width],
      {
        attributes: { axis: 1 },
      },
    )
  const bias = tape.isWatched(weights.inputBias)
    ? graph.node('ReduceSum', [all, graph.integers([1])], [4 * hidden], { attributes: { keepdims: 0 } })
    : undefined
  const toInput = (): Value => {
    const columns = graph.node('Gemm', [weights.inputWeight, all], [features, width], { attributes: { transA: 1 } })
    const cube = graph.node('Reshape', [columns, graph.integers([features, steps, batch])], [features, steps, batch])
    return graph.node('Transpose', [cube], x.shape, { attributes: { perm: [2, 1, 0] } })
  }
  return [
    tape.isWatched(x) ? toInput() : undefined,
    tape.isWatched(weights.inputWeight) ? against(run.columns, weights.inputWeight.shape) : undefined,
    tape.isWatched(weights.hiddenWeight) ? against(hiddenBefore(), weights.hiddenWeight.shape) : undefined,
    bias,
    bias,
  ]
}
