// Losses: each is the mean over the batch's rows of (row weight · row loss), so that a batch may be worked off in chunks.
import type { Value } from './graph/builder.ts'
import type { Tape } from './graph/tape.ts'
import { add, multiply } from './operations/elementwise.ts'
import { type Datatype, elementCount } from './tensor.ts'

/** What a loss compares with; the first axis is the batch. */
export interface TargetSpec {
  readonly shape: readonly number[]
  readonly datatype: Datatype
}

/** A loss over the output of a model before its link. */
export interface Loss {
  readonly name: string
  /** The shape and type of the target for an output of the given shape `[batch, …]`. */
  target(outputShape: readonly number[]): TargetSpec
  /** The scalar loss; `rowWeight` is [batch]. */
  emit(tape: Tape, output: Value, target: Value, rowWeight: Value): Value
}

// Multiplies by the gradient that arrives at the loss, which is the constant 1 unless losses are combined.
function scaled({ graph }: Tape, slope: Value, gradient: Value): Value {
  return gradient.name === graph.scalar(1).name ? slope : graph.node('Mul', [slope, gradient], slope.shape)
}

// [batch] → [batch, 1, …] divided by the number of elements that a mean runs over.
function rowFactor({ graph }: Tape, rowWeight: Value, rank: number, count: number): Value {
  const [batch = 0] = rowWeight.shape
  const shape = [batch, ...Array.from({ length: rank - 1 }, () => 1)]
  const column = rank === 1 ? rowWeight : graph.node('Reshape', [rowWeight, graph.integers(shape)], shape)
  return graph.node('Mul', [column, graph.scalar(1 / count)], shape)
}

function total({ graph }: Tape, value: Value): Value {
  return graph.node('ReduceSum', [value], [], { attributes: { keepdims: 0 } })
}

/**
 * Cross-entropy of class logits `[batch, classes]` against INT32 class numbers `[batch]`, as torch's `cross_entropy`.
 * @param classWeights a factor for each class; the mean then runs over rows, not over the sum of these factors
 */
export function crossEntropy(classWeights?: readonly number[]): Loss {
  return {
    name: 'cross-entropy',
    target: ([batch = 0]) => ({ shape: [batch], datatype: 'INT32' }),
    emit(tape, output, target, rowWeight) {
      const { graph } = tape
      const [batch = 0, classes = 0] = output.shape
      const column = graph.node('Reshape', [target, graph.integers([batch, 1])], [batch, 1], { datatype: 'INT32' })
      const numbers = graph.constant({
        datatype: 'INT32',
        shape: [classes],
        data: Int32Array.from({ length: classes }, (_, k) => k),
      })
      const isClass = graph.node('Equal', [column, numbers], output.shape, { datatype: 'BOOL' })
      const oneHot = graph.node('Cast', [isClass], output.shape, { attributes: { to: 1 } })
      const factor = classFactor(tape, oneHot, rowFactor(tape, rowWeight, 2, batch), classWeights)
      const logs = graph.node('LogSoftmax', [output], output.shape, { attributes: { axis: -1 } })
      const weighted = graph.node('Mul', [graph.node('Mul', [oneHot, logs], output.shape), factor], output.shape)
      const loss = graph.node('Neg', [total(tape, weighted)], [])
      return tape.record(loss, [output], (gradient) => {
        const probabilities = graph.node('Softmax', [output], output.shape, { attributes: { axis: -1 } })
        const difference = graph.node('Sub', [probabilities, oneHot], output.shape)
        return [scaled(tape, graph.node('Mul', [difference, factor], output.shape), gradient)]
      })
    },
  }
}

function classFactor(
  { graph }: Tape,
  oneHot: Value,
  factor: Value,
  classWeights: readonly number[] | undefined,
): Value {
  if (!classWeights) return factor
  const [batch = 0, classes = 0] = oneHot.shape
  if (classWeights.length !== classes)
    throw new RangeError(`${classWeights.length} class weights for ${classes} classes`)
  const weights = graph.constant({ datatype: 'FP32', shape: [classes, 1], data: Float32Array.from(classWeights) })
  const own = graph.node('MatMul', [oneHot, weights], [batch, 1])
  return graph.node('Mul', [factor, own], [batch, 1])
}

/**
 * Binary cross-entropy of logits of any shape against FP32 targets in [0, 1] of the same shape, mean over all elements,
 * as torch's `binary_cross_entropy_with_logits`.
 * @param positiveWeight factor of the positive part (`pos_weight`)
 */
export function binaryCrossEntropy(positiveWeight = 1): Loss {
  return {
    name: 'binary-cross-entropy',
    target: (shape) => ({ shape, datatype: 'FP32' }),
    emit(tape, output, target, rowWeight) {
      const { graph } = tape
      const { shape } = output
      const node = (op: string, ...inputs: readonly Value[]): Value => graph.node(op, inputs, shape)
      const factor = rowFactor(tape, rowWeight, shape.length, elementCount(shape))
      const negatives = node('Sub', graph.scalar(1), target)
      const positives = positiveWeight === 1 ? target : node('Mul', target, graph.scalar(positiveWeight))
      // (1 - t) z + (1 - t + w t) softplus(-z), which does not overflow for any z
      const sides = node('Add', negatives, positives)
      const parts = node(
        'Add',
        node('Mul', negatives, output),
        node('Mul', sides, node('Softplus', node('Neg', output))),
      )
      return tape.record(total(tape, node('Mul', parts, factor)), [output], (gradient) => {
        const probability = node('Sigmoid', output)
        const pull = positiveWeight === 1 ? probability : node('Mul', probability, sides)
        return [scaled(tape, node('Mul', node('Sub', pull, positives), factor), gradient)]
      })
    },
  }
}

/**
 * Soft Dice loss of logits, 1 - (2 Σ p t + s) / (Σ p + Σ t + s) for each row of the batch, averaged over rows
 * (Milletari et al. 2016, with plain sums below as in most segmentation code).
 * @param smooth the constant s, in pixels
 */
export function dice(smooth = 1): Loss {
  return {
    name: 'dice',
    target: (shape) => ({ shape, datatype: 'FP32' }),
    emit(tape, output, target, rowWeight) {
      const { graph } = tape
      const { shape } = output
      const [batch = 0] = shape
      const axes = graph.integers(shape.slice(1).map((_, index) => index + 1))
      const rows = shape.map((size, axis) => (axis === 0 ? size : 1))
      const node = (op: string, inputs: readonly Value[], like: readonly number[] = rows): Value =>
        graph.node(op, inputs, like)
      const overRow = (value: Value): Value => node('ReduceSum', [value, axes])
      const probability = node('Sigmoid', [output], shape)
      const both = overRow(node('Mul', [probability, target], shape))
      const above = node('Add', [node('Add', [both, both]), graph.scalar(smooth)])
      const below = node('Add', [node('Add', [overRow(probability), overRow(target)]), graph.scalar(smooth)])
      const ratio = node('Div', [above, below])
      const factor = rowFactor(tape, rowWeight, shape.length, batch)
      const loss = total(tape, node('Mul', [node('Sub', [graph.scalar(1), ratio]), factor]))
      return tape.record(loss, [output], (gradient) => {
        // d/dp = (ratio - 2 t) / below, then p (1 - p) of the sigmoid
        const slope = node('Sub', [ratio, node('Add', [target, target], shape)], shape)
        const spread = node('Mul', [probability, node('Sub', [graph.scalar(1), probability], shape)], shape)
        const local = node('Mul', [node('Mul', [slope, spread], shape), node('Div', [factor, below])], shape)
        return [scaled(tape, local, gradient)]
      })
    },
  }
}

/** A weighted sum of losses over the same target, e.g. `[[binaryCrossEntropy(), 0.5], [dice(), 0.5]]`. */
export function combine(parts: readonly (readonly [Loss, number])[]): Loss {
  const [first] = parts
  if (!first) throw new RangeError('there is no loss to combine')
  return {
    name: parts.map(([loss, weight]) => `${weight}·${loss.name}`).join(' + '),
    target: (shape) => first[0].target(shape),
    emit(tape, output, target, rowWeight) {
      const values = parts.map(([loss, weight]) =>
        multiply(tape, loss.emit(tape, output, target, rowWeight), tape.graph.scalar(weight)),
      )
      return values.reduce((left, right) => add(tape, left, right))
    },
  }
}
