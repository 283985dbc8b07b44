// Shapley values of trees against a background, exact in one walk per tree and background row.
// Lundberg et al., From local explanations to global understanding with explainable AI for trees, 2020, "interventional".
import { AppError } from '../errors/index.ts'
import { explanationOf } from './explanation.ts'
import type { Explanation, Rows } from './game.ts'
import { checkTrees, goesLeft, isLeaf, predictTrees, type Tree, type TreeEnsemble } from './tree.ts'

interface Walk {
  readonly tree: Tree
  readonly row: Rows
  readonly other: Rows
  readonly share: Float64Array
  /** Per feature: 1 when the path follows the row there, 2 when it follows the background row, 0 when both agree so far. */
  readonly sides: Uint8Array
  /** Features that follow the row, and those that follow the background row, on the way to the node. */
  readonly followed: readonly [number[], number[]]
}

/** (a - 1)! b! / (a + b)!, the share of each of `a` players of which all must come before none of `b` others. */
function orderShare(a: number, b: number): number {
  let share = 1 / a
  for (let i = 1; i <= b; i += 1) share *= i / (a + i)
  return share
}

function pay({ tree, share, followed }: Walk, leaf: number): void {
  const [mine, theirs] = followed
  const value = tree.value[leaf] ?? 0
  const gain = mine.length === 0 ? 0 : value * orderShare(mine.length, theirs.length)
  const loss = theirs.length === 0 ? 0 : value * orderShare(theirs.length, mine.length)
  for (const feature of mine) share[feature] = (share[feature] ?? 0) + gain
  for (const feature of theirs) share[feature] = (share[feature] ?? 0) - loss
}

function descend(walk: Walk, node: number): void {
  const { tree, row, other, sides, followed } = walk
  if (isLeaf(tree, node)) {
    pay(walk, node)
    return
  }
  const feature = tree.feature[node] ?? 0
  const left = tree.left[node] ?? 0
  const right = tree.right[node] ?? 0
  const mine = goesLeft(tree, node, row[feature] ?? Number.NaN) ? left : right
  const theirs = goesLeft(tree, node, other[feature] ?? Number.NaN) ? left : right
  const side = sides[feature] ?? 0
  if (side !== 0 || mine === theirs) {
    descend(walk, side === 2 ? theirs : mine)
    return
  }
  for (const [at, next] of [mine, theirs].entries()) {
    const list = followed[at as 0 | 1]
    sides[feature] = at + 1
    list.push(feature)
    descend(walk, next)
    list.pop()
  }
  sides[feature] = 0
}

/**
 * Explains a row against every row of the background `[count, features]`: the contributions add up to the prediction
 * less the mean prediction over the background, to rounding.
 * @throws AppError 'unprocessable' for a malformed tree, or when row and background do not fit
 */
export function treeInterventional(ensemble: TreeEnsemble, row: Rows, background: Rows): Explanation {
  checkTrees(ensemble)
  const { trees, scale, features } = ensemble
  if (row.length !== features || background.length === 0 || background.length % features !== 0) {
    throw new AppError('unprocessable', `The trees take ${features} features; row or background do not fit`)
  }
  const count = background.length / features
  const total = new Float64Array(features)
  let base = 0
  for (let at = 0; at < count; at += 1) {
    const other = background.subarray(at * features, (at + 1) * features)
    base += predictTrees(ensemble, other) / count
    for (const tree of trees) {
      descend({ tree, row, other, share: total, sides: new Uint8Array(features), followed: [[], []] }, 0)
    }
  }
  return explanationOf({
    method: 'tree-interventional',
    base: Float64Array.of(base),
    prediction: Float64Array.of(predictTrees(ensemble, row)),
    contributions: [total.map((share) => (share * scale) / count)],
    evaluations: count + 1,
  })
}
