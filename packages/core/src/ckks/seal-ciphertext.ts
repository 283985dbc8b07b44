// Ciphertexts of SEAL, measured against the parameters before SEAL loads them, and written anew in one version (pure).
// Layout: Microsoft SEAL 4.1, native/src/seal/ciphertext.cpp (save_members), dynarray.h, randomgen.h.
import { AppError } from '../errors/index.ts'
import {
  headerBytes,
  ownMinorVersion,
  readCount,
  readHeader,
  refuseBytes,
  sealObject,
  viewOf,
  writeHeader,
} from './seal-bytes.ts'
import { bitsOf, type CkksParameters } from './seal-parameters.ts'

/** What a ciphertext says of itself. */
export interface CiphertextFacts {
  /** Polynomials: 2, or 3 after a product that was not relinearised. */
  readonly components: number
  /** Primes that are left; a fresh one has all but the special prime. */
  readonly primesLeft: number
  readonly scale: number
  /** True when the second polynomial is given by its random seed (half the size). */
  readonly isSeeded: boolean
}

/** What a ciphertext may be at most. */
export interface CiphertextLimits {
  readonly parameters: CkksParameters
  readonly maxComponents: number
  /** True for those inside keys, which have all primes and no scale. */
  readonly isKey: boolean
  /** Version that the inner headers get. */
  readonly minorVersion: number
}

/** A measured ciphertext inside other bytes. */
export interface PlacedCiphertext extends CiphertextFacts {
  /** Where it ends. */
  readonly end: number
}

const fixedBytes = 73
const seedObjectBytes = headerBytes + 1 + 64
const seedKinds = [1, 2]

/** Most bytes of the members of a ciphertext with so many polynomials and primes. */
export function ciphertextBytes(degree: number, components: number, primes: number): number {
  return fixedBytes + headerBytes + 8 + components * primes * degree * 8
}

// Rewrites the header of a list of uint64 in place; gives the end of the list.
function placeData(members: Uint8Array, at: number, words: number, minorVersion: number): number {
  const sizeBytes = headerBytes + 8 + words * 8
  const { compression, sizeBytes: named } = readHeader(members, at)
  if (compression !== 'none' || named !== sizeBytes) refuseBytes('its data has another length than its shape')
  if (readCount(members, at + headerBytes) !== words) refuseBytes('its data has another length than its shape')
  writeHeader(members, at, { compression, sizeBytes, minorVersion })
  return at + sizeBytes
}

function placeSeed(members: Uint8Array, at: number, minorVersion: number): number {
  const { compression, sizeBytes } = readHeader(members, at)
  if (compression !== 'none' || sizeBytes !== seedObjectBytes) refuseBytes('its random seed has another length')
  if (!seedKinds.includes(members[at + headerBytes] ?? 0)) refuseBytes('its random generator is unknown')
  writeHeader(members, at, { compression, sizeBytes, minorVersion })
  return at + sizeBytes
}

function checkScale(scale: number, primesLeft: number, { parameters, isKey }: CiphertextLimits): void {
  if (isKey) {
    if (scale !== 1) refuseBytes('a key has a scale')
    return
  }
  const bits = parameters.primes.slice(0, primesLeft).reduce((sum, prime) => sum + bitsOf(prime), 0)
  if (Number.isFinite(scale) && scale >= 1 && Math.log2(scale) < bits) return
  throw new AppError('unprocessable', 'The ciphertext names a scale that its primes cannot hold')
}

/**
 * Measures the members of a ciphertext and brings their inner headers to one version, in place.
 * @param members a copy that may be changed
 * @throws AppError 'unprocessable' when they do not fit the parameters
 */
export function placeCiphertext(members: Uint8Array, at: number, limits: CiphertextLimits): PlacedCiphertext {
  const { parameters, maxComponents, isKey, minorVersion } = limits
  const { degree, primes } = parameters
  if (members.length < at + fixedBytes) refuseBytes('a ciphertext ends too early')
  if (members[at + 32] !== 1) refuseBytes('a ciphertext is not in the transformed form of CKKS')
  const components = readCount(members, at + 33)
  const primesLeft = readCount(members, at + 49)
  if (components < 2 || components > maxComponents) {
    throw new AppError('unprocessable', `A ciphertext has ${components} polynomials; 2 to ${maxComponents} can be used`)
  }
  const isFit = isKey ? primesLeft === primes.length : primesLeft >= 1 && primesLeft < primes.length
  if (readCount(members, at + 41) !== degree || !isFit) {
    throw new AppError('unprocessable', 'The ciphertext was made with other parameters than those of its context')
  }
  const scale = viewOf(members).getFloat64(at + 57, true)
  checkScale(scale, primesLeft, limits)
  if (readCount(members, at + 65) !== 1) refuseBytes('a CKKS ciphertext has a correction factor')
  const words = primesLeft * degree
  const dataAt = at + fixedBytes
  const isSeeded = readCount(members, dataAt + headerBytes) === words && components === 2
  const dataEnd = placeData(members, dataAt, isSeeded ? words : components * words, minorVersion)
  const end = isSeeded ? placeSeed(members, dataEnd, minorVersion) : dataEnd
  return { components, primesLeft, scale, isSeeded, end }
}

/** A checked ciphertext: what it is, and bytes that one version of SEAL loads. */
export interface CheckedCiphertext {
  readonly facts: CiphertextFacts
  /** An uncompressed SEAL object. */
  readonly bytes: Uint8Array
}

/**
 * Checks the members of a vector's ciphertext and writes it anew.
 * @throws AppError 'unprocessable'
 */
export function checkCiphertext(
  members: Uint8Array,
  parameters: CkksParameters,
  minorVersion = ownMinorVersion,
): CheckedCiphertext {
  const bytes = sealObject(members, minorVersion)
  const own = bytes.subarray(headerBytes)
  const { end, ...facts } = placeCiphertext(own, 0, { parameters, maxComponents: 3, isKey: false, minorVersion })
  if (end !== own.length) refuseBytes('a ciphertext goes on after its end')
  return { facts, bytes }
}
