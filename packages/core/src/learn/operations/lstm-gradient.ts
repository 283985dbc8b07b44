// Backward through time of one LSTM layer: small products of one step stay in the cache, so they are not stacked over steps.
import type { GraphBuilder, Value } from '../graph/builder.ts'
import { sum, type Tape } from '../graph/tape.ts'
import type { LstmRun, LstmStep, LstmWeights } from './lstm-run.ts'

/** What the way back starts from. */
export interface LstmArrival {
  /** [batch, steps, features] */
  readonly x: Value
  readonly weights: LstmWeights
  /** Gradient of the hidden state after each step, [hidden, batch]; undefined where none arrives from above. */
  readonly arriving: readonly (Value | undefined)[]
}

type Shape = readonly number[]

function zeros(graph: GraphBuilder, shape: Shape): Value {
  return graph.constant({ datatype: 'FP32', shape, data: new Float32Array(shape.reduce((all, size) => all * size, 1)) })
}

/** Gradients with respect to the state that a step started from and the one it ended with. */
interface StateGradient {
  readonly hidden: Value
  readonly cell: Value
}

interface StepGradient {
  /** Before the gates' functions, [4 · hidden, batch] in PyTorch's order of gates. */
  readonly gates: Value
  /** With respect to the cell before. */
  readonly cell: Value
}

// With s' = s (1 - s) and tanh' = 1 - tanh²: every slope is written by products that the forward pass has already made.
function stepBack(graph: GraphBuilder, step: LstmStep, toHidden: Value, fromLater: Value | undefined): StepGradient {
  const { shape } = step.cell
  const times = (a: Value, b: Value): Value => graph.node('Mul', [a, b], shape)
  const minus = (a: Value, b: Value): Value => graph.node('Sub', [a, b], shape)
  const closed = (gate: Value): Value => minus(graph.scalar(1), gate)
  const own = times(toHidden, minus(step.output, times(step.hidden, step.cellTanh)))
  const toCell = fromLater ? graph.node('Add', [own, fromLater], shape) : own
  const [rows = 0, batch = 0] = shape
  const gates = [
    times(toCell, times(step.fresh, closed(step.input))),
    step.kept ? times(toCell, times(step.kept, closed(step.forget))) : zeros(graph, shape),
    times(toCell, minus(step.input, times(step.fresh, step.candidate))),
    times(toHidden, times(step.hidden, closed(step.output))),
  ]
  return {
    gates: graph.node('Concat', gates, [4 * rows, batch], { attributes: { axis: 0 } }),
    cell: step.kept ? times(toCell, step.forget) : toCell,
  }
}

// From the last step to the first; the answer is in the order of time.
function gateGradients(
  graph: GraphBuilder,
  run: LstmRun,
  { weights, arriving }: Pick<LstmArrival, 'weights' | 'arriving'>,
): readonly Value[] {
  const { hidden, batch } = run.size
  const done: Value[] = []
  let later: StateGradient | undefined
  for (const [t, step] of [...run.steps.entries()].toReversed()) {
    const toHidden = sum(
      graph,
      [arriving[t], later?.hidden].filter((value) => value !== undefined),
    )
    if (!toHidden) throw new RangeError('lstm: no gradient arrives at the last step')
    const { gates, cell } = stepBack(graph, step, toHidden, later?.cell)
    done.unshift(gates)
    if (t === 0) break
    const before = graph.node('Gemm', [weights.hiddenWeight, gates], [hidden, batch], { attributes: { transA: 1 } })
    later = { hidden: before, cell }
  }
  return done
}

/** Gradients with respect to x, input weight, hidden weight, input bias and hidden bias, in this order. */
export function backwardThroughTime(tape: Tape, run: LstmRun, arrival: LstmArrival): readonly (Value | undefined)[] {
  const { graph } = tape
  const { steps, hidden, batch, features } = run.size
  const { x, weights } = arrival
  const width = steps * batch
  const besides = { attributes: { axis: 1 } }
  const all = graph.node('Concat', gateGradients(graph, run, arrival), [4 * hidden, width], besides)
  const against = (other: Value, shape: Shape): Value =>
    graph.node('Gemm', [all, other], shape, { attributes: { transB: 1 } })
  const hiddenBefore = (): Value => {
    const states = [zeros(graph, [hidden, batch]), ...run.steps.slice(0, -1).map((step) => step.hidden)]
    return graph.node('Concat', states, [hidden, width], besides)
  }
  const bias = tape.isWatched(weights.inputBias)
    ? graph.node('ReduceSum', [all, graph.integers([1])], [4 * hidden], { attributes: { keepdims: 0 } })
    : undefined
  const toInput = (): Value => {
    const columns = graph.node('Gemm', [weights.inputWeight, all], [features, width], { attributes: { transA: 1 } })
    return fromColumns(graph, columns, { steps, batch, features })
  }
  return [
    tape.isWatched(x) ? toInput() : undefined,
    tape.isWatched(weights.inputWeight) ? against(run.columns, weights.inputWeight.shape) : undefined,
    tape.isWatched(weights.hiddenWeight) ? against(hiddenBefore(), weights.hiddenWeight.shape) : undefined,
    bias,
    bias,
  ]
}

/** Sizes of a batch of series. */
export interface SeriesSize {
  readonly steps: number
  readonly batch: number
  readonly features: number
}

/**
 * [features, steps · batch] → [batch, steps, features]. One turn of three axes at once is a walk by elements in onnxruntime;
 * two turns of two axes move blocks.
 */
export function fromColumns(graph: GraphBuilder, columns: Value, { steps, batch, features }: SeriesSize): Value {
  const cube = graph.node('Reshape', [columns, graph.integers([features, steps, -1])], [features, steps, batch])
  const timeFirst = graph.node('Transpose', [cube], [steps, features, batch], { attributes: { perm: [1, 0, 2] } })
  const tall = graph.node('Reshape', [timeFirst, graph.integers([steps * features, -1])], [steps * features, batch])
  const rows = graph.node('Transpose', [tall], [batch, steps * features], { attributes: { perm: [1, 0] } })
  const shape = [batch, steps, features]
  return graph.node('Reshape', [rows, graph.integers([-1, steps, features])], shape)
}

/** [batch, steps, features] → [features, steps · batch], as the layers compute. */
export function toColumns(graph: GraphBuilder, x: Value): Value {
  const [batch = 0, steps = 0, features = 0] = x.shape
  const rows = graph.node('Reshape', [x, graph.integers([-1, steps * features])], [batch, steps * features])
  const tall = graph.node('Transpose', [rows], [steps * features, batch], { attributes: { perm: [1, 0] } })
  const timeFirst = graph.node('Reshape', [tall, graph.integers([steps, features, -1])], [steps, features, batch])
  const cube = graph.node('Transpose', [timeFirst], [features, steps, batch], { attributes: { perm: [1, 0, 2] } })
  return graph.node('Reshape', [cube, graph.integers([features, -1])], [features, steps * batch])
}
