// A prediction seen as a game: groups of features are players, and a coalition is worth the mean prediction over a background.
import { AppError } from '../errors/index.ts'

/** Rows of features, row-major; the model's own element type, so that nothing is converted on the way. */
export type Rows = Float32Array | Float64Array

/** Predicts `[count, outputs]` (row-major) for `[count, features]`; rows may hold NaN where the model takes it as missing. */
export type Predict = (rows: Rows, count: number) => Promise<ArrayLike<number>>

/** Features that are switched together, e.g. one vital sign over all hours. */
export interface FeatureGroup {
  readonly name: string
  /** Positions in the row, 0-based. */
  readonly features: readonly number[]
}

/** What is explained, and against what. */
export interface Game {
  readonly predict: Predict
  /** The row to explain: `[features]`. */
  readonly row: Rows
  /** Rows that stand for "not known": `[backgroundCount, features]`, of the same element type. */
  readonly background: Rows
  readonly groups: readonly FeatureGroup[]
}

/** How the work is done. */
export interface GameOptions {
  /** Most rows in one prediction; default 1024. */
  readonly batchRows?: number
  readonly signal?: AbortSignal
  /** Told how many of all predictions are done. */
  readonly onProgress?: (done: number, total: number) => void
  /** Awaited between stretches of arithmetic, so that others get their turn; nothing by default. */
  readonly pause?: () => Promise<void>
}

/** What every method gives: `prediction = base + sum of contributions`, up to `residual`, for each output. */
export interface Explanation {
  readonly method: string
  /** `[outputs]`: the mean prediction over the background. */
  readonly base: Float64Array
  /** `[outputs]`: the prediction for the row. */
  readonly prediction: Float64Array
  /** `[outputs][groups]`. */
  readonly contributions: readonly Float64Array[]
  /** Rows that were predicted. */
  readonly evaluations: number
  /** `[outputs]`: what the contributions leave over; below 1e-9 where the method is exact. */
  readonly residual: Float64Array
}

/** Values of coalitions: `[coalitions, outputs]`, row-major. */
export interface CoalitionValues {
  readonly values: Float64Array
  readonly outputs: number
  readonly evaluations: number
}

const defaultBatchRows = 1024

/**
 * Says what is wrong with a game.
 * @throws AppError 'unprocessable' when shapes do not fit, or groups do not cover every feature exactly once
 */
export function checkGame({ row, background, groups }: Omit<Game, 'predict'>): void {
  const features = row.length
  if (features === 0) throw new AppError('unprocessable', 'The row to explain has no features')
  if (background.length === 0 || background.length % features !== 0) {
    throw new AppError('unprocessable', `The background must be rows of ${features} features, as the row has`)
  }
  if (row instanceof Float32Array !== background instanceof Float32Array) {
    throw new AppError('unprocessable', 'Row and background must have the same element type')
  }
  const owners = new Uint8Array(features)
  for (const feature of groups.flatMap((group) => group.features)) {
    if (!Number.isInteger(feature) || feature < 0 || feature >= features) {
      throw new AppError('unprocessable', `A group names feature ${feature}; there are 0 to ${features - 1}`)
    }
    owners[feature] = (owners[feature] ?? 0) + 1
  }
  const wrong = owners.findIndex((count) => count !== 1)
  if (wrong === -1) return
  throw new AppError('unprocessable', `Feature ${wrong} must be in exactly one group and is in ${owners[wrong]}`)
}

const sameValue = (a: number | undefined, b: number | undefined): boolean => Object.is(a, b) || a === b

/** Positions of the groups in which the row differs from some background row; all others contribute exactly nothing. */
export function varyingGroups({ row, background, groups }: Game): readonly number[] {
  const features = row.length
  const varies = (feature: number): boolean => {
    for (let at = feature; at < background.length; at += features) {
      if (!sameValue(background[at], row[feature])) return true
    }
    return false
  }
  return groups.flatMap((group, index) => (group.features.some(varies) ? [index] : []))
}

/** Makes `count` rows of the row's own element type, all zero. */
export function emptyRows({ row }: Pick<Game, 'row'>, count: number): Rows {
  return row instanceof Float32Array ? new Float32Array(count * row.length) : new Float64Array(count * row.length)
}

// The features that a coalition takes from the explained row.
function featuresOf({ groups }: Game, coalitions: Uint8Array, coalition: number): Int32Array<ArrayBuffer> {
  const members = groups.filter((_, player) => coalitions[coalition * groups.length + player] === 1)
  return Int32Array.from(members.flatMap(({ features }) => features))
}

/**
 * Fills `[count, features]`: row `at` is a background row on which a coalition's groups take the explained row's values.
 * @param place tells which coalition and which background row belong to a row
 */
export function fillRows(
  game: Game,
  coalitions: Uint8Array,
  count: number,
  place: (at: number) => readonly [coalition: number, source: number],
): Rows {
  const { row, background } = game
  const width = row.length
  const rows = emptyRows(game, count)
  let known = -1
  let taken = new Int32Array(0)
  for (let at = 0; at < count; at += 1) {
    const [coalition, source] = place(at)
    // Rows of one coalition follow one another.
    if (coalition !== known) taken = featuresOf(game, coalitions, coalition)
    known = coalition
    const start = at * width
    rows.set(background.subarray(source * width, (source + 1) * width), start)
    for (let index = 0; index < taken.length; index += 1) {
      const feature = taken[index] ?? 0
      rows[start + feature] = row[feature] ?? Number.NaN
    }
  }
  return rows
}

/** Checks that a model answered with as many finite numbers as it should; returns how many outputs a row has. */
export function outputsOf(answer: ArrayLike<number>, count: number): number {
  const outputs = answer.length / count
  if (!Number.isInteger(outputs) || outputs === 0) {
    throw new AppError('bad-gateway', `The model answered ${answer.length} numbers for ${count} rows`)
  }
  for (let at = 0; at < answer.length; at += 1) {
    if (Number.isFinite(answer[at])) continue
    throw new AppError('unprocessable', 'The model answered with something that is not a finite number')
  }
  return outputs
}

/**
 * The worth of coalitions: for each, the mean prediction over the background rows with its groups taken from the row.
 * @param coalitions `[count, groups]`, 1 where a group is in
 */
export async function coalitionValues(
  game: Game,
  coalitions: Uint8Array,
  { batchRows = defaultBatchRows, signal, onProgress }: GameOptions = {},
): Promise<CoalitionValues> {
  const backgroundCount = game.background.length / game.row.length
  const total = (coalitions.length / game.groups.length) * backgroundCount
  let values = new Float64Array(0)
  let outputs = 0
  for (let from = 0; from < total; from += batchRows) {
    signal?.throwIfAborted()
    const count = Math.min(batchRows, total - from)
    const place = (at: number) => [Math.floor((from + at) / backgroundCount), (from + at) % backgroundCount] as const
    const answer = await game.predict(fillRows(game, coalitions, count, place), count)
    outputs = outputsOf(answer, count)
    if (from === 0) values = new Float64Array((total / backgroundCount) * outputs)
    for (let at = 0; at < answer.length; at += 1) {
      const coalition = Math.floor((from + Math.floor(at / outputs)) / backgroundCount)
      const place = coalition * outputs + (at % outputs)
      values[place] = (values[place] ?? 0) + (answer[at] ?? 0) / backgroundCount
    }
    onProgress?.(from + count, total)
  }
  return { values, outputs, evaluations: total }
}
