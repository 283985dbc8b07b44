// Which coalitions KernelSHAP looks at: whole sizes from the outside in while they fit, then pairs drawn by weight.
// Lundberg and Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017, section 4.1 and theorem 2.
import type { Random } from '../cohort/random.ts'
import { createPace, type Pace } from './pace.ts'

/** Coalitions with the weight that each has in the regression. */
export interface WeightedCoalitions {
  /** `[count, players]`. */
  readonly coalitions: Uint8Array
  /** `[count]`; they add up to 1. */
  readonly weights: Float64Array
  /** True when every coalition but the empty and the full one is there: then the result is exact. */
  readonly isComplete: boolean
}

/** Who plays, and when the work takes a breath. */
interface Table {
  readonly players: number
  readonly pace: Pace
}

interface Draft {
  readonly found: Map<string, { readonly members: Uint8Array; weight: number }>
}

function choose(n: number, k: number): number {
  let count = 1
  for (let i = 1; i <= k; i += 1) count = (count * (n - k + i)) / i
  return Math.round(count)
}

// Weights of the sizes 1 … floor(players / 2), each together with its complement's size; they add up to 1.
function sizeWeights(players: number): readonly number[] {
  const sizes = Array.from({ length: Math.floor(players / 2) }, (_, at) => at + 1)
  const raw = sizes.map((size) => ((players - 1) / (size * (players - size))) * (size * 2 === players ? 1 : 2))
  const sum = raw.reduce((total, weight) => total + weight, 0)
  return raw.map((weight) => weight / sum)
}

function add(draft: Draft, members: Uint8Array, weight: number): void {
  const key = members.join('')
  const known = draft.found.get(key)
  if (known === undefined) draft.found.set(key, { members, weight })
  else known.weight += weight
}

const complement = (members: Uint8Array): Uint8Array => members.map((isIn) => 1 - isIn)

function* combinations(players: number, size: number): Generator<readonly number[]> {
  const chosen = Array.from({ length: size }, (_, at) => at)
  for (;;) {
    yield chosen
    let at = size - 1
    while (at >= 0 && chosen[at] === players - size + at) at -= 1
    if (at < 0) return
    chosen[at] = (chosen[at] ?? 0) + 1
    for (let next = at + 1; next < size; next += 1) chosen[next] = (chosen[next - 1] ?? 0) + 1
  }
}

function membersOf(players: number, chosen: Iterable<number>): Uint8Array {
  const members = new Uint8Array(players)
  for (const player of chosen) members[player] = 1
  return members
}

// What one coalition costs beside a multiplication: drawn, written out as a key, looked up.
const workPerPlayer = 40

async function addWholeSize(draft: Draft, { players, pace }: Table, size: number, weight: number): Promise<void> {
  const isHalf = size * 2 === players
  const each = weight / (choose(players, size) * (isHalf ? 1 : 2))
  for (const chosen of combinations(players, size)) {
    const members = membersOf(players, chosen)
    add(draft, members, each)
    if (!isHalf) add(draft, complement(members), each)
    const due = pace(players * workPerPlayer)
    if (due !== undefined) await due
  }
}

function drawMembers(players: number, size: number, random: Random): Uint8Array {
  const order = Array.from({ length: players }, (_, at) => at)
  for (let at = 0; at < size; at += 1) {
    const other = random.integer(at, players - 1)
    const kept = order[at] ?? 0
    order[at] = order[other] ?? 0
    order[other] = kept
  }
  return membersOf(players, order.slice(0, size))
}

function drawSize(weights: readonly number[], first: number, random: Random): number {
  const left = weights.slice(first)
  let rest = random.unit() * left.reduce((total, weight) => total + weight, 0)
  for (const [at, weight] of left.entries()) {
    rest -= weight
    if (rest < 0) return first + at + 1
  }
  return weights.length
}

// A coalition and its complement are drawn together: what is random in one cancels in the other.
async function drawPairs(
  draft: Draft,
  { players, pace }: Table,
  wish: { weights: readonly number[]; first: number; samples: number; random: Random },
): Promise<void> {
  const { weights, first, samples, random } = wish
  const drawn: Draft = { found: new Map() }
  const tries = samples * 4
  let count = 0
  for (let at = 0; at < tries && drawn.found.size < samples; at += 1) {
    const members = drawMembers(players, drawSize(weights, first, random), random)
    add(drawn, members, 1)
    add(drawn, complement(members), 1)
    count += 2
    const due = pace(2 * players * workPerPlayer)
    if (due !== undefined) await due
  }
  const left = weights.slice(first).reduce((total, weight) => total + weight, 0)
  for (const { members, weight } of drawn.found.values()) {
    add(draft, members, (weight / count) * left)
    const due = pace(players * workPerPlayer)
    if (due !== undefined) await due
  }
}

/** Chooses at most about `samples` coalitions of `players` (at least two), neither empty nor full. */
export async function kernelCoalitions(
  players: number,
  samples: number,
  random: Random,
  pause?: () => Promise<void>,
): Promise<WeightedCoalitions> {
  const table = { players, pace: createPace(pause) }
  const weights = sizeWeights(players)
  const draft: Draft = { found: new Map() }
  let first = 0
  let left = samples
  while (first < weights.length) {
    const size = first + 1
    const count = choose(players, size) * (size * 2 === players ? 1 : 2)
    const share = (weights[first] ?? 0) / weights.slice(first).reduce((total, weight) => total + weight, 0)
    if (left < count || (left * share) / count < 1 - 1e-8) break
    await addWholeSize(draft, table, size, weights[first] ?? 0)
    left -= count
    first += 1
  }
  const isComplete = first === weights.length
  if (!isComplete && left > 1) await drawPairs(draft, table, { weights, first, samples: left, random })
  const found = [...draft.found.values()]
  const total = found.reduce((sum, { weight }) => sum + weight, 0)
  const coalitions = new Uint8Array(found.length * players)
  for (const [at, { members }] of found.entries()) {
    coalitions.set(members, at * players)
    const due = table.pace(players * workPerPlayer)
    if (due !== undefined) await due
  }
  return { coalitions, weights: Float64Array.from(found, ({ weight }) => weight / total), isComplete }
}
