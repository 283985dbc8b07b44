// Training runs that are compared with PyTorch step by step: the same seeded weights and batches on both sides.
import {
  binaryCrossEntropy,
  createTrainer,
  crossEntropy,
  initialWeights,
  type Loss,
  lstmClassifier,
  type Model,
  type NamedTensors,
  type OpenSession,
  type Tensor,
  toTensors,
  trainingGraph,
  unet,
} from '../index.ts'
import { seededUnit } from '../parameters.ts'

/** One comparison. */
export interface CurveCase {
  readonly name: string
  /** The class of conformance/learn/torch_curves.py, and its sizes. */
  readonly kind: 'lstm' | 'unet'
  readonly sizes: Readonly<Record<string, number>>
  readonly model: Model
  readonly loss: Loss
  readonly batch: number
  readonly learningRate: number
  /** Largest difference of a loss over all steps. */
  readonly tolerance: number
}

/** What a run leaves. */
export interface Curve {
  readonly losses: readonly number[]
  readonly weights: NamedTensors
}

/** Steps of each run, over four batches in turn. */
export const curveSteps = 50

const lstmCase = (
  name: string,
  hidden: number,
  batch: number,
  series: { readonly steps: number; readonly features: number },
): CurveCase => ({
  name,
  kind: 'lstm',
  sizes: { features: series.features, hidden, classes: 2 },
  model: lstmClassifier({ ...series, hidden, classes: 2 }),
  loss: crossEntropy(),
  batch,
  learningRate: 0.01,
  tolerance: 1e-5,
})

const unetCase = (name: string, base: number, size: number, isNormalised: boolean): CurveCase => ({
  name,
  kind: 'unet',
  sizes: { base, depth: 2, normalised: isNormalised ? 1 : 0 },
  model: unet({ base, depth: 2, size: [size, size], normalisation: isNormalised ? 'batch' : 'none' }),
  loss: binaryCrossEntropy(),
  batch: 4,
  learningRate: 1e-3,
  // Adam divides by the root of tiny second moments, so a rounding that crosses a ReLU's kink grows from step to step.
  tolerance: 2e-3,
})

/** Small runs that are recorded in torch-curves.json. */
export const smallCurves: readonly CurveCase[] = [
  lstmCase('lstm', 4, 5, { steps: 6, features: 3 }),
  unetCase('unet', 2, 16, false),
  unetCase('unet with batch normalisation', 2, 16, true),
]

/** Runs of the sizes that are used. */
export const largeCurves: readonly CurveCase[] = [
  lstmCase('lstm', 32, 32, { steps: 24, features: 12 }),
  unetCase('unet', 4, 48, false),
  unetCase('unet with batch normalisation', 4, 48, true),
]

/** The four seeded batches of a case. */
export function curveBatches({
  model,
  loss,
  batch,
}: CurveCase): readonly { readonly input: Tensor; readonly target: Tensor }[] {
  const unit = seededUnit(5)
  const inputShape = [batch, ...model.inputShape]
  const target = loss.target(model.link === 'softmax' ? [batch, 2] : inputShape)
  const size = (shape: readonly number[]): number => shape.reduce((product, axis) => product * axis, 1)
  return [0, 1, 2, 3].map(() => {
    const input = Float32Array.from({ length: size(inputShape) }, () => 2 * unit() - 1)
    const marks = Array.from({ length: size(target.shape) }, () => (unit() < 0.5 ? 0 : 1))
    const data = target.datatype === 'INT32' ? Int32Array.from(marks) : Float32Array.from(marks)
    return { input: { datatype: 'FP32', shape: inputShape, data: input }, target: { ...target, data } }
  })
}

/** The first weights of a case. */
export function firstWeights({ model }: CurveCase): NamedTensors {
  return toTensors(model.parameters, initialWeights(model.parameters, 1))
}

/** Trains a case here. */
export async function trainCurve(open: OpenSession, one: CurveCase): Promise<Curve> {
  const trainer = await createTrainer(open, trainingGraph(one.model, { loss: one.loss, batch: one.batch }), { seed: 1 })
  const batches = curveBatches(one)
  const losses: number[] = []
  for (let step = 0; step < curveSteps; step += 1) {
    const batch = batches[step % batches.length]
    if (!(batch?.input.data instanceof Float32Array)) throw new TypeError('the batch is not FP32')
    const { data: target } = batch.target
    if (!(target instanceof Float32Array || target instanceof Int32Array))
      throw new TypeError('the target is not FP32 or INT32')
    losses.push(await trainer.step({ input: batch.input.data, target, learningRate: one.learningRate }))
  }
  const { weights } = trainer.state()
  await trainer.close()
  return { losses, weights: toTensors(one.model.parameters, weights) }
}

/** The largest difference of two lists; NaN when their lengths differ. */
export function largestDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Number.NaN
  return Array.from(ours).reduce(
    (worst, value, index) => Math.max(worst, Math.abs(value - (theirs[index] ?? Number.NaN))),
    0,
  )
}
