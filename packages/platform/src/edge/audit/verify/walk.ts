// Walks along the sealed rows, computes every hash again, and says what does not fit; pure.
import { growTree, hashBytes, isSameHash, type MerkleTree } from '@xinglin/core/merkle'
import { chainOf, chainStart, leafOf, recordBytesOf, sha256 } from '../seal/sealed-record.ts'
import { contentFault } from './content.ts'
import type { Fault } from './report.ts'
import type { SealedRow } from './trail-store.ts'

/** A walk from the first row on. */
export interface Walk {
  /** The tree over the rows walked; no longer that of the seals when {@link Walk.isBroken}. */
  readonly tree: MerkleTree
  readonly chain: () => Uint8Array
  /** Rows are missing, or not in their order: roots can no longer be compared. */
  readonly isBroken: () => boolean
  /** Takes the next row; `next` is the one after it, if any. */
  step(row: SealedRow, next: SealedRow | undefined): readonly Fault[]
}

interface State {
  readonly tree: MerkleTree
  chain: Uint8Array
  /** The place that the next row must have. */
  expected: number
  isBroken: boolean
  /** The event of the row before. */
  lastEventId: number | undefined
}

// A row whose place does not fit is looked for this far around: rows taken away or put in between shift the others.
const searchDistance = 1000

type PresentRow = SealedRow & { readonly recordedUs: number }

const isPresent = (row: SealedRow | undefined): row is PresentRow => row !== undefined && row.recordedUs !== null
const storedLeaf = (row: SealedRow): Uint8Array => row.nodes.subarray(0, hashBytes)

function isLeafOf(row: PresentRow, seq: number): boolean {
  return isSameHash(leafOf(recordBytesOf({ ...row, seq })), storedLeaf(row))
}

/** The place for which a row was sealed, told by its stored leaf. */
function sealedPlace(row: PresentRow, expected: number): number | undefined {
  if (isLeafOf(row, row.seq)) return row.seq
  for (let distance = 1; distance <= searchDistance; distance++) {
    if (isLeafOf(row, expected + distance)) return expected + distance
    if (expected >= distance && isLeafOf(row, expected - distance)) return expected - distance
  }
  return undefined
}

function acceptNodes(state: State, row: SealedRow, leaf: Uint8Array): readonly Fault[] {
  const nodes = Buffer.concat(state.tree.append(leaf))
  if (state.isBroken || nodes.equals(row.nodes)) return []
  const { seq, eventId } = row
  return [{ kind: 'node-changed', seq, eventId, detail: 'a node of the Merkle tree stored with it was changed' }]
}

/** Goes on behind a row with the chain and the leaf that are stored with it. */
function trustStored(state: State, row: SealedRow, expected: number): void {
  state.chain = row.chain
  state.expected = expected
  if (!state.isBroken) state.tree.append(storedLeaf(row))
}

function withoutEvent(state: State, row: SealedRow): readonly Fault[] {
  trustStored(state, row, state.expected + 1)
  return [{ kind: 'deleted', seq: row.seq, eventId: row.eventId, detail: 'the event was deleted' }]
}

/** Says whether the next row was linked to what is stored with this one. */
function isFollowed(state: State, row: SealedRow, next: SealedRow | undefined): boolean {
  if (!isPresent(next)) return false
  const record = recordBytesOf({ ...next, seq: state.expected + 1 })
  return isSameHash(chainOf(row.chain, record), next.chain)
}

function brokenLink(state: State, row: PresentRow, next: SealedRow | undefined): readonly Fault[] {
  const record = recordBytesOf({ ...row, seq: state.expected })
  const fault: Fault = {
    kind: 'changed',
    seq: row.seq,
    eventId: row.eventId,
    detail: `its link in the hash chain does not follow: it or the event before it (${state.lastEventId ?? 'none'}) was changed`,
  }
  state.chain = isFollowed(state, row, next) ? row.chain : chainOf(state.chain, record)
  state.expected += 1
  return [fault, ...acceptNodes(state, row, leafOf(record))]
}

function outOfPlace(state: State, row: PresentRow, next: SealedRow | undefined): readonly Fault[] {
  const { expected } = state
  const { seq, eventId } = row
  const place = sealedPlace(row, expected)
  const isNextInPlace = isPresent(next) && isLeafOf(next, expected)
  if (isNextInPlace && place === undefined) {
    return [{ kind: 'inserted', seq, eventId, detail: 'the event was inserted among sealed ones' }]
  }
  if (place === undefined && seq <= expected) {
    trustStored(state, row, expected + 1)
    return [{ kind: 'changed', seq, eventId, detail: 'its time, commitment, number or link was changed' }]
  }
  state.isBroken = true
  if (place !== undefined && place < expected && isPresent(next) && isLeafOf(next, place + 1)) {
    const inserted = expected - place === 1 && state.lastEventId !== undefined ? { eventId: state.lastEventId } : {}
    trustStored(state, row, place + 1)
    return [{ kind: 'inserted', seq: place, ...inserted, detail: 'an event was inserted among sealed ones' }]
  }
  if (place !== undefined && (place < expected || isNextInPlace)) {
    trustStored(state, row, expected + 1)
    return [{ kind: 'reordered', seq, eventId, detail: `the event was sealed at place ${place} and was moved` }]
  }
  const sealedAt = place ?? seq
  trustStored(state, row, sealedAt + 1)
  const missing = sealedAt - expected
  const detail =
    missing === 1
      ? 'the sealed event at this place was deleted'
      : `${missing} sealed events from this place on were deleted`
  return [{ kind: 'deleted', seq: expected, detail }]
}

function step(state: State, row: SealedRow, next: SealedRow | undefined): readonly Fault[] {
  if (!isPresent(row)) return withoutEvent(state, row)
  const record = recordBytesOf({ ...row, seq: state.expected })
  const chain = chainOf(state.chain, record)
  if (isSameHash(chain, row.chain)) {
    state.chain = chain
    state.expected += 1
    return [...acceptNodes(state, row, leafOf(record)), ...contentFault(row)]
  }
  if (isLeafOf(row, state.expected)) return brokenLink(state, row, next)
  return outOfPlace(state, row, next)
}

/** Starts a walk. */
export function createWalk(): Walk {
  const state: State = {
    tree: growTree(sha256),
    chain: chainStart,
    expected: 0,
    isBroken: false,
    lastEventId: undefined,
  }
  return {
    tree: state.tree,
    chain: () => state.chain,
    isBroken: () => state.isBroken,
    step(row, next) {
      const faults = step(state, row, next)
      state.lastEventId = row.eventId
      return faults
    },
  }
}
