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

/** Places on the straight ways from all background rows to the row, numbered by background row, then by step. */
interface Paths {
  readonly count: number
  at(index: number): Path
}

interface Path {
  /** Background row that the path starts from. */
  readonly source: number
  /** Place on the path: 0 is the background row, 1 the explained row. */
  readonly place: number
  readonly weight: number
}

const defaultSteps = 16
const defaultBatchRows = 1024
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

function pathsOf(game: Game, steps: number): Paths {
  const sources = game.background.length / game.row.length
  const { nodes, weights } = gaussLegendre(Math.max(2, steps))
  return {
    count: sources * nodes.length,
    at: (index) => {
      const step = index % nodes.length
      const source = Math.floor(index / nodes.length)
      return { source, place: nodes[step] ?? 0, weight: (weights[step] ?? 0) / sources }
    },
  }
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

// Writes the place on the path into the row at `index`.
function writePlace(game: Game, { source, place }: Path, rows: Rows, index: number): void {
  const features = game.row.length
  for (let feature = 0; feature < features; feature += 1) {
    const start = game.background[source * features + feature] ?? 0
    rows[index * features + feature] = start + place * wayOf(game, source, feature)
  }
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
  const { row, groups } = game
  const features = row.length
  const ends = await endsOf(game)
  if (ends.base.length !== 1)
    throw new AppError('unprocessable', 'A gradient belongs to one output; the model has more')
  const paths = pathsOf(game, options.steps ?? defaultSteps)
  const cells = new Float64Array(features)
  const { batchRows = defaultBatchRows, signal, onProgress } = options
  for (let from = 0; from < paths.count; from += batchRows) {
    signal?.throwIfAborted()
    const count = Math.min(batchRows, paths.count - from)
    const rows = emptyRows(game, count)
    for (let index = 0; index < count; index += 1) writePlace(game, paths.at(from + index), rows, index)
    const slopes = await gradient(rows, count)
    if (outputsOf(slopes, count) !== features) {
      throw new AppError('bad-gateway', `The gradient has not ${features} numbers for each row`)
    }
    for (let at = 0; at < count * features; at += 1) {
      const { source, weight } = paths.at(from + Math.floor(at / features))
      const feature = at % features
      cells[feature] = (cells[feature] ?? 0) + weight * (slopes[at] ?? 0) * wayOf(game, source, feature)
    }
    onProgress?.(from + count, paths.count)
  }
  const share = Float64Array.from(groups, (group) => group.features.reduce((sum, one) => sum + (cells[one] ?? 0), 0))
  const method = methodOf(game)
  const { base, prediction, evaluations } = ends
  return explanationOf({ method, base, prediction, contributions: [share], evaluations: evaluations + paths.count })
}

interface Nudge extends Path {
  readonly group: number
  readonly sign: 1 | -1
}

// Each path is nudged forwards and backwards along each group.
function nudgeAt(paths: Paths, groups: number, index: number): Nudge {
  const of = index % (2 * groups)
  return { ...paths.at(Math.floor(index / (2 * groups))), group: of >> 1, sign: of % 2 === 0 ? 1 : -1 }
}

function writeNudge(game: Game, nudge: Nudge, rows: Rows, index: number): void {
  const { source, group, sign } = nudge
  writePlace(game, nudge, rows, index)
  const start = index * game.row.length
  for (const feature of game.groups[group]?.features ?? []) {
    rows[start + feature] = (rows[start + feature] ?? 0) + sign * differenceStep * wayOf(game, source, feature)
  }
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
  const groups = game.groups.length
  const paths = pathsOf(game, options.steps ?? defaultSteps)
  const total = paths.count * 2 * groups
  const { batchRows = defaultBatchRows, signal, onProgress } = options
  const contributions = Array.from(base, () => new Float64Array(groups))
  for (let from = 0; from < total; from += batchRows) {
    signal?.throwIfAborted()
    const count = Math.min(batchRows, total - from)
    const rows = emptyRows(game, count)
    for (let index = 0; index < count; index += 1) writeNudge(game, nudgeAt(paths, groups, from + index), rows, index)
    const answer = await game.predict(rows, count)
    outputsOf(answer, count)
    for (let at = 0; at < count * outputs; at += 1) {
      const { group, sign, weight } = nudgeAt(paths, groups, from + Math.floor(at / outputs))
      const share = contributions[at % outputs]
      if (share === undefined) continue
      share[group] = (share[group] ?? 0) + (weight * sign * (answer[at] ?? 0)) / (2 * differenceStep)
    }
    onProgress?.(from + count, total)
  }
  const method = methodOf(game)
  return explanationOf({ method, base, prediction, contributions, evaluations: evaluations + total })
}
