// Exact Shapley values: every coalition of groups is evaluated (L. S. Shapley, A value for n-person games, 1953).
import { AppError } from '../errors/index.ts'
import { explanationOf } from './explanation.ts'
import { checkGame, coalitionValues, type Explanation, type Game, type GameOptions, varyingGroups } from './game.ts'

/** Most groups that differ from the background: 2^15 coalitions. */
export const maxExactGroups = 15

/** All coalitions of `players`, `[2^players, players]`: bit `p` of the coalition's number tells whether player `p` is in. */
export function allCoalitions(players: number): Uint8Array {
  const coalitions = new Uint8Array(2 ** players * players)
  for (let at = 0; at < coalitions.length; at += 1) {
    coalitions[at] = (Math.floor(at / players) >>> (at % players)) & 1
  }
  return coalitions
}

/** Shapley's weights by the size of the coalition that is joined: size! (players - size - 1)! / players! */
export function shapleyWeights(players: number): Float64Array {
  const weights = new Float64Array(players)
  let inverse = players // players * choose(players - 1, size)
  for (let size = 0; size < players; size += 1) {
    weights[size] = 1 / inverse
    inverse = (inverse * (players - 1 - size)) / (size + 1)
  }
  return weights
}

const bitCount = (number: number): number => {
  let count = 0
  for (let rest = number; rest > 0; rest >>>= 1) count += rest & 1
  return count
}

// values: [2^players, outputs]; the result: [outputs][players]
function shapleyOf(values: Float64Array, players: number, outputs: number): readonly Float64Array[] {
  const weights = shapleyWeights(players)
  const shares = Array.from({ length: outputs }, () => new Float64Array(players))
  for (let coalition = 0; coalition < 2 ** players; coalition += 1) {
    const weight = weights[bitCount(coalition)] ?? 0
    for (let player = 0; player < players; player += 1) {
      if (((coalition >>> player) & 1) === 1) continue
      const joined = (coalition | (1 << player)) * outputs
      for (const [output, share] of shares.entries()) {
        const gain = (values[joined + output] ?? 0) - (values[coalition * outputs + output] ?? 0)
        share[player] = (share[player] ?? 0) + weight * gain
      }
    }
  }
  return shares
}

/**
 * Explains a row by exact Shapley values over its groups: `2^m × background` predictions for the `m` groups that differ.
 * @throws AppError 'unprocessable' when more than {@link maxExactGroups} groups differ from the background
 */
export async function exactShapley(game: Game, options: GameOptions = {}): Promise<Explanation> {
  checkGame(game)
  const varying = varyingGroups(game)
  const players = varying.length
  if (players > maxExactGroups) {
    const advice = 'form fewer groups, or use the method kernel or permutation'
    throw new AppError(
      'unprocessable',
      `Exact takes at most ${maxExactGroups} groups, here ${players} differ: ${advice}`,
    )
  }
  const coalitions = allCoalitions(players)
  const full = spread(coalitions, varying, game.groups.length)
  const { values, outputs, evaluations } = await coalitionValues(game, full, options)
  const shares = shapleyOf(values, players, outputs)
  const last = (2 ** players - 1) * outputs
  return explanationOf({
    method: 'exact',
    base: values.slice(0, outputs),
    prediction: values.slice(last, last + outputs),
    contributions: shares.map((share) => placed(share, varying, game.groups.length)),
    evaluations,
  })
}

/** Coalitions of the varying players as coalitions of all groups; one empty coalition where nothing varies. */
export function spread(coalitions: Uint8Array, varying: readonly number[], groups: number): Uint8Array {
  const players = varying.length
  const count = players === 0 ? 1 : coalitions.length / players
  const full = new Uint8Array(count * groups)
  for (let at = 0; at < coalitions.length; at += 1) {
    const place = Math.floor(at / players) * groups + (varying[at % players] ?? 0)
    full[place] = coalitions[at] ?? 0
  }
  return full
}

/** Shares of the varying players as shares of all groups. */
export function placed(share: ArrayLike<number>, varying: readonly number[], groups: number): Float64Array {
  const all = new Float64Array(groups)
  for (const [player, group] of varying.entries()) all[group] = share[player] ?? 0
  return all
}
