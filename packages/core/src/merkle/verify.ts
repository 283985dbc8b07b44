// Checks proofs with nothing but hashes at hand (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
import { emptyRoot, type Hash, isSameHash, nodeHash } from './hashing.ts'

/** A claim that a leaf is in a tree. */
export interface InclusionClaim {
  /** Place of the leaf, from 0. */
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** A claim that one tree is the beginning of another. */
export interface ConsistencyClaim {
  readonly from: number
  readonly to: number
  readonly fromRoot: Uint8Array
  readonly toRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

const half = (value: number): number => Math.floor(value / 2)
const isOdd = (value: number): boolean => value % 2 === 1
const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

interface Walk {
  /** Index of the node on the path and of the last node of its level. */
  node: number
  last: number
}

// Up to the level where the node on the path has a left neighbour.
function climbToRightChild(walk: Walk): void {
  while (!isOdd(walk.node) && walk.node !== 0) {
    walk.node = half(walk.node)
    walk.last = half(walk.last)
  }
}

function stepUp(walk: Walk): void {
  walk.node = half(walk.node)
  walk.last = half(walk.last)
}

/** Says whether the leaf is in the tree with this root. */
export function verifyInclusion(hash: Hash, claim: InclusionClaim): boolean {
  const { index, size, leaf, root, proof } = claim
  if (!isWhole(index) || !isWhole(size) || index >= size) return false
  const walk: Walk = { node: index, last: size - 1 }
  let computed = leaf
  for (const sibling of proof) {
    if (walk.last === 0) return false
    if (isOdd(walk.node) || walk.node === walk.last) {
      computed = nodeHash(hash, sibling, computed)
      climbToRightChild(walk)
    } else {
      computed = nodeHash(hash, computed, sibling)
    }
    stepUp(walk)
  }
  return walk.last === 0 && isSameHash(computed, root)
}

/** Says whether the later tree only added to the earlier one. */
export function verifyConsistency(hash: Hash, claim: ConsistencyClaim): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim
  if (!isWhole(from) || !isWhole(to) || from > to) return false
  if (from === to) return proof.length === 0 && isSameHash(fromRoot, toRoot)
  if (from === 0) return proof.length === 0 && isSameHash(fromRoot, emptyRoot(hash))
  // A complete earlier tree is a node of the later one, which the proof therefore leaves out.
  const [first, ...rest] = Number.isInteger(Math.log2(from)) ? [fromRoot, ...proof] : proof
  if (first === undefined) return false
  const walk: Walk = { node: from - 1, last: to - 1 }
  while (isOdd(walk.node)) stepUp(walk)
  let earlier = first
  let later = first
  for (const sibling of rest) {
    if (walk.last === 0) return false
    if (isOdd(walk.node) || walk.node === walk.last) {
      earlier = nodeHash(hash, sibling, earlier)
      later = nodeHash(hash, sibling, later)
      climbToRightChild(walk)
    } else {
      later = nodeHash(hash, later, sibling)
    }
    stepUp(walk)
  }
  return walk.last === 0 && isSameHash(earlier, fromRoot) && isSameHash(later, toRoot)
}
