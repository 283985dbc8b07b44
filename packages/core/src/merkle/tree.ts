// The growing tree: only the roots of its complete subtrees (the frontier) are held, at most one for each bit of the size.
import { emptyRoot, type Hash, nodeHash } from './hashing.ts'

/** Where a complete node stands: its subtree covers the leaves from `index * 2^level` to before `(index + 1) * 2^level`. */
export interface NodeAddress {
  readonly level: number
  readonly index: number
}

/** A tree that grows at its end. */
export interface MerkleTree {
  /** How many leaves it has. */
  readonly size: number
  /** Roots of the complete subtrees, from left (largest) to right: all that is needed to go on. */
  readonly frontier: readonly Uint8Array[]
  root(): Uint8Array
  /**
   * Adds a leaf by its hash.
   * @returns the nodes that became complete, from the leaf (level 0) upwards; node `level` has the index
   * `(size - 1) >> level` of the size after the call
   */
  append(leaf: Uint8Array): readonly Uint8Array[]
}

/** How many complete subtrees a tree has: the ones in the binary form of its size. */
export function frontierLength(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}

/** The root over complete subtrees that lie side by side, from left to right. */
export function foldNodes(hash: Hash, nodes: readonly Uint8Array[]): Uint8Array {
  return nodes.reduceRight((right, left) => nodeHash(hash, left, right))
}

/**
 * A tree that goes on from a size and its frontier; without them an empty one.
 * @throws RangeError when the frontier does not belong to the size
 */
export function growTree(
  hash: Hash,
  start: Pick<MerkleTree, 'size' | 'frontier'> = { size: 0, frontier: [] },
): MerkleTree {
  const frontier = [...start.frontier] // mutated below: this is the hot loop of sealing
  if (!Number.isSafeInteger(start.size) || frontier.length !== frontierLength(start.size)) {
    throw new RangeError('The frontier does not belong to a tree of this size')
  }
  let size = start.size
  return {
    get size() {
      return size
    },
    get frontier() {
      return [...frontier]
    },
    root: () => (frontier.length === 0 ? emptyRoot(hash) : foldNodes(hash, frontier)),
    append(leaf) {
      const completed = [leaf]
      let node = leaf
      for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        const left = frontier.pop()
        if (left === undefined) throw new RangeError('The frontier is shorter than the size says')
        node = nodeHash(hash, left, node)
        completed.push(node)
      }
      frontier.push(node)
      size += 1
      return completed
    },
  }
}
