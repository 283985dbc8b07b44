// The model's estimate for one stay, explained by exact Shapley values over the twelve measurements.
import { AppError } from '@xinglin/core/errors'
import { channelGroups, exactShapley } from '@xinglin/core/explain'
import { latestOf, type ObservedStay, referenceStays, vitals } from '@xinglin/core/explain/icu'
import { stayBins } from '@xinglin/core/federated'
import type { Models } from '../../../kernel/ports.ts'
import { openServedModel } from '../served-model.ts'

/** An explained estimate: `risk = base + sum of contributions + residual`. */
export interface Estimate {
  readonly risk: number
  readonly base: number
  readonly residual: number
  /** `[12]`, in the order of the vitals. */
  readonly contributions: readonly number[]
  readonly method: string
  readonly model: { readonly name: string; readonly version: string | undefined }
  readonly evaluations: number
}

/** How it is made. */
export interface EstimateOptions {
  readonly models: Models
  readonly model: string
  readonly batchRows: number
  readonly referenceStays: number
  readonly signal: AbortSignal
}

// Below, an estimate would tell of what is missing and not of the patient (authored).
const fewestVitals = 3

function checkEnough(stay: ObservedStay): void {
  const measured = latestOf(stay).filter((one) => one !== undefined).length
  if (measured >= fewestVitals) return
  const names = vitals.map(({ en }) => en).join(', ')
  const why = `${measured} of ${vitals.length} measurements have a value in these 48 hours; at least ${fewestVitals} are needed`
  throw new AppError('unprocessable', `${why} (${names})`)
}

function unserved(error: unknown, model: string): unknown {
  if (!(error instanceof AppError) || error.code !== 'not-found') return error
  return new AppError('unavailable', `The model ${model} is not served, so no risk can be estimated`, { cause: error })
}

/**
 * Estimates and explains; efficiency holds to rounding.
 * @throws AppError 'unprocessable' when fewer than three measurements have a value; 'unavailable' without the model
 */
export async function estimateRisk(stay: ObservedStay, options: EstimateOptions): Promise<Estimate> {
  checkEnough(stay)
  const { models, batchRows, signal } = options
  const model = await openServedModel(models, { model: options.model }, { batchRows, signal }).catch(
    (error: unknown) => {
      throw unserved(error, options.model)
    },
  )
  if (model.rowShape.join() !== `${stayBins},${vitals.length}` || model.input.datatype !== 'FP32') {
    throw new AppError('bad-gateway', `The model ${model.name} does not take FP32 [${stayBins}, ${vitals.length}]`)
  }
  const groups = channelGroups(
    vitals.map(({ name }) => name),
    stayBins,
  )
  const background = referenceStays(options.referenceStays)
  const game = { predict: model.predict, row: stay.values, background, groups }
  const found = await exactShapley(game, { batchRows, signal })
  const [risk = Number.NaN] = found.prediction
  if (found.prediction.length !== 1 || !(risk >= 0 && risk <= 1)) {
    throw new AppError('bad-gateway', `The model ${model.name} did not answer with one probability`)
  }
  return {
    risk,
    base: found.base[0] ?? Number.NaN,
    residual: found.residual[0] ?? Number.NaN,
    contributions: [...(found.contributions[0] ?? [])],
    method: found.method,
    model: { name: model.name, version: model.version },
    evaluations: found.evaluations,
  }
}
