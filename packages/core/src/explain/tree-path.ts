// Shapley values of trees by the cover of their nodes (no background), in polynomial time.
// Lundberg, Erion and Lee, Consistent individualized feature attribution for tree ensembles, 2018, algorithm 2.
import { AppError } from '../errors/index.ts'
import { explanationOf } from './explanation.ts'
import type { Explanation, Rows } from './game.ts'
import { checkTrees, goesLeft, isLeaf, predictTrees, type Tree, type TreeEnsemble } from './tree.ts'

/** A step of the path: a feature that was split on, and what share of the coalitions without (zero) and with it (one) goes on. */
interface Step {
  readonly feature: number
  readonly zero: number
  readonly one: number
  /** Weight of the subsets with as many members as the step's place. */
  weight: number
}

interface Descent {
  readonly tree: Tree
  readonly row: Rows
  readonly share: Float64Array
}

function extended(path: readonly Step[], step: Omit<Step, 'weight'>): Step[] {
  const depth = path.length
  const next = [...path.map((one) => ({ ...one })), { ...step, weight: depth === 0 ? 1 : 0 }]
  for (let at = depth - 1; at >= 0; at -= 1) {
    const here = next[at]
    const after = next[at + 1]
    if (here === undefined || after === undefined) continue
    after.weight += (step.one * here.weight * (at + 1)) / (depth + 1)
    here.weight = (step.zero * here.weight * (depth - at)) / (depth + 1)
  }
  return next
}

// Undoes `extended` for the step at `index`, whatever its place.
function unwound(path: readonly Step[], index: number): Step[] {
  const depth = path.length - 1
  const { zero, one } = path[index] ?? { zero: 1, one: 1 }
  const next = path.map((step) => ({ ...step }))
  let carried = next[depth]?.weight ?? 0
  for (let at = depth - 1; at >= 0; at -= 1) {
    const here = next[at]
    if (here === undefined) continue
    if (one === 0) {
      here.weight = (here.weight * (depth + 1)) / (zero * (depth - at))
      continue
    }
    const before = here.weight
    here.weight = (carried * (depth + 1)) / ((at + 1) * one)
    carried = before - (here.weight * zero * (depth - at)) / (depth + 1)
  }
  return next.slice(0, depth).map((step, at) => {
    const source = at < index ? step : (next[at + 1] ?? step)
    return { feature: source.feature, zero: source.zero, one: source.one, weight: step.weight }
  })
}

function pay({ tree, share }: Descent, path: readonly Step[], leaf: number): void {
  for (let at = 1; at < path.length; at += 1) {
    const { feature = 0, zero = 0, one = 0 } = path[at] ?? {}
    const weight = unwound(path, at).reduce((sum, step) => sum + step.weight, 0)
    share[feature] = (share[feature] ?? 0) + weight * (one - zero) * (tree.value[leaf] ?? 0)
  }
}

function descend(descent: Descent, node: number, before: readonly Step[], step: Omit<Step, 'weight'>): void {
  const { tree, row } = descent
  const path = extended(before, step)
  if (isLeaf(tree, node)) {
    pay(descent, path, node)
    return
  }
  const feature = tree.feature[node] ?? 0
  const isLeft = goesLeft(tree, node, row[feature] ?? Number.NaN)
  const children = [tree.left[node] ?? 0, tree.right[node] ?? 0]
  const hot = children[isLeft ? 0 : 1]
  const known = path.findIndex((one, at) => at > 0 && one.feature === feature)
  const { zero = 1, one = 1 } = known === -1 ? {} : (path[known] ?? {})
  const open = known === -1 ? path : unwound(path, known)
  const cover = tree.cover[node] ?? 1
  for (const child of children) {
    const through = ((tree.cover[child] ?? 0) / cover) * zero
    // No training row and not the row itself goes there: it counts for nothing.
    if (through === 0 && (child !== hot || one === 0)) continue
    descend(descent, child, open, { feature, zero: through, one: child === hot ? one : 0 })
  }
}

function expectedOf(tree: Tree, node: number): number {
  if (isLeaf(tree, node)) return tree.value[node] ?? 0
  const cover = tree.cover[node] ?? 1
  return [tree.left[node] ?? 0, tree.right[node] ?? 0].reduce(
    (sum, child) => sum + ((tree.cover[child] ?? 0) / cover) * expectedOf(tree, child),
    0,
  )
}

/**
 * Explains a row of a tree ensemble by the cover of its nodes; the contributions add up to the prediction less the
 * cover-weighted mean of the leaves, to rounding. O(leaves × depth²) per tree.
 * @throws AppError 'unprocessable' for a malformed tree, or a row of another length
 */
export function treePathDependent(ensemble: TreeEnsemble, row: Rows): Explanation {
  checkTrees(ensemble)
  const { trees, initial, scale, features } = ensemble
  if (row.length !== features) throw new AppError('unprocessable', `The trees take ${features} features`)
  const share = new Float64Array(features)
  for (const tree of trees) descend({ tree, row, share }, 0, [], { feature: -1, zero: 1, one: 1 })
  const expected = trees.reduce((sum, tree) => sum + expectedOf(tree, 0), 0)
  return explanationOf({
    method: 'tree-path-dependent',
    base: Float64Array.of(initial + scale * expected),
    prediction: Float64Array.of(predictTrees(ensemble, row)),
    contributions: [share.map((one) => one * scale)],
    evaluations: 1,
  })
}
