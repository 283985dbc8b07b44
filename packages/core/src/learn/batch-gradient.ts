// The gradient of a batch's loss with respect to the trained parameters: at once, or part after part of the batch.
import type { GraphBuilder, Value } from './graph/builder.ts'
import { startPartLoop } from './graph/part-loop.ts'
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
  const masks: DropoutMask[] = []
  const tape = startTape(graph, {
    isTraining: true,
    mask(mask) {
      masks.push(mask)
      return graph.input(mask.name, mask.shape)
    },
  })
  const { loss, gradients, buffers } = differentiate(task, { tape, rows, weightOf, seed: 1 })
  return { loss, buffers, masks, gradients: gradients.map(({ raw, finish }) => finish(graph, raw)) }
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

function inParts(task: BatchTask): BatchResult {
  const { graph, layout, weightOf, chunks } = task
  const loop = startPartLoop(graph, chunks)
  const { body } = loop
  const masks: DropoutMask[] = []
  const tape = startTape(body, {
    isTraining: true,
    outer: graph,
    mask({ name, rate, shape: [size = 0, ...rest] }) {
      const whole = { name, rate, shape: [size * chunks, ...rest] }
      masks.push(whole)
      return loop.cut(graph.input(name, whole.shape))
    },
  })
  const { input, target, rowWeight } = task.rows
  const rows = { input: loop.cut(input), target: loop.cut(target), rowWeight: loop.cut(rowWeight) }
  const buffers = layout.places.filter(({ isTrained }) => isTrained === false)
  const inside = new Map(buffers.map(({ name }) => [name, loop.carry(weightOf(name))]))
  const part = differentiate(task, {
    tape,
    rows,
    weightOf: (name) => inside.get(name) ?? weightOf(name),
    seed: 1 / chunks,
  })
  const sums = [part.loss, ...part.gradients.map(({ raw }) => raw)].map((value) =>
    body.node('Add', [loop.carryZero(value.shape), value], value.shape),
  )
  const after = loop.finish([...part.buffers, ...sums])
  const [loss, ...summed] = after.slice(buffers.length)
  if (!loss) throw new RangeError('the parts have no loss')
  return {
    loss,
    masks,
    buffers: after.slice(0, buffers.length),
    gradients: part.gradients.flatMap(({ finish }, index) => {
      const whole = summed[index]
      return whole ? [finish(graph, whole)] : []
    }),
  }
}
