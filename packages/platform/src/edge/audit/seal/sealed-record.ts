// The bytes that are hashed: what a seal says of an event, its link in the chain, its leaf in the tree.
import { hash } from 'node:crypto'
import { type Hash, hashBytes, leafHash } from '@xinglin/core/merkle'

/** What a seal holds of an event. */
export interface SealedRecord {
  readonly seq: number
  readonly eventId: number
  /** Microseconds since 1970. */
  readonly recordedUs: number
  readonly commitment: Uint8Array
}

/** SHA-256 of Node. */
export const sha256: Hash = (bytes) => hash('sha256', bytes, 'buffer')

/** The chain before the first event. */
export const chainStart: Uint8Array = new Uint8Array(hashBytes)

const numberBytes = 8
const recordBytes = 3 * numberBytes + hashBytes

/** The record as bytes: seq, event id and time as 64-bit big-endian numbers, then the commitment. */
export function recordBytesOf(record: SealedRecord): Buffer {
  const bytes = Buffer.allocUnsafe(recordBytes)
  writeNumber(bytes, record.seq, 0)
  writeNumber(bytes, record.eventId, numberBytes)
  writeNumber(bytes, record.recordedUs, 2 * numberBytes)
  bytes.set(record.commitment, 3 * numberBytes)
  return bytes
}

// Twice as fast as through BigInt; numbers before 1970 come out as two's complement.
function writeNumber(bytes: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  bytes.writeInt32BE(high, at)
  bytes.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}

/** The link of a record: SHA-256 over the link before it and the record. */
export function chainOf(before: Uint8Array, record: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([before, record]))
}

/** The leaf of a record in the RFC 6962 tree. */
export function leafOf(record: Uint8Array): Uint8Array {
  return leafHash(sha256, record)
}

/** The commitment to a payload: SHA-256 over the 16 bytes of its salt and its text in UTF-8. */
export function commitmentOf(salt: string, payload: string): Uint8Array {
  return sha256(Buffer.concat([Buffer.from(salt.replaceAll('-', ''), 'hex'), Buffer.from(payload)]))
}

/** What a seal commits to when the payload was gone before it could be sealed: no SHA-256 is known to give it. */
export const nothingCommitted: Uint8Array = new Uint8Array(hashBytes)
