// An asked explanation, checked against its model: rows as numbers, groups of features, and what it will cost (pure).
import { AppError } from '@xinglin/core/errors'
import {
  channelGroups,
  checkGame,
  type FeatureGroup,
  maxExactGroups,
  type Rows,
  singletons,
} from '@xinglin/core/explain'
import { cellsOf, evaluationsOf, type MethodChoice, type MethodName, methodFor } from './methods.ts'
import type { ServedModel } from './served-model.ts'

/** The body of `POST /explain`. */
export interface ExplainRequest {
  readonly model: string
  readonly version?: string
  readonly output?: string
  readonly method?: MethodName
  /** `[rows, …shape of the model's input]`; null is a missing value. */
  readonly background: readonly unknown[]
  readonly samples: readonly unknown[]
  /** Names of the groups, else of the features, else of the last dimension, which then is switched over all others. */
  readonly feature_names?: readonly string[]
  readonly groups?: readonly FeatureGroup[]
  readonly nsamples?: number
  readonly seed?: number
  readonly plot?: 'force' | 'waterfall'
  readonly language?: 'en' | 'zh'
}

/** What will be done. */
export interface Plan {
  readonly rows: readonly Rows[]
  readonly background: Rows
  readonly groups: readonly FeatureGroup[]
  readonly choice: MethodChoice
  /** Predictions for all rows together, at most. */
  readonly evaluations: number
}

/** Most groups: beyond, a regression over them takes too long. */
export const maxGroups = 512

const maxCells = 16_000_000
// How many groups differ from the background is known row by row, later: so many at all are looked at.
const maxGroupsOfExact = 20

interface Target {
  readonly rows: Rows
  at: number
}

// Writes a nested array of exactly this shape into the target.
function flatten(value: unknown, shape: readonly number[], target: Target, place: string): void {
  const [size, ...rest] = shape
  if (size === undefined) {
    if (value !== null && typeof value !== 'number') {
      throw new AppError('unprocessable', `${place} must be a number, or null where nothing is known`)
    }
    target.rows[target.at] = value ?? Number.NaN
    if (value !== null && !Number.isFinite(target.rows[target.at])) {
      throw new AppError('unprocessable', `${place} is too large for the model`)
    }
    target.at += 1
    return
  }
  if (!Array.isArray(value) || value.length !== size) {
    const got = Array.isArray(value) ? `${value.length}` : 'no array'
    throw new AppError('unprocessable', `${place} must be an array of ${size}, as the model takes; it is ${got}`)
  }
  for (const [index, part] of value.entries()) flatten(part, rest, target, `${place}[${index}]`)
}

function rowsOf(model: ServedModel, given: readonly unknown[], name: string): Rows {
  const target = { rows: model.rows(given.length), at: 0 }
  flatten(given, [given.length, ...model.rowShape], target, name)
  return target.rows
}

function groupsOf(
  { groups, feature_names: names }: ExplainRequest,
  rowShape: readonly number[],
): readonly FeatureGroup[] {
  const features = rowShape.reduce((product, size) => product * size, 1)
  const channels = rowShape.at(-1) ?? features
  if (groups !== undefined) {
    if (names === undefined) return groups
    if (names.length !== groups.length) throw namesFault(names.length, `${groups.length}, one for each group`)
    return groups.map((group, at) => ({ ...group, name: names[at] ?? group.name }))
  }
  if (names === undefined) return singletons(Array.from({ length: features }, (_, at) => `f${at}`))
  if (names.length === features) return singletons(names)
  if (names.length === channels) return channelGroups(names, features / channels)
  const wanted = channels === features ? `${features}` : `${channels} (the last dimension) or ${features} (all)`
  throw namesFault(names.length, wanted)
}

const namesFault = (given: number, wanted: string): AppError =>
  new AppError('unprocessable', `There are ${given} feature_names; there must be ${wanted}`)

/**
 * Checks a request against its model.
 * @throws AppError 'unprocessable' that names what does not fit, also when it needs more than `maxEvaluations`
 */
export function planExplanation(request: ExplainRequest, model: ServedModel, maxEvaluations: number): Plan {
  const background = rowsOf(model, request.background, 'background')
  const samples = rowsOf(model, request.samples, 'samples')
  const groups = groupsOf(request, model.rowShape)
  if (groups.length > maxGroups) {
    const advice = 'form groups (feature_names for the last dimension, or groups)'
    throw new AppError('unprocessable', `${groups.length} groups are too many, ${maxGroups} are taken: ${advice}`)
  }
  const features = samples.length / request.samples.length
  const rows = request.samples.map((_, at) => samples.subarray(at * features, (at + 1) * features))
  for (const row of rows) checkGame({ row, background, groups })
  const method = request.method ?? methodFor(groups.length)
  if (method === 'integrated-gradients' && request.background.length > 1) {
    throw new AppError('unprocessable', 'Integrated gradients take one background row; expected-gradients take several')
  }
  if (method === 'exact' && groups.length > maxGroupsOfExact) {
    throw new AppError(
      'unprocessable',
      `Exact takes at most ${maxExactGroups} groups that differ; here are ${groups.length}: take kernel`,
    )
  }
  const choice = {
    method,
    seed: request.seed ?? 1,
    ...(request.nsamples === undefined ? {} : { samples: request.nsamples }),
  }
  const evaluations = rows.length * evaluationsOf(choice, groups.length, request.background.length)
  if (evaluations > maxEvaluations) {
    const advice = 'send fewer samples or background rows, form fewer groups, or choose another method'
    throw new AppError(
      'unprocessable',
      `This needs ${evaluations} predictions and ${maxEvaluations} are allowed: ${advice}`,
    )
  }
  if (cellsOf(choice, groups.length) > maxCells) {
    throw new AppError('unprocessable', `${method} over ${groups.length} groups takes fewer nsamples than this`)
  }
  return { rows, background, groups, choice, evaluations }
}
