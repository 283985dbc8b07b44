// One ONNX graph for a whole training step: forward, backward, and Adam over the flat vector of weights.
import { type GraphBuilder, graphBuilder, type Value } from './graph/builder.ts'
import { encodeModel } from './graph/onnx.ts'
import { type DropoutMask, startTape, sum, type Tape } from './graph/tape.ts'
import type { Loss } from './losses.ts'
import { type Model, type WeightOf, weightsFromVector } from './model.ts'
import { type AdamOptions, adamDefaults, emitAdam, shapeGradient } from './optimiser.ts'
import { layOut, type ParameterLayout } from './parameters.ts'
import type { Datatype } from './tensor.ts'

/** What a training graph is made for. */
export interface TrainingOptions {
  readonly loss: Loss
  /** Rows of one step. */
  readonly batch: number
  readonly adam?: Partial<AdamOptions>
  /**
   * Into how many equal parts the batch is cut, worked off one after another: convolutions run faster and need less memory
   * on 4 images at a time. Batch statistics are then those of a part.
   */
  readonly chunks?: number
}

/** A named input of the graph. */
export interface InputSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly datatype: Datatype
}

/**
 * A training step as ONNX. Inputs: `weights`, `first`, `second` (flat, see `layout`), `input`, `target`, `row_weight`,
 * `step_size`, `epsilon`, masks of dropout, and `anchor`, `proximal` for FedProx. Outputs: `weights_next`, `first_next`,
 * `second_next`, `loss`, and `gradient_norm` when clipping.
 */
export interface TrainingGraph {
  readonly onnx: Uint8Array
  readonly model: Model
  readonly layout: ParameterLayout
  readonly adam: AdamOptions
  readonly batch: number
  readonly target: InputSpec
  readonly masks: readonly DropoutMask[]
}

interface Rows {
  readonly input: Value
  readonly target: Value
  readonly rowWeight: Value
}

// Values of one part of the batch.
interface PartResult {
  readonly loss: Value
  readonly gradients: readonly Value[]
  readonly updates: ReadonlyMap<string, Value>
}

/** Emits the training step of a model; throws a RangeError when sizes do not fit. */
export function trainingGraph(model: Model, options: TrainingOptions): TrainingGraph {
  const { batch, chunks = 1 } = options
  if (batch % chunks !== 0) throw new RangeError(`a batch of ${batch} does not divide into ${chunks} parts`)
  const adam = { ...adamDefaults, ...options.adam }
  const graph = graphBuilder()
  const layout = layOut(model.parameters)
  const state = {
    weights: graph.input('weights', [layout.size]),
    first: graph.input('first', [layout.trainedSize]),
    second: graph.input('second', [layout.trainedSize]),
  }
  const input = graph.input('input', [batch, ...model.inputShape])
  const rowWeight = graph.input('row_weight', [batch])
  const outputShape = outputShapeOf(model, batch)
  const target = { name: 'target', ...options.loss.target(outputShape) }
  const rows = { input, rowWeight, target: graph.input(target.name, target.shape, target.datatype) }
  const weightOf = weightsFromVector(graph, layout, state.weights)
  const tape = startTape(graph, true)
  for (const { name, isTrained = true } of layout.places) if (isTrained) tape.watch(weightOf(name))
  const parts = cutRows(graph, rows, chunks).map((part) => differentiate(tape, model, options.loss, weightOf, part))
  emitStep({ graph, layout, adam, state, parts })
  return {
    onnx: encodeModel(graph.finish(`${model.name}-training`)),
    model,
    layout,
    adam,
    batch,
    target,
    masks: tape.masks,
  }
}

/** The shape of a model's output for a batch, found by a forward pass into a graph that is thrown away. */
export function outputShapeOf(model: Model, batch: number): readonly number[] {
  const graph = graphBuilder()
  const layout = layOut(model.parameters)
  const weightOf = weightsFromVector(graph, layout, graph.input('weights', [layout.size]))
  return model.forward(startTape(graph, false), graph.input('input', [batch, ...model.inputShape]), weightOf).shape
}

function cutRows(graph: GraphBuilder, rows: Rows, chunks: number): readonly Rows[] {
  if (chunks === 1) return [rows]
  const cut = (value: Value): readonly Value[] => {
    const [batch = 0, ...rest] = value.shape
    const shapes = Array.from({ length: chunks }, () => [batch / chunks, ...rest])
    return graph.nodes('Split', [value], shapes, {
      attributes: { axis: 0, num_outputs: chunks },
      datatype: value.datatype,
    })
  }
  const [inputs, targets, rowWeights] = [cut(rows.input), cut(rows.target), cut(rows.rowWeight)]
  return inputs.flatMap((input, index) => {
    const [target, rowWeight] = [targets[index], rowWeights[index]]
    return target && rowWeight ? [{ input, target, rowWeight }] : []
  })
}

function differentiate(tape: Tape, model: Model, loss: Loss, weightOf: WeightOf, rows: Rows): PartResult {
  // a buffer that an earlier part of the batch has renewed is read as renewed
  const current: WeightOf = (name) => tape.updates.get(name) ?? weightOf(name)
  const output = model.forward(tape, rows.input, current)
  const value = loss.emit(tape, output, rows.target, rows.rowWeight)
  const gradients = tape.gradients(value, tape.graph.scalar(1))
  const trained = layOut(model.parameters).places.filter(({ isTrained = true }) => isTrained)
  return {
    loss: value,
    updates: new Map(tape.updates),
    gradients: trained.map(({ name, size }) => {
      const gradient = gradients.get(weightOf(name).name)
      if (!gradient) throw new RangeError(`${name} has no part in the output of ${model.name}`)
      return gradient.shape.length === 1
        ? gradient
        : tape.graph.node('Reshape', [gradient, tape.graph.integers([-1])], [size])
    }),
  }
}

interface StepParts {
  readonly graph: GraphBuilder
  readonly layout: ParameterLayout
  readonly adam: AdamOptions
  readonly state: { readonly weights: Value; readonly first: Value; readonly second: Value }
  readonly parts: readonly PartResult[]
}

function emitStep({ graph, layout, adam, state, parts }: StepParts): void {
  const { size, trainedSize } = layout
  const mean = (values: readonly Value[]): Value => {
    const whole = sum(graph, values)
    if (!whole) throw new RangeError('there is no part of the batch')
    return values.length === 1 ? whole : graph.node('Mul', [whole, graph.scalar(1 / values.length)], whole.shape)
  }
  const flats = parts.map(({ gradients }) => concat(graph, gradients, trainedSize))
  const [trained, buffers] =
    size === trainedSize
      ? [state.weights]
      : graph.nodes(
          'Split',
          [state.weights, graph.integers([trainedSize, size - trainedSize])],
          [[trainedSize], [size - trainedSize]],
          {
            attributes: { axis: 0 },
          },
        )
  if (!trained) throw new RangeError('there are no weights')
  const { gradient, norm } = shapeGradient(graph, adam, mean(flats), trained)
  const next = emitAdam(graph, adam, { ...state, weights: trained }, gradient)
  graph.output('loss', mean(parts.map(({ loss }) => loss)))
  if (norm) graph.output('gradient_norm', norm)
  graph.output('first_next', next.first)
  graph.output('second_next', next.second)
  graph.output('weights_next', buffers ? withBuffers({ graph, layout, parts, next: next.weights }) : next.weights)
}

function concat(graph: GraphBuilder, values: readonly Value[], size: number): Value {
  const [first] = values
  return first && values.length === 1 ? first : graph.node('Concat', values, [size], { attributes: { axis: 0 } })
}

interface BufferParts extends Pick<StepParts, 'graph' | 'layout' | 'parts'> {
  readonly next: Value
}

// Buffers take the value of the last part, which started from that of the part before.
function withBuffers({ graph, layout, parts, next }: BufferParts): Value {
  const updates = parts.at(-1)?.updates
  const buffers = layout.places
    .filter(({ isTrained }) => isTrained === false)
    .map(({ name }) => {
      const value = updates?.get(name)
      if (!value) throw new RangeError(`the buffer ${name} is never updated`)
      return value
    })
  return concat(graph, [next, ...buffers], layout.size)
}
