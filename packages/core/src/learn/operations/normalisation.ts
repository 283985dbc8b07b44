// Batch and group normalisation of images [batch, channels, rows, columns], as PyTorch defines them.
import type { GraphBuilder, Value } from '../graph/builder.ts'
import type { Tape } from '../graph/tape.ts'
import { sumPerChannel } from './convolution-gradient.ts'

const epsilon = 1e-5 // PyTorch's default
const momentum = 0.1 // PyTorch's default: share of the new batch in the running statistics

/** Scale, shift and running statistics of batch normalisation, each [channels]. */
export interface BatchNormWeights {
  readonly scale: Value
  readonly shift: Value
  readonly runningMean: Value
  readonly runningVariance: Value
  /** Names of the running statistics, which are renewed while training. */
  readonly names: { readonly mean: string; readonly variance: string }
}

interface Maths {
  of(op: string, inputs: readonly Value[], shape: readonly number[]): Value
  sum(value: Value, axes: readonly number[], shape: readonly number[]): Value
  inverseRoot(variance: Value): Value
}

function mathsOf(graph: GraphBuilder): Maths {
  const of: Maths['of'] = (op, inputs, shape) => graph.node(op, inputs, shape)
  return {
    of,
    sum: (value, axes, shape) => graph.node('ReduceSum', [value, graph.integers(axes)], shape),
    inverseRoot: (variance) =>
      of(
        'Reciprocal',
        [of('Sqrt', [of('Add', [variance, graph.scalar(epsilon)], variance.shape)], variance.shape)],
        variance.shape,
      ),
  }
}

/** Normalises each channel over the batch while training and by the running statistics otherwise. */
export function batchNorm(tape: Tape, x: Value, weights: BatchNormWeights): Value {
  const { graph } = tape
  const { scale, shift, runningMean, runningVariance } = weights
  const attributes = { epsilon: { float: epsilon } }
  if (!tape.isTraining) return normaliseByRunning(tape, x, weights)
  const [batch = 0, channels = 0, rows = 0, columns = 0] = x.shape
  const count = batch * rows * columns
  const { of, sum, inverseRoot } = mathsOf(graph)
  const wide = [1, channels, 1, 1]
  const flat = (value: Value): Value => of('Reshape', [value, graph.integers([-1])], [channels])
  const spread = (value: Value): Value => of('Reshape', [value, graph.integers(wide)], wide)
  const mean = of('Mul', [sum(x, [0, 2, 3], wide), graph.scalar(1 / count)], wide)
  const centred = of('Sub', [x, mean], x.shape)
  const squares = graph.node('ReduceSumSquare', [centred, graph.integers([0, 2, 3])], [channels], {
    attributes: { keepdims: 0 },
  })
  const variance = of('Mul', [squares, graph.scalar(1 / count)], [channels])
  const output = graph.node('BatchNormalization', [x, scale, shift, flat(mean), variance], x.shape, { attributes })
  const blend = (old: Value, fresh: Value, factor: number): Value =>
    of(
      'Add',
      [of('Mul', [old, graph.scalar(1 - momentum)], [channels]), of('Mul', [fresh, graph.scalar(factor)], [channels])],
      [channels],
    )
  tape.update(weights.names.mean, blend(runningMean, flat(mean), momentum))
  tape.update(weights.names.variance, blend(runningVariance, variance, (momentum * count) / Math.max(1, count - 1)))
  return tape.record(output, [x, scale, shift], (gradient) => {
    const inverse = inverseRoot(variance)
    const toShift = sumPerChannel(graph, gradient)
    const along = sumPerChannel(graph, of('Mul', [gradient, centred], x.shape)) // Σ gradient · (x - mean)
    const toScale = of('Mul', [along, inverse], [channels])
    if (!tape.isWatched(x)) return [undefined, toScale, toShift]
    // scale / σ · (gradient - mean(gradient) - x̂ mean(gradient · x̂)), as a factor of each channel for each term
    const outer = of('Mul', [scale, inverse], [channels])
    const offset = of('Mul', [toShift, graph.scalar(1 / count)], [channels])
    const slope = of('Mul', [of('Mul', [toScale, inverse], [channels]), graph.scalar(1 / count)], [channels])
    const bent = of('Sub', [gradient, of('Mul', [centred, spread(slope)], x.shape)], x.shape)
    const level = of('Sub', [bent, spread(offset)], x.shape)
    return [of('Mul', [level, spread(outer)], x.shape), toScale, toShift]
  })
}

function normaliseByRunning(
  tape: Tape,
  x: Value,
  { scale, shift, runningMean, runningVariance }: BatchNormWeights,
): Value {
  const { graph } = tape
  const output = graph.node('BatchNormalization', [x, scale, shift, runningMean, runningVariance], x.shape, {
    attributes: { epsilon: { float: epsilon } },
  })
  return tape.record(output, [x, scale, shift], (gradient) => {
    const { of, inverseRoot } = mathsOf(graph)
    const wide = [1, x.shape[1] ?? 0, 1, 1]
    const spread = (value: Value): Value => of('Reshape', [value, graph.integers(wide)], wide)
    const inverse = inverseRoot(runningVariance)
    const normal = of('Mul', [of('Sub', [x, spread(runningMean)], x.shape), spread(inverse)], x.shape)
    return [
      of('Mul', [gradient, spread(of('Mul', [scale, inverse], scale.shape))], x.shape),
      tape.isWatched(scale) ? sumPerChannel(graph, of('Mul', [gradient, normal], x.shape)) : undefined,
      tape.isWatched(shift) ? sumPerChannel(graph, gradient) : undefined,
    ]
  })
}

/**
 * Normalises groups of channels within each image, so that it does not depend on the batch.
 * @param scale [channels]
 * @param shift [channels]
 */
export function groupNorm(
  tape: Tape,
  x: Value,
  weights: { readonly scale: Value; readonly shift: Value; readonly groups: number },
): Value {
  const { graph } = tape
  const { scale, shift, groups } = weights
  const [batch = 0, channels = 0, rows = 0, columns = 0] = x.shape
  if (channels % groups !== 0)
    throw new RangeError(`groupNorm: ${channels} channels do not divide into ${groups} groups`)
  const { of, sum, inverseRoot } = mathsOf(graph)
  const count = (channels / groups) * rows * columns
  const folded = [batch, groups, count]
  const single = [batch, groups, 1]
  const wide = [1, channels, 1, 1]
  const fold = (value: Value): Value => of('Reshape', [value, graph.integers([0, groups, -1])], folded)
  const unfold = (value: Value): Value => of('Reshape', [value, graph.integers([0, channels, rows, columns])], x.shape)
  const spread = (value: Value): Value => of('Reshape', [value, graph.integers(wide)], wide)
  const mean = (value: Value): Value => of('Mul', [sum(value, [2], single), graph.scalar(1 / count)], single)
  const flat = fold(x)
  const centred = of('Sub', [flat, mean(flat)], folded)
  const inverse = inverseRoot(mean(of('Mul', [centred, centred], folded)))
  const normal = of('Mul', [centred, inverse], folded)
  const unfolded = unfold(normal)
  const output = of('Add', [of('Mul', [unfolded, spread(scale)], x.shape), spread(shift)], x.shape)
  return tape.record(output, [x, scale, shift], (gradient) => {
    const toNormal = fold(of('Mul', [gradient, spread(scale)], x.shape))
    const along = mean(of('Mul', [toNormal, normal], folded))
    const level = of('Sub', [of('Sub', [toNormal, mean(toNormal)], folded), of('Mul', [normal, along], folded)], folded)
    return [
      tape.isWatched(x) ? unfold(of('Mul', [level, inverse], folded)) : undefined,
      tape.isWatched(scale) ? sumPerChannel(graph, of('Mul', [gradient, unfolded], x.shape)) : undefined,
      tape.isWatched(shift) ? sumPerChannel(graph, gradient) : undefined,
    ]
  })
}
