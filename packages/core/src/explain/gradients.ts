// Integrated gradients (Sundararajan, Taly and Yan, ICML 2017) and expected gradients (Erion et al., 2021): the same path
// integral from one baseline row, or averaged over all background rows.
import { AppError } from '../errors/index.ts'
import { explanationOf } from './explanation.ts'
import { checkGame, type Explanation, emptyRows, type Game, type GameOptions, outputsOf, type Rows } from './game.ts'
import { gaussLegendre } from './quadrature.ts'

/** Gradient of one output with respect to every feature: `[count, features]` for `[count, features]`. */
export type Gradient = (rows: Rows, count: number) => Promise<ArrayLike<number>>

/** Options of the path methods. */
export interface PathOptions extends GameOptions {
  /** Places on each path; default 16 with gradients and 16 with differences. */
  readonly steps?: number
}

interface Path {
  /** Background row that the path starts from. */
  readonly source: number
  /** Place on the path: 0 is the background row, 1 the explained row. */
  readonly at: number
  readonly weight: number
}

const defaultSteps = 16
// Of the whole way: small enough for the curvature, large enough for single precision.
const differenceStep = 1 / 128

function checkPath(game: Game): void {
  checkGame(game)
  const hasGap = (rows: Rows): boolean => rows.some((value) => !Number.isFinite(value))
  if (!hasGap(game.row) && !hasGap(game.background)) return
  const advice = 'no path leads to a missing value: use the method exact, kernel or permutation'
  throw new AppError(
    'unprocessable',
    `Integrated gradients need a number in every cell of row and background; ${advice}`,
  )
}

function pathsOf(game: Game, steps: number): readonly Path[] {
  const sources = game.background.length / game.row.length
  const { nodes, weights } = gaussLegendre(Math.max(2, steps))
  return Array.from({ length: sources }, (_, source) =>
    Array.from(nodes, (at, step) => ({ source, at, weight: (weights[step] ?? 0) / sources })),
  ).flat()
}

const wayOf = ({ row, background }: Game, source: number, feature: number): number =>
  (row[feature] ?? 0) - (background[source * row.length + feature] ?? 0)

async function endsOf(game: Game): Promise<{ base: Float64Array; prediction: Float64Array; evaluations: number }> {
  const { row, background, predict } = game
  const count = background.length / row.length
  const rows = emptyRows(game, count + 1)
  rows.set(background)
  rows.set(row, background.length)
  const answer = await predict(rows, count + 1)
  const outputs = outputsOf(answer, count + 1)
  const base = new Float64Array(outputs)
  for (let at = 0; at < count * outputs; at += 1)
    base[at % outputs] = (base[at % outputs] ?? 0) + (answer[at] ?? 0) / count
  const prediction = Float64Array.from({ length: outputs }, (_, output) => answer[count * outputs + output] ?? 0)
  return { base, prediction, evaluations: count + 1 }
}

const methodOf = ({ row, background }: Game): string =>
  background.length === row.length ? 'integrated-gradients' : 'expected-gradients'

function inBatches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}

/**
 * Explains one output of a differentiable model by the gradients of `gradient` along straight paths; with one background
 * row these are integrated gradients, with several expected gradients. `steps × background` gradients are asked for.
 * @throws AppError 'unprocessable' when a cell has no number, or the model has more than one output
 */
export async function expectedGradients(
  game: Game,
  gradient: Gradient,
  options: PathOptions = {},
): Promise<Explanation> {
  checkPath(game)
  const { row, background, groups } = game
  const features = row.length
  const ends = await endsOf(game)
  if (ends.base.length !== 1)
    throw new AppError('unprocessable', 'A gradient belongs to one output; the model has more')
  const paths = pathsOf(game, options.steps ?? defaultSteps)
  const cells = new Float64Array(features)
  let done = 0
  for (const batch of inBatches(paths, options.batchRows ?? 1024)) {
    options.signal?.throwIfAborted()
    const rows = emptyRows(game, batch.length)
    for (const [index, { source, at }] of batch.entries()) {
      for (let feature = 0; feature < features; feature += 1) {
        rows[index * features + feature] =
          (background[source * features + feature] ?? 0) + at * wayOf(game, source, feature)
      }
    }
    const slopes = await gradient(rows, batch.length)
    if (outputsOf(slopes, batch.length) !== features) {
      throw new AppError('bad-gateway', `The gradient has not ${features} numbers for each row`)
    }
    for (const [index, { source, weight }] of batch.entries()) {
      for (let feature = 0; feature < features; feature += 1) {
        const slope = slopes[index * features + feature] ?? 0
        cells[feature] = (cells[feature] ?? 0) + weight * slope * wayOf(game, source, feature)
      }
    }
    done += batch.length
    options.onProgress?.(done, paths.length)
  }
  const share = Float64Array.from(groups, (group) => group.features.reduce((sum, one) => sum + (cells[one] ?? 0), 0))
  const method = methodOf(game)
  const { base, prediction, evaluations } = ends
  return explanationOf({ method, base, prediction, contributions: [share], evaluations: evaluations + paths.length })
}

interface Nudge extends Path {
  readonly group: number
  readonly sign: 1 | -1
}

function nudgedRows(game: Game, batch: readonly Nudge[]): Rows {
  const { row, background, groups } = game
  const features = row.length
  const rows = emptyRows(game, batch.length)
  for (const [index, { source, at, group, sign }] of batch.entries()) {
    const start = index * features
    for (let feature = 0; feature < features; feature += 1) {
      rows[start + feature] = (background[source * features + feature] ?? 0) + at * wayOf(game, source, feature)
    }
    for (const feature of groups[group]?.features ?? []) {
      rows[start + feature] = (rows[start + feature] ?? 0) + sign * differenceStep * wayOf(game, source, feature)
    }
  }
  return rows
}

/**
 * Integrated or expected gradients of a model whose gradient is not to be had: the slope along each group is taken by
 * central differences of 1/128 of the way, for all outputs at once. `2 × steps × background × groups` predictions; the
 * residual tells what the differences cost (about 1e-5 in single precision).
 * @throws AppError 'unprocessable' when a cell has no number
 */
export async function expectedDifferences(game: Game, options: PathOptions = {}): Promise<Explanation> {
  checkPath(game)
  const { base, prediction, evaluations } = await endsOf(game)
  const outputs = base.length
  const nudges: readonly Nudge[] = pathsOf(game, options.steps ?? defaultSteps).flatMap((path) =>
    game.groups.flatMap((_, group) => ([1, -1] as const).map((sign) => ({ ...path, group, sign }))),
  )
  const contributions = Array.from(base, () => new Float64Array(game.groups.length))
  let done = 0
  for (const batch of inBatches(nudges, options.batchRows ?? 1024)) {
    options.signal?.throwIfAborted()
    const answer = await game.predict(nudgedRows(game, batch), batch.length)
    outputsOf(answer, batch.length)
    for (const [index, { group, sign, weight }] of batch.entries()) {
      for (const [output, share] of contributions.entries()) {
        const value = answer[index * outputs + output] ?? 0
        share[group] = (share[group] ?? 0) + (weight * sign * value) / (2 * differenceStep)
      }
    }
    done += batch.length
    options.onProgress?.(done, nudges.length)
  }
  const method = methodOf(game)
  return explanationOf({ method, base, prediction, contributions, evaluations: evaluations + nudges.length })
}
