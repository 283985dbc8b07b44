// One ONNX graph for a whole training step: forward, backward, and Adam over the flat vector of weights.
import { type BatchResult, batchGradient } from './batch-gradient.ts'
import { type GraphBuilder, graphBuilder, type Value } from './graph/builder.ts'
import { encodeModel } from './graph/onnx.ts'
import { type DropoutMask, startTape } from './graph/tape.ts'
import type { Loss } from './losses.ts'
import { type Model, weightsFromVector } from './model.ts'
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

/** Emits the training step of a model; throws a RangeError when sizes do not fit. */
export function trainingGraph(model: Model, options: TrainingOptions): TrainingGraph {
  const { batch, chunks = 1, loss } = options
  if (batch % chunks !== 0) throw new RangeError(`a batch of ${batch} does not divide into ${chunks} parts`)
  const adam = { ...adamDefaults, ...options.adam }
  const graph = graphBuilder()
  const layout = layOut(model.parameters)
  const state = {
    weights: graph.input('weights', [layout.size]),
    first: graph.input('first', [layout.trainedSize]),
    second: graph.input('second', [layout.trainedSize]),
  }
  const target = { name: 'target', ...loss.target(outputShapeOf(model, batch)) }
  const rows = {
    input: graph.input('input', [batch, ...model.inputShape]),
    target: graph.input(target.name, target.shape, target.datatype),
    rowWeight: graph.input('row_weight', [batch]),
  }
  const weightOf = weightsFromVector(graph, layout, state.weights)
  const result = batchGradient({ graph, model, loss, layout, weightOf, rows, chunks })
  emitStep({ graph, layout, adam, state, result })
  const onnx = encodeModel(graph.finish(`${model.name}-training`))
  return { onnx, model, layout, adam, batch, target, masks: result.masks }
}

/** The shape of a model's output for a batch, found by a forward pass into a graph that is thrown away. */
export function outputShapeOf(model: Model, batch: number): readonly number[] {
  const graph = graphBuilder()
  const layout = layOut(model.parameters)
  const weightOf = weightsFromVector(graph, layout, graph.input('weights', [layout.size]))
  const tape = startTape(graph, { isTraining: false })
  return model.forward(tape, graph.input('input', [batch, ...model.inputShape]), weightOf).shape
}

interface StepParts {
  readonly graph: GraphBuilder
  readonly layout: ParameterLayout
  readonly adam: AdamOptions
  readonly state: { readonly weights: Value; readonly first: Value; readonly second: Value }
  readonly result: BatchResult
}

function emitStep({ graph, layout, adam, state, result }: StepParts): void {
  const { size, trainedSize } = layout
  const raw = joinFlat(graph, result.gradients, trainedSize)
  const trained = size === trainedSize ? state.weights : firstOf(graph, state.weights, trainedSize)
  const { gradient, norm } = shapeGradient(graph, adam, raw, trained)
  const next = emitAdam(graph, adam, { ...state, weights: trained }, gradient)
  graph.output('loss', result.loss)
  if (norm) graph.output('gradient_norm', norm)
  graph.output('first_next', next.first)
  graph.output('second_next', next.second)
  graph.output('weights_next', joinFlat(graph, [next.weights, ...result.buffers], size))
}

function firstOf(graph: GraphBuilder, vector: Value, size: number): Value {
  return graph.node('Slice', [vector, graph.integers([0]), graph.integers([size])], [size])
}

function joinFlat(graph: GraphBuilder, values: readonly Value[], size: number): Value {
  const flats = values.map((value) =>
    value.shape.length === 1
      ? value
      : graph.node('Reshape', [value, graph.integers([-1])], [value.shape.reduce((all, axis) => all * axis, 1)]),
  )
  const [first] = flats
  return first && flats.length === 1 ? first : graph.node('Concat', flats, [size], { attributes: { axis: 0 } })
}
