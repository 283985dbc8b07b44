// Gradients of a model's output with respect to its input, for explanations such as integrated gradients.
import { graphBuilder } from './graph/builder.ts'
import { encodeModel } from './graph/onnx.ts'
import { startTape } from './graph/tape.ts'
import { applyLink } from './inference-graph.ts'
import { type Model, weightsAsConstants } from './model.ts'

/** What a gradient graph is made for. */
export interface GradientOptions {
  /** Rows of one run. */
  readonly batch: number
  /** Gradient of the probability (after the model's link, the default) or of the logit. */
  readonly of?: 'probability' | 'logit'
}

/**
 * Emits a graph with the inputs `input` `[batch, ...inputShape]` and `seed` (of the output's shape) and the outputs
 * `output` and `gradient` (of the input's shape): row by row the gradient of Σ seed · output. A seed of 1 at one class and 0
 * elsewhere gives that class's gradient.
 */
export function gradientGraph(model: Model, weights: Float32Array, options: GradientOptions): Uint8Array {
  const graph = graphBuilder()
  const tape = startTape(graph, { isTraining: false })
  const input = graph.input('input', [options.batch, ...model.inputShape])
  tape.watch(input)
  const logits = model.forward(tape, input, weightsAsConstants(graph, model, weights))
  const output = options.of === 'logit' ? logits : applyLink(tape, model, logits)
  const gradient = tape.gradients(output, graph.input('seed', output.shape)).get(input.name)
  if (!gradient) throw new RangeError(`the output of ${model.name} does not depend on its input`)
  graph.output('output', output)
  graph.output('gradient', gradient.finish(graph, gradient.raw))
  return encodeModel(graph.finish(`${model.name}-gradient`))
}
