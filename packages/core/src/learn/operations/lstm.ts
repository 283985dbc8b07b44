// One LSTM layer, unrolled over time; states are held transposed, [hidden, batch], so that gates are contiguous rows.
import type { GraphBuilder, Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'
import { backwardThroughTime, fromColumns, toColumns } from './lstm-gradient.ts'
import type { LstmRun, LstmStep, LstmWeights } from './lstm-run.ts'

/** Takes rows of PyTorch's gate blocks (0 input, 1 forget, 2 cell, 3 output) into a matrix of its own. */
function takeGates(graph: GraphBuilder, matrix: Value, gates: readonly number[], hidden: number): Value {
  const rows = gates.flatMap((gate) => Array.from({ length: hidden }, (_, row) => gate * hidden + row))
  return graph.node('Gather', [matrix, graph.integers(rows)], [rows.length, ...matrix.shape.slice(1)])
}

// The inputs' share of the gates for all steps at once, then cut into steps of [rows, batch].
function project(
  graph: GraphBuilder,
  weight: Value,
  bias: Value,
  run: Pick<LstmRun, 'columns' | 'size'>,
): readonly Value[] {
  const { steps, batch } = run.size
  const [rows = 0] = weight.shape
  const all = graph.node('Gemm', [weight, run.columns, bias], [rows, steps * batch])
  if (steps === 1) return [all]
  const shapes = Array.from({ length: steps }, () => [rows, batch])
  return graph.nodes('Split', [all], shapes, { attributes: { axis: 1, num_outputs: steps } })
}

function runForward(tape: Tape, x: Value, weights: LstmWeights): LstmRun {
  const { graph } = tape
  const [batch = 0, steps = 0, features = 0] = x.shape
  const hidden = weights.hiddenWeight.shape[1] ?? 0
  const size = { steps, batch, features, hidden }
  const columns = toColumns(graph, x)
  const bias = graph.node('Add', [weights.inputBias, weights.hiddenBias], weights.inputBias.shape)
  const tall = graph.node('Reshape', [bias, graph.integers([-1, 1])], [4 * hidden, 1])
  const part = (gates: readonly number[]): { readonly recurrent: Value; readonly inputs: readonly Value[] } => ({
    recurrent: takeGates(graph, weights.hiddenWeight, gates, hidden),
    inputs: project(
      graph,
      takeGates(graph, weights.inputWeight, gates, hidden),
      takeGates(graph, tall, gates, hidden),
      {
        columns,
        size,
      },
    ),
  })
  const sigmoids = part([0, 1, 3])
  const candidates = part([2])
  const done: LstmStep[] = []
  for (let t = 0; t < steps; t += 1) {
    const input = { gates: sigmoids.inputs[t], candidate: candidates.inputs[t] }
    if (!input.gates || !input.candidate) throw new RangeError('lstm: a step is missing')
    const previous = done.at(-1)
    const gates = graph.node('Sigmoid', [recur(graph, sigmoids.recurrent, previous, input.gates)], input.gates.shape)
    const candidate = graph.node(
      'Tanh',
      [recur(graph, candidates.recurrent, previous, input.candidate)],
      [hidden, batch],
    )
    done.push(nextState(graph, previous, gates, candidate))
  }
  return { steps: done, size, columns }
}

function recur(graph: GraphBuilder, weight: Value, previous: LstmStep | undefined, input: Value): Value {
  return previous ? graph.node('Gemm', [weight, previous.hidden, input], input.shape) : input
}

// The state before the first step is zero, so the first step needs neither the recurrent product nor the forget gate.
function nextState(graph: GraphBuilder, previous: LstmStep | undefined, gates: Value, candidate: Value): LstmStep {
  const { shape } = candidate
  const [input, forget, output] = graph.nodes('Split', [gates], [shape, shape, shape], {
    attributes: { axis: 0, num_outputs: 3 },
  })
  if (!input || !forget || !output) throw new RangeError('lstm: a gate is missing')
  const fresh = graph.node('Mul', [input, candidate], shape)
  const kept = previous && graph.node('Mul', [forget, previous.cell], shape)
  const cell = kept ? graph.node('Add', [kept, fresh], shape) : fresh
  const cellTanh = graph.node('Tanh', [cell], shape)
  const hidden = graph.node('Mul', [output, cellTanh], shape)
  return { input, forget, output, candidate, fresh, kept, cell, cellTanh, hidden }
}

/**
 * Runs an LSTM layer from a zero state, as torch.nn.LSTM(batch_first=True), and gives the hidden state after the last step.
 * @param x [batch, steps, features]
 * @returns [batch, hidden]
 */
export function lstmLast(tape: Tape, x: Value, weights: LstmWeights): Value {
  const { graph } = tape
  const run = runForward(tape, x, weights)
  const { batch, hidden, steps } = run.size
  const last = run.steps.at(-1)
  if (!last) throw new RangeError('lstm: there are no steps')
  const output = graph.node('Transpose', [last.hidden], [batch, hidden], { attributes: { perm: [1, 0] } })
  return tape.record(output, inputsOf(x, weights), (gradient) => {
    const columns = graph.node('Transpose', [gradient], [hidden, batch], { attributes: { perm: [1, 0] } })
    const arriving = Array.from({ length: steps }, (_, t) => (t === steps - 1 ? columns : undefined))
    return backwardThroughTime(tape, run, { x, weights, arriving })
  })
}

/**
 * Runs an LSTM layer from a zero state and gives the hidden state after each step, e.g. for the layer above.
 * @param x [batch, steps, features]
 * @returns [batch, steps, hidden]
 */
export function lstmSequence(tape: Tape, x: Value, weights: LstmWeights): Value {
  const { graph } = tape
  const run = runForward(tape, x, weights)
  const { batch, hidden, steps } = run.size
  const stack = graph.node(
    'Concat',
    run.steps.map((step) => step.hidden),
    [hidden, steps * batch],
    { attributes: { axis: 1 } },
  )
  const output = fromColumns(graph, stack, { steps, batch, features: hidden })
  return tape.record(output, inputsOf(x, weights), (gradient) => {
    const flat = toColumns(graph, gradient)
    const shapes = Array.from({ length: steps }, () => [hidden, batch])
    const arriving =
      steps === 1 ? [flat] : graph.nodes('Split', [flat], shapes, { attributes: { axis: 1, num_outputs: steps } })
    return backwardThroughTime(tape, run, { x, weights, arriving })
  })
}

function inputsOf(x: Value, weights: LstmWeights): readonly Value[] {
  return [x, weights.inputWeight, weights.hiddenWeight, weights.inputBias, weights.hiddenBias]
}
