// What a training run is told, with the values of the shipped model as defaults.
import { parseArgs } from 'node:util'
import { AppError } from '@xinglin/core/errors'

/** How the model is trained. */
export interface TrainingPlan {
  /** Folder of the LIDC-IDRI crops. */
  readonly data: string
  /** Folder of checkpoints. */
  readonly folder: string
  /** Folder that the finished model goes to, in Triton's layout. */
  readonly out: string
  readonly steps: number
  readonly seed: number
  readonly threads: number
  /** Ends the run after so many minutes, at a checkpoint; run again to go on. */
  readonly minutes: number
  readonly isFresh: boolean
}

/** Sizes that the recipe holds fixed. */
export const recipe = Object.freeze({
  base: 16,
  depth: 4,
  /**
   * Small pieces around the nodules teach what one looks like; larger ones, which reach beyond the crop and often hold none,
   * then teach what is not one: after the first stage the model found 93 % of nodules but marked three vessels with each,
   * after the second it marked too little. In the third each piece holds a nodule again, anywhere.
   */
  stages: [
    { until: 1500, batch: 16, size: 64, beyond: 0 },
    { until: 2000, batch: 8, size: 96, beyond: 40 },
    { until: Number.POSITIVE_INFINITY, batch: 8, size: 96, beyond: 32 },
  ],
  peakLearningRate: 2e-3,
  heldOutShare: 0.08,
  checkpointEvery: 250,
})

/** A stage of the recipe: pieces of `size` pixels that reach up to `beyond` pixels over the crop's edge. */
export type Stage = (typeof recipe.stages)[number]

/** The stage of a step. */
export function stageAt(step: number): Stage {
  const stage = recipe.stages.find(({ until }) => step < until)
  if (stage === undefined) throw new RangeError(`the recipe has no stage for step ${step}`)
  return stage
}

const root = new URL('../../', import.meta.url)
const folderOf = (path: string): string => decodeURIComponent(new URL(path, root).pathname)

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new AppError('invalid-parameter', `--${name} must be a whole number above 0, not ${text}`)
}

/** Reads the command line of the recipe. @throws AppError 'invalid-parameter' for what it does not know */
export function readPlan(args: readonly string[]): TrainingPlan {
  const options = {
    data: { type: 'string', default: folderOf('../shared/data/lidc') },
    folder: { type: 'string', default: folderOf('.xinglin/training/lung-nodule') },
    out: { type: 'string', default: folderOf('models/lung_nodule_unet') },
    steps: { type: 'string', default: '7000' },
    seed: { type: 'string', default: '7' },
    threads: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
    fresh: { type: 'boolean', default: false },
  } as const
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true })
    return {
      ...{ data: values.data, folder: values.folder, out: values.out },
      steps: wholeNumber('steps', values.steps),
      seed: wholeNumber('seed', values.seed),
      threads: wholeNumber('threads', values.threads),
      minutes: wholeNumber('minutes', values.minutes),
      isFresh: values.fresh,
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('invalid-parameter', cause instanceof Error ? cause.message : 'The options are not understood', {
      cause,
    })
  }
}
