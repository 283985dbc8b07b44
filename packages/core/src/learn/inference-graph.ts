// The inference graph of a model, from the same definition as its training graph, with the weights baked in.
import { graphBuilder, type Value } from './graph/builder.ts'
import { encodeModel } from './graph/onnx.ts'
import { startTape, type Tape } from './graph/tape.ts'
import { type Model, weightsAsConstants } from './model.ts'
import { sigmoid, softmax } from './operations/elementwise.ts'

/** How the inference graph speaks to its callers. */
export interface InferenceOptions {
  /** Name of the input `[batch, ...inputShape]`; default `input`. */
  readonly input?: string
  /** Name of the output; default `output`. */
  readonly output?: string
  /** `probability` applies the model's link (default), `logit` leaves it away. */
  readonly gives?: 'probability' | 'logit'
  /** A step of its own before the model, e.g. standardisation of raw values; gets and gives `[batch, ...]`. */
  readonly prepare?: (tape: Tape, input: Value) => Value
  /** Shape of the input before `prepare`, without the batch; default the model's. */
  readonly inputShape?: readonly number[]
  /** A step of its own after the link, e.g. taking one class. */
  readonly finish?: (tape: Tape, output: Value) => Value
}

/** Applies a model's link to its output. */
export function applyLink(tape: Tape, model: Model, output: Value): Value {
  switch (model.link) {
    case 'sigmoid':
      return sigmoid(tape, output)
    case 'softmax':
      return softmax(tape, output)
    case 'identity':
      return output
    default:
      return model.link satisfies never
  }
}

/**
 * Emits a model for inference with a free batch size.
 * @param weights the flat vector of all parameters and buffers
 */
export function inferenceGraph(model: Model, weights: Float32Array, options: InferenceOptions = {}): Uint8Array {
  const graph = graphBuilder()
  const tape = startTape(graph, { isTraining: false })
  const input = graph.input(options.input ?? 'input', [1, ...(options.inputShape ?? model.inputShape)])
  const weightOf = weightsAsConstants(graph, model, weights)
  const logits = model.forward(tape, options.prepare?.(tape, input) ?? input, weightOf)
  const linked = options.gives === 'logit' ? logits : applyLink(tape, model, logits)
  graph.output(options.output ?? 'output', options.finish?.(tape, linked) ?? linked)
  return encodeModel(graph.finish(model.name), 'batch')
}
