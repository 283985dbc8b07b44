// Hashes of leaves and nodes (RFC 6962, section 2.1): the first byte tells them apart, so that a node cannot pass as a leaf.

/** SHA-256 as the platform at hand has it; synchronous. */
export type Hash = (bytes: Uint8Array) => Uint8Array

/** Length of every hash in bytes. */
export const hashBytes = 32

const leafPrefix = 0x00
const nodePrefix = 0x01

/** The hash of an entry. */
export function leafHash(hash: Hash, entry: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + entry.length)
  bytes[0] = leafPrefix
  bytes.set(entry, 1)
  return hash(bytes)
}

/** The hash of a node over its two children. */
export function nodeHash(hash: Hash, left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length)
  bytes[0] = nodePrefix
  bytes.set(left, 1)
  bytes.set(right, 1 + left.length)
  return hash(bytes)
}

/** The root of the tree without entries: the hash of nothing. */
export function emptyRoot(hash: Hash): Uint8Array {
  return hash(new Uint8Array(0))
}

/** Says whether two hashes are the same. */
export function isSameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
