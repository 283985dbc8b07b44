// LIME for tabular rows: a weighted linear model of the neighbourhood (Ribeiro, Singh and Guestrin, KDD 2016).
import { type Random, seededRandom } from '../cohort/random.ts'
import { AppError } from '../errors/index.ts'
import { explanationOf } from './explanation.ts'
import { checkGame, type Explanation, fillRows, type Game, type GameOptions, outputsOf } from './game.ts'
import { weightedLeastSquares } from './least-squares.ts'
import { createPace, type Pace } from './pace.ts'

// What a cell of the design costs beside a multiplication.
const workPerCell = 10

/** Options of {@link limeTabular}. */
export interface LimeOptions extends GameOptions {
  /** Neighbours to draw; default 1000. */
  readonly samples?: number
  readonly seed?: number
  /** Width of the neighbourhood as a share of the square root of the number of groups; default 0.75 (the paper's code). */
  readonly width?: number
  /** Ridge of the linear model; default 1e-6. */
  readonly ridge?: number
}

/** The local linear model: `base` is its intercept, so that the residual is where it misses the prediction itself. */
export interface LimeExplanation extends Explanation {
  /** `[outputs]`: weighted R² of the local model; low values mean that a straight line explains little here. */
  readonly score: Float64Array
}

interface Neighbours {
  /** `[count, groups + 1]`: 1 where the group is kept, and a last column of ones. */
  readonly design: Float64Array
  readonly weights: Float64Array
  /** `[outputs][count]`. */
  readonly targets: readonly Float64Array[]
}

async function scoreOf({ design, weights, targets }: Neighbours, solutions: readonly Float64Array[], pace: Pace) {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const scores = new Float64Array(targets.length)
  for (const [output, target] of targets.entries()) {
    const solution = solutions[output] ?? new Float64Array(0)
    const mean = target.reduce((sum, value, at) => sum + ((weights[at] ?? 0) * value) / total, 0)
    let missed = 0
    let spread = 0
    for (const [at, value] of target.entries()) {
      const due = pace(solution.length * workPerCell)
      if (due !== undefined) await due
      const fitted = solution.reduce((sum, one, column) => sum + one * (design[at * solution.length + column] ?? 0), 0)
      missed += (weights[at] ?? 0) * (value - fitted) ** 2
      spread += (weights[at] ?? 0) * (value - mean) ** 2
    }
    scores[output] = spread === 0 ? 1 : 1 - missed / spread
  }
  return scores
}

// `[samples, groups]`: the first neighbour is the row itself; in the others each group is kept or not.
async function keptGroups(samples: number, groups: number, random: Random, pace: Pace): Promise<Uint8Array> {
  const kept = new Uint8Array(samples * groups).fill(1, 0, groups)
  for (let from = groups; from < kept.length; from += groups) {
    for (let at = from; at < from + groups; at += 1) kept[at] = random.chance(0.5) ? 1 : 0
    const due = pace(groups * workPerCell)
    if (due !== undefined) await due
  }
  return kept
}

// A group that is not kept is taken from a random background row.
async function neighboursOf(game: Game, options: LimeOptions, pace: Pace): Promise<Neighbours> {
  const { samples = 1000, seed = 1, width = 0.75, batchRows = 1024, signal, onProgress } = options
  const groups = game.groups.length
  const random = seededRandom(seed)
  const kept = await keptGroups(samples, groups, random, pace)
  const sources = Array.from({ length: samples }, () => random.integer(0, game.background.length / game.row.length - 1))
  const design = new Float64Array(samples * (groups + 1)).fill(1)
  const weights = new Float64Array(samples)
  for (let at = 0; at < samples; at += 1) {
    const members = kept.subarray(at * groups, (at + 1) * groups)
    design.set(members, at * (groups + 1))
    const due = pace(groups * workPerCell)
    if (due !== undefined) await due
    const dropped = groups - members.reduce((sum, one) => sum + one, 0)
    weights[at] = Math.exp(-dropped / (width * width * groups))
  }
  let targets: readonly Float64Array[] = []
  for (let from = 0; from < samples; from += batchRows) {
    signal?.throwIfAborted()
    const count = Math.min(batchRows, samples - from)
    const rows = fillRows(game, kept, count, (at) => [from + at, sources[from + at] ?? 0])
    const answer = await game.predict(rows, count)
    const outputs = outputsOf(answer, count)
    if (from === 0) targets = Array.from({ length: outputs }, () => new Float64Array(samples))
    for (const [output, target] of targets.entries()) {
      for (let at = 0; at < count; at += 1) target[from + at] = answer[at * outputs + output] ?? 0
    }
    onProgress?.(from + count, samples)
  }
  return { design, weights, targets }
}

/** Explains a row by a linear model of its neighbourhood; `samples` predictions. */
export async function limeTabular(game: Game, options: LimeOptions = {}): Promise<LimeExplanation> {
  checkGame(game)
  const groups = game.groups.length
  const fewest = 2 * (groups + 1)
  if ((options.samples ?? fewest) < fewest) {
    throw new AppError('unprocessable', `LIME over ${groups} groups needs at least ${fewest} samples`)
  }
  const { pause } = options
  const pace = createPace(pause)
  const neighbours = await neighboursOf(game, options, pace)
  const ridge = new Float64Array(groups + 1).fill(options.ridge ?? 1e-6)
  ridge[groups] = 0 // the intercept is free
  const { design, weights, targets } = neighbours
  const solutions = await weightedLeastSquares({ rows: design, width: groups + 1, weights, targets, ridge, pause })
  const found = explanationOf({
    method: 'lime',
    base: Float64Array.from(solutions, (solution) => solution[groups] ?? 0),
    prediction: Float64Array.from(targets, (target) => target[0] ?? 0),
    contributions: solutions.map((solution) => solution.slice(0, groups)),
    evaluations: weights.length,
  })
  return { ...found, score: await scoreOf(neighbours, solutions, pace) }
}
