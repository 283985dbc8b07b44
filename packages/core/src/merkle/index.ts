// The door to the Merkle tree of RFC 6962 and the proofs of RFC 9162; pure, for the trail and for whoever checks it.
export { emptyRoot, type Hash, hashBytes, isSameHash, leafHash, nodeHash } from './hashing.ts'
export { type ProofPlan, planConsistency, planInclusion, planRoot, proofHashes, type ReadNode } from './proofs.ts'
export { foldNodes, frontierLength, growTree, type MerkleTree, type NodeAddress } from './tree.ts'
export { type ConsistencyClaim, type InclusionClaim, verifyConsistency, verifyInclusion } from './verify.ts'
