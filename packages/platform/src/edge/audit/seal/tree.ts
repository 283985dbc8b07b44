// The Merkle tree of the trail as its tables hold it.
import { growTree, hashBytes, type MerkleTree } from '@xinglin/core/merkle'
import { sha256 } from './sealed-record.ts'

/** Cuts hashes that lie one after the other. */
export function splitHashes(bytes: Buffer): readonly Buffer[] {
  return Array.from({ length: bytes.length / hashBytes }, (_, at) =>
    bytes.subarray(at * hashBytes, (at + 1) * hashBytes),
  )
}

/** The tree that goes on from a stored frontier. */
export function treeOf({ size, frontier }: { readonly size: number; readonly frontier: Buffer }): MerkleTree {
  return growTree(sha256, { size, frontier: splitHashes(frontier) })
}

/** The root of the tree with a stored frontier. */
export function rootOf(state: { readonly size: number; readonly frontier: Buffer }): Uint8Array {
  return treeOf(state).root()
}
