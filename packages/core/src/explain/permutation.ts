// Shapley values from random orders of the groups, each order walked forwards and backwards.
// Castro, Gómez and Tejada, Polynomial calculation of the Shapley value based on sampling, 2009; antithetic walks as in shap.
import { type Random, seededRandom } from '../cohort/random.ts'
import { placed, spread } from './exact.ts'
import { explanationOf } from './explanation.ts'
import { checkGame, coalitionValues, type Explanation, type Game, type GameOptions, varyingGroups } from './game.ts'

/** Options of {@link permutationShapley}. */
export interface PermutationOptions extends GameOptions {
  /** Orders to walk, each both ways; default 10. */
  readonly permutations?: number
  readonly seed?: number
}

/** A random order of 0 … count - 1 (Fisher–Yates). */
export function shuffled(count: number, random: Random): readonly number[] {
  const order = Array.from({ length: count }, (_, at) => at)
  for (let at = count - 1; at > 0; at -= 1) {
    const other = random.integer(0, at)
    const kept = order[at] ?? 0
    order[at] = order[other] ?? 0
    order[other] = kept
  }
  return order
}

// The coalitions that a walk passes: empty, then one player more each time; `[players + 1, players]`.
function walk(order: readonly number[]): Uint8Array {
  const players = order.length
  const coalitions = new Uint8Array((players + 1) * players)
  for (const [step, player] of order.entries()) {
    for (let later = step + 1; later <= players; later += 1) coalitions[later * players + player] = 1
  }
  return coalitions
}

/**
 * Explains a row by the mean gain of each group over random orders; the contributions add up exactly whatever the number
 * of orders. Needs `2 × permutations × (groups + 1) × background` predictions.
 */
export async function permutationShapley(game: Game, options: PermutationOptions = {}): Promise<Explanation> {
  checkGame(game)
  const varying = varyingGroups(game)
  const players = varying.length
  const groups = game.groups.length
  const random = seededRandom(options.seed ?? 1)
  const drawn = Array.from({ length: options.permutations ?? 10 }, () => shuffled(players, random))
  const orders = players === 0 ? [[]] : drawn.flatMap((order) => [order, order.toReversed()])
  const coalitions = new Uint8Array(orders.length * (players + 1) * players)
  for (const [at, order] of orders.entries()) coalitions.set(walk(order), at * (players + 1) * players)
  const { values, outputs, evaluations } = await coalitionValues(game, spread(coalitions, varying, groups), options)
  const valueAt = (order: number, step: number, output: number): number =>
    values[(order * (players + 1) + step) * outputs + output] ?? 0
  const contributions = Array.from({ length: outputs }, (_, output) => {
    const share = new Float64Array(players)
    for (const [at, order] of orders.entries()) {
      for (const [step, player] of order.entries()) {
        const gain = valueAt(at, step + 1, output) - valueAt(at, step, output)
        share[player] = (share[player] ?? 0) + gain / orders.length
      }
    }
    return placed(share, varying, groups)
  })
  const base = values.slice(0, outputs)
  const prediction = values.slice(players * outputs, (players + 1) * outputs)
  return explanationOf({ method: 'permutation', base, prediction, contributions, evaluations })
}
