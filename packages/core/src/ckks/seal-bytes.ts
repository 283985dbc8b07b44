// Bytes of Microsoft SEAL, read before SEAL itself may: the envelope with its size and compression, then plain members (pure).
// SEAL before 4.4 has faults in reading hostile bytes, so everything foreign is opened, measured and written anew here first.
// Source: Microsoft SEAL 4.1, native/src/seal/serialization.h (SEALHeader).
import { AppError } from '../errors/index.ts'

/** How the members of a SEAL object are compressed. */
export type SealCompression = 'none' | 'zlib' | 'zstd'

/** Undoes a compression; must stop with an error once `maxBytes` would be passed. */
export type Inflate = (compression: 'zlib' | 'zstd', bytes: Uint8Array, maxBytes: number) => Uint8Array

/** The 16 bytes before each SEAL object. */
export interface SealHeader {
  readonly compression: SealCompression
  /** Bytes of the whole object with this header. */
  readonly sizeBytes: number
  readonly minorVersion: number
}

/** Bytes of a header. */
export const headerBytes = 16
const magic = 0xa15e
const majorVersion = 4
const maxMinorVersion = 9
/** The version that node-seal 7 reads and writes: SEAL 4.1. Each minor version refuses the others, though 4.0 to 4.3 share one layout. */
export const ownMinorVersion = 1
const compressions: readonly SealCompression[] = ['none', 'zlib', 'zstd']

/** Refuses bytes of SEAL. */
export function refuseBytes(what: string): never {
  throw new AppError('unprocessable', `The bytes are not what SEAL writes: ${what}`)
}

/** A view on bytes for numbers, little-endian. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A uint64 as number. @throws AppError 'unprocessable' when it is cut off or above 2^53 */
export function readCount(bytes: Uint8Array, at: number): number {
  if (at + 8 > bytes.length) refuseBytes('it ends too early')
  const value = viewOf(bytes).getBigUint64(at, true)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuseBytes('a count is too large')
  return Number(value)
}

/** Reads the header at the given place. @throws AppError 'unprocessable' */
export function readHeader(bytes: Uint8Array, at = 0): SealHeader {
  if (bytes.length < at + headerBytes) refuseBytes('it is shorter than a header')
  const view = viewOf(bytes)
  if (view.getUint16(at, true) !== magic) refuseBytes('it does not begin with the mark of SEAL')
  if (view.getUint8(at + 2) !== headerBytes) refuseBytes('its header has another length')
  const minorVersion = view.getUint8(at + 4)
  if (view.getUint8(at + 3) !== majorVersion || minorVersion > maxMinorVersion) {
    refuseBytes(`it was written by SEAL ${view.getUint8(at + 3)}.${minorVersion}; versions 4.0 to 4.9 are read`)
  }
  const compression = compressions[view.getUint8(at + 5)]
  if (compression === undefined) refuseBytes('its compression is unknown')
  const sizeBytes = readCount(bytes, at + 8)
  if (sizeBytes < headerBytes || sizeBytes > bytes.length - at) refuseBytes('its size is not the one it names')
  return { compression, sizeBytes, minorVersion }
}

/**
 * The members of an object, uncompressed.
 * @param maxBytes most bytes that they may take; a compression bomb ends there
 * @throws AppError 'unprocessable' when the header does not fit the bytes, or the content is larger
 */
export function openObject(bytes: Uint8Array, inflate: Inflate, maxBytes: number): Uint8Array {
  const { compression, sizeBytes } = readHeader(bytes)
  if (sizeBytes !== bytes.length) refuseBytes('its size is not the one it names')
  const members = bytes.subarray(headerBytes)
  if (compression === 'none') {
    if (members.length > maxBytes) refuseBytes(`it is larger than the ${maxBytes} bytes that it may have`)
    return members
  }
  try {
    return inflate(compression, members, maxBytes)
  } catch (cause) {
    throw new AppError(
      'unprocessable',
      `The bytes are not what SEAL writes: they cannot be uncompressed into at most ${maxBytes} bytes`,
      { cause },
    )
  }
}

/** How bytes are written for others: the version of SEAL that shall read them, and a compression that it knows. */
export interface Packing {
  /** The y of SEAL 4.y: 1 for node-seal 7 and TenSEAL 0.3.16, 3 for TenSEAL 0.3.18. */
  readonly minorVersion: number
  readonly compress: (bytes: Uint8Array) => { readonly compression: SealCompression; readonly bytes: Uint8Array }
}

/** Writes a header at the given place. */
export function writeHeader(bytes: Uint8Array, at: number, header: SealHeader): void {
  const view = viewOf(bytes)
  view.setUint16(at, magic, true)
  view.setUint8(at + 2, headerBytes)
  view.setUint8(at + 3, majorVersion)
  view.setUint8(at + 4, header.minorVersion)
  view.setUint8(at + 5, compressions.indexOf(header.compression))
  view.setUint16(at + 6, 0, true)
  view.setBigUint64(at + 8, BigInt(header.sizeBytes), true)
}

/** A copy of the members with a header before them, uncompressed. */
export function sealObject(members: Uint8Array, minorVersion = ownMinorVersion): Uint8Array {
  const whole = new Uint8Array(headerBytes + members.length)
  whole.set(members, headerBytes)
  writeHeader(whole, 0, { compression: 'none', sizeBytes: whole.length, minorVersion })
  return whole
}

/** Compresses an uncompressed object whose inner headers have the wished version already. */
export function packObject(object: Uint8Array, { minorVersion, compress }: Packing): Uint8Array {
  const { compression, bytes } = compress(object.subarray(headerBytes))
  const packed = new Uint8Array(headerBytes + bytes.length)
  packed.set(bytes, headerBytes)
  writeHeader(packed, 0, { compression, sizeBytes: packed.length, minorVersion })
  return packed
}
