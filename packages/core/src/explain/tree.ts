// An ensemble of decision trees, as scikit-learn and XGBoost lay them out in arrays, and its prediction.
import { AppError } from '../errors/index.ts'
import type { Rows } from './game.ts'

/** One tree in arrays of `[nodes]`; node 0 is the root. */
export interface Tree {
  /** Child for `row[feature] <= threshold`; -1 at a leaf. */
  readonly left: ArrayLike<number>
  readonly right: ArrayLike<number>
  readonly feature: ArrayLike<number>
  readonly threshold: ArrayLike<number>
  /** What a leaf gives. */
  readonly value: ArrayLike<number>
  /** Weight of the training rows that passed the node. */
  readonly cover: ArrayLike<number>
}

/** `prediction = initial + scale × sum of the trees`. */
export interface TreeEnsemble {
  readonly trees: readonly Tree[]
  readonly initial: number
  readonly scale: number
  readonly features: number
}

const maxDepth = 64

function checkNode(tree: Tree, node: number, depths: Int8Array, features: number): string | undefined {
  const left = tree.left[node] ?? -1
  const right = tree.right[node] ?? -1
  if (left === -1 && right === -1)
    return Number.isFinite(tree.value[node]) ? undefined : 'a leaf without a finite value'
  const feature = tree.feature[node] ?? -1
  if (!Number.isInteger(feature) || feature < 0 || feature >= features) return `a split on feature ${feature}`
  if (!Number.isFinite(tree.threshold[node])) return 'a split without a finite threshold'
  if (!(Number(tree.cover[node]) > 0)) return 'a split without cover'
  const depth = (depths[node] ?? 0) + 1
  for (const child of [left, right]) {
    if (!Number.isInteger(child) || child <= node || child >= depths.length) return `a child ${child} of node ${node}`
    if (depths[child] !== 0) return `two parents of node ${child}`
    depths[child] = depth
  }
  return depth > maxDepth ? `more than ${maxDepth} levels` : undefined
}

function firstFault(tree: Tree, features: number): string | undefined {
  const nodes = tree.left.length
  const isEven = [tree.right, tree.feature, tree.threshold, tree.value, tree.cover].every((one) => one.length === nodes)
  if (!isEven || nodes === 0) return 'arrays of different or no length'
  const depths = new Int8Array(nodes)
  for (let node = 0; node < nodes; node += 1) {
    const fault = checkNode(tree, node, depths, features)
    if (fault !== undefined) return fault
  }
  const orphan = depths.findIndex((depth, node) => node > 0 && depth === 0)
  return orphan === -1 ? undefined : `a node ${orphan} that no other leads to`
}

/**
 * Checks an ensemble that came from outside: children after their parents (so no loops), one parent each, known features.
 * @throws AppError 'unprocessable' that names the first fault
 */
export function checkTrees({ trees, features, initial, scale }: TreeEnsemble): void {
  if (!Number.isFinite(initial) || !Number.isFinite(scale)) {
    throw new AppError('unprocessable', 'The initial value and the scale of the trees must be finite numbers')
  }
  for (const [index, tree] of trees.entries()) {
    const fault = firstFault(tree, features)
    if (fault !== undefined) throw new AppError('unprocessable', `Tree ${index} has ${fault}`)
  }
}

const nextNode = (tree: Tree, node: number, value: number): number =>
  (value <= (tree.threshold[node] ?? 0) ? tree.left[node] : tree.right[node]) ?? -1

/** True when `value` goes left at the node; missing values (NaN) go right. */
export function goesLeft(tree: Tree, node: number, value: number): boolean {
  return value <= (tree.threshold[node] ?? 0)
}

/** Says whether a node is a leaf. */
export function isLeaf(tree: Tree, node: number): boolean {
  return (tree.left[node] ?? -1) === -1
}

/** The ensemble's prediction for one row. */
export function predictTrees({ trees, initial, scale }: TreeEnsemble, row: Rows): number {
  let sum = 0
  for (const tree of trees) {
    let node = 0
    while (!isLeaf(tree, node)) node = nextNode(tree, node, row[tree.feature[node] ?? 0] ?? Number.NaN)
    sum += tree.value[node] ?? 0
  }
  return initial + scale * sum
}
