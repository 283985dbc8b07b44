// KernelSHAP: Shapley values as a weighted regression over sampled coalitions (Lundberg and Lee, NeurIPS 2017).
import { seededRandom } from '../cohort/random.ts'
import { AppError } from '../errors/index.ts'
import { placed, spread } from './exact.ts'
import { explanationOf } from './explanation.ts'
import {
  type CoalitionValues,
  checkGame,
  coalitionValues,
  type Explanation,
  type Game,
  type GameOptions,
  varyingGroups,
} from './game.ts'
import { kernelCoalitions, type WeightedCoalitions } from './kernel-coalitions.ts'
import { weightedLeastSquares } from './least-squares.ts'
import { createPace } from './pace.ts'

/** Options of {@link kernelShap}. */
export interface KernelOptions extends GameOptions {
  /** Coalitions to evaluate; default 2 × groups + 2048. All are taken where there are no more: then it is exact. */
  readonly samples?: number
  readonly seed?: number
}

// Efficiency is built in: the last player's share is what the others leave over (section 4.1, equation 8 with its constraint).
async function sharesOf(
  { values, outputs }: CoalitionValues,
  chosen: Pick<WeightedCoalitions, 'coalitions' | 'weights'>,
  players: number,
  pause: GameOptions['pause'],
): Promise<readonly Float64Array[]> {
  const { coalitions, weights } = chosen
  const count = weights.length
  const last = players - 1
  const rows = new Float64Array(count * last)
  const pace = createPace(pause)
  for (let at = 0; at < count; at += 1) {
    const due = pace(2 * players)
    if (due !== undefined) await due
    const ofLast = coalitions[at * players + last] ?? 0
    for (let player = 0; player < last; player += 1) {
      rows[at * last + player] = (coalitions[at * players + player] ?? 0) - ofLast
    }
  }
  // The empty and the full coalition stand first.
  const gainOf = (output: number): number => (values[outputs + output] ?? 0) - (values[output] ?? 0)
  const targets = Array.from({ length: outputs }, (_, output) =>
    Float64Array.from({ length: count }, (_unused, at) => {
      const ofLast = coalitions[at * players + last] ?? 0
      return (values[(at + 2) * outputs + output] ?? 0) - (values[output] ?? 0) - ofLast * gainOf(output)
    }),
  )
  const solutions = await weightedLeastSquares({ rows, width: last, weights, targets, pause })
  return solutions.map((solution, output) => {
    const sum = solution.reduce((total, share) => total + share, 0)
    return Float64Array.from({ length: players }, (_, at) => solution[at] ?? gainOf(output) - sum)
  })
}

function checkSamples(samples: number, players: number): void {
  if (samples >= 2 * players) return
  throw new AppError('unprocessable', `KernelSHAP over ${players} groups needs at least ${2 * players} samples`)
}

/**
 * Explains a row by KernelSHAP: `samples × background` predictions; equal to exact Shapley values when all coalitions fit.
 * @throws AppError 'unprocessable' when there are fewer samples than two per group that differs from the background
 */
export async function kernelShap(game: Game, options: KernelOptions = {}): Promise<Explanation> {
  checkGame(game)
  const varying = varyingGroups(game)
  const players = varying.length
  const groups = game.groups.length
  const samples = options.samples ?? 2 * groups + 2048
  const isSolved = players < 2
  if (!isSolved) checkSamples(samples, players)
  const random = seededRandom(options.seed ?? 1)
  const chosen = isSolved ? undefined : await kernelCoalitions(players, samples, random, options.pause)
  const inner = chosen?.coalitions ?? new Uint8Array(0)
  const asked = new Uint8Array(2 * players + inner.length).fill(1, players, 2 * players)
  asked.set(inner, 2 * players)
  const all = players === 0 ? new Uint8Array(2 * groups) : spread(asked, varying, groups)
  const found = await coalitionValues(game, all, options)
  const { values, outputs, evaluations } = found
  const base = values.slice(0, outputs)
  const prediction = values.slice(outputs, 2 * outputs)
  const shares =
    chosen === undefined
      ? Array.from(prediction, (value, output) => Float64Array.of(value - (base[output] ?? 0)))
      : await sharesOf(found, chosen, players, options.pause)
  const contributions = shares.map((share) => placed(share, varying, groups))
  return explanationOf({ method: 'kernel', base, prediction, contributions, evaluations })
}
