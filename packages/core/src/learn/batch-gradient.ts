// The gradient of a batch's loss with respect to the trained parameters: at once, or part after part of the batch.
import { type GraphBuilder, graphBuilder, type Value } from './graph/builder.ts'
import { type DropoutMask, type Gradient, startTape, type Tape } from './graph/tape.ts'
import type { Loss } from './losses.ts'
import type { Model, WeightOf } from './model.ts'
import type { ParameterLayout } from './parameters.ts'

/** Rows that go through the model together. */
export interface Rows {
  readonly input: Value
  readonly target: Value
  readonly rowWeight: Value
}

/** What is differentiated. */
export interface BatchTask {
  readonly graph: GraphBuilder
  readonly model: Model
  readonly loss: Loss
  readonly layout: ParameterLayout
  readonly weightOf: WeightOf
  readonly rows: Rows
  /** Equal parts of the batch that are worked off one after another. */
  readonly chunks: number
}

/** What a batch leaves. */
export interface BatchResult {
  readonly loss: Value
  /** One for each trained parameter, in the order of the layout, of the parameter's shape. */
  readonly gradients: readonly Value[]
  /** New values of the buffers, in the order of the layout. */
  readonly buffers: readonly Value[]
  readonly masks: readonly DropoutMask[]
}

interface PartResult {
  readonly loss: Value
  readonly gradients: readonly Gradient[]
  readonly buffers: readonly Value[]
}

/** Emits forward and backward pass of a batch. */
export function batchGradient(task: BatchTask): BatchResult {
  return task.chunks === 1 ? atOnce(task) : inParts(task)
}

function atOnce(task: BatchTask): BatchResult {
  const { graph, weightOf, rows } = task
  const tape = startTape(graph, { isTraining: true })
  const { loss, gradients, buffers } = differentiate(task, { tape, rows, weightOf, seed: 1 })
  return { loss, buffers, masks: tape.masks, gradients: gradients.map(({ raw, finish }) => finish(graph, raw)) }
}

interface Part {
  readonly tape: Tape
  readonly rows: Rows
  readonly weightOf: WeightOf
  /** Share of this part in the loss of the batch. */
  readonly seed: number
}

function differentiate({ model, loss, layout }: BatchTask, { tape, rows, weightOf, seed }: Part): PartResult {
  const trained = layout.places.filter(({ isTrained = true }) => isTrained)
  for (const { name } of trained) tape.watch(weightOf(name))
  const output = model.forward(tape, rows.input, weightOf)
  const value = loss.emit(tape, output, rows.target, rows.rowWeight)
  const gradients = tape.gradients(value, tape.graph.scalar(seed))
  return {
    loss: seed === 1 ? value : tape.graph.node('Mul', [value, tape.graph.scalar(seed)], []),
    gradients: trained.map(({ name }) => {
      const gradient = gradients.get(weightOf(name).name)
      if (!gradient) throw new RangeError(`${name} has no part in the output of ${model.name}`)
      return gradient
    }),
    buffers: layout.places
      .filter(({ isTrained }) => isTrained === false)
      .map(({ name }) => {
        const renewed = tape.updates.get(name)
        if (!renewed) throw new RangeError(`the buffer ${name} is never renewed`)
        return renewed
      }),
  }
}

// A value that runs through the parts: what it starts from, its name inside, and what it is after a part.
interface RunningValue {
  readonly first: Value
  readonly inside: Value
  readonly next: Value
}

// The parts are the steps of an ONNX Scan: gradients, loss and buffers run through, rows come slice by slice.
function inParts(task: BatchTask): BatchResult {
  const { graph, layout, weightOf, chunks } = task
  const body = graphBuilder('part_')
  const tape = startTape(body, { isTraining: true, outer: graph })
  const slices = [task.rows.input, task.rows.target, task.rows.rowWeight].map((value) => sliceOf(body, value, chunks))
  const [input, target, rowWeight] = slices
  if (!input || !target || !rowWeight) throw new RangeError('the batch has no rows')
  const buffers = layout.places
    .filter(({ isTrained }) => isTrained === false)
    .map(({ name, shape }) => ({ name, inside: body.input(`${name}_before`, shape) }))
  const own = new Map(buffers.map(({ name, inside }) => [name, inside]))
  const part = differentiate(task, {
    tape,
    rows: { input, target, rowWeight },
    weightOf: (name) => own.get(name) ?? weightOf(name),
    seed: 1 / chunks,
  })
  const running = [
    ...part.gradients.map(({ raw }, index) => accumulate(graph, body, raw, `gradient_${index}`)),
    accumulate(graph, body, part.loss, 'loss_sum'),
    ...part.buffers.flatMap((next, index) => {
      const buffer = buffers[index]
      return buffer ? [{ first: weightOf(buffer.name), inside: buffer.inside, next }] : []
    }),
  ]
  const masks = tape.masks.map(({ name, shape, rate }) => ({
    name,
    rate,
    shape: [(shape[0] ?? 0) * chunks, ...shape.slice(1)],
  }))
  const wholes = [
    task.rows.input,
    task.rows.target,
    task.rows.rowWeight,
    ...masks.map(({ name, shape }) => graph.input(name, shape)),
  ]
  const after = scan({
    graph,
    body,
    running,
    wholes,
    chunks,
    slices: [...slices, ...tape.masks.map(({ name, shape }) => ({ name, shape, datatype: 'FP32' as const }))],
  })
  const count = part.gradients.length
  const loss = after[count]
  if (!loss) throw new RangeError('the parts have no loss')
  return {
    loss,
    masks,
    buffers: after.slice(count + 1),
    gradients: part.gradients.flatMap(({ finish }, index) => {
      const summed = after[index]
      return summed ? [finish(graph, summed)] : []
    }),
  }
}

function sliceOf(body: GraphBuilder, { name, shape, datatype }: Value, chunks: number): Value {
  const [batch = 0, ...rest] = shape
  return body.input(`${name}_part`, [batch / chunks, ...rest], datatype)
}

function accumulate(graph: GraphBuilder, body: GraphBuilder, value: Value, name: string): RunningValue {
  const first = graph.node('ConstantOfShape', [graph.integers(value.shape)], value.shape)
  const inside = body.input(`${name}_before`, value.shape)
  return { first, inside, next: body.node('Add', [inside, value], value.shape) }
}

interface ScanParts {
  readonly graph: GraphBuilder
  readonly body: GraphBuilder
  readonly running: readonly RunningValue[]
  /** Values of the whole batch, and what one part of each is called inside. */
  readonly wholes: readonly Value[]
  readonly slices: readonly Value[]
  readonly chunks: number
}

function scan({ graph, body, running, wholes, slices, chunks }: ScanParts): readonly Value[] {
  for (const { inside, next } of running) body.output(`${inside.name}_after`, next)
  const definition = { ...body.finish('part'), inputs: [...running.map(({ inside }) => inside), ...slices] }
  const stacked = wholes.map((whole) => {
    const [batch = 0, ...rest] = whole.shape
    const shape = [chunks, batch / chunks, ...rest]
    return graph.node('Reshape', [whole, graph.integers(shape)], shape, { datatype: whole.datatype })
  })
  return graph.nodes(
    'Scan',
    [...running.map(({ first }) => first), ...stacked],
    running.map(({ first }) => first.shape),
    {
      attributes: { num_scan_inputs: slices.length, body: { graph: definition } },
    },
  )
}
