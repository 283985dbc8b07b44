// Inclusion and consistency proofs (RFC 6962, sections 2.1.1 and 2.1.2) out of stored complete nodes, in O(log n) reads.
import type { Hash } from './hashing.ts'
import { foldNodes, type NodeAddress } from './tree.ts'

/** Gives the stored hash of a complete node. */
export type ReadNode = (address: NodeAddress) => Uint8Array

/** A proof as it will be: each of its hashes is folded from complete nodes that lie side by side. */
export type ProofPlan = readonly (readonly NodeAddress[])[]

// Leaves from `start` to before `end`; `start` is a multiple of the largest power of two that is not above the length.
interface Range {
  readonly start: number
  readonly end: number
}

/** The largest power of two below `count`, for two leaves or more. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

function nodesOf({ start, end }: Range): readonly NodeAddress[] {
  const nodes: NodeAddress[] = []
  let from = start
  while (from < end) {
    let level = 0
    let width = 1
    while (width * 2 <= end - from) {
      width *= 2
      level += 1
    }
    nodes.push({ level, index: from / width })
    from += width
  }
  return nodes
}

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('The size of a tree is a whole number from 0')
}

/** The complete nodes whose fold is the root of the tree of this size. */
export function planRoot(size: number): readonly NodeAddress[] {
  checkSize(size)
  return nodesOf({ start: 0, end: size })
}

/**
 * Which nodes prove that the leaf `index` is in the tree of `size` leaves.
 * @throws RangeError when the leaf is not in the tree
 */
export function planInclusion(index: number, size: number): ProofPlan {
  checkSize(size)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError('The leaf is not in the tree')
  const ranges: Range[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    ranges.push(index < middle ? { start: middle, end } : { start, end: middle })
    if (index < middle) end = middle
    else start = middle
  }
  return ranges.reverse().map(nodesOf)
}

/**
 * Which nodes prove that the tree of `from` leaves is the beginning of the tree of `to` leaves; none are needed when
 * `from` is 0 or `to`.
 * @throws RangeError when `from` is larger than `to`
 */
export function planConsistency(from: number, to: number): ProofPlan {
  checkSize(from)
  checkSize(to)
  if (from > to) throw new RangeError('The earlier tree is larger than the later one')
  if (from === 0 || from === to) return []
  const ranges: Range[] = []
  let start = 0
  let end = to
  while (from !== end) {
    const middle = start + splitOf(end - start)
    ranges.push(from <= middle ? { start: middle, end } : { start, end: middle })
    if (from <= middle) end = middle
    else start = middle
  }
  if (start > 0) ranges.push({ start, end })
  return ranges.reverse().map(nodesOf)
}

/** The hashes of a planned proof. */
export function proofHashes(hash: Hash, plan: ProofPlan, readNode: ReadNode): readonly Uint8Array[] {
  return plan.map((nodes) => foldNodes(hash, nodes.map(readNode)))
}
