// Keys of SEAL, measured before SEAL loads them and written anew in one version: public, evaluation and secret keys (pure).
// Layout: Microsoft SEAL 4.1, native/src/seal/{publickey,kswitchkeys,plaintext}.cpp; Galois elements: util/galois.cpp.
import { AppError } from '../errors/index.ts'
import {
  headerBytes,
  ownMinorVersion,
  readCount,
  readHeader,
  refuseBytes,
  sealObject,
  writeHeader,
} from './seal-bytes.ts'
import { type CiphertextLimits, ciphertextBytes, placeCiphertext } from './seal-ciphertext.ts'
import { type CkksParameters, slotsOf } from './seal-parameters.ts'

/** A checked public key, an uncompressed SEAL object. */
export interface CheckedPublicKey {
  readonly bytes: Uint8Array
}

/** Checked keys for relinearisation or rotation. */
export interface CheckedSwitchingKeys {
  /** Places that hold a key: powers of the secret, or (Galois element - 1) / 2. */
  readonly places: readonly number[]
  readonly bytes: Uint8Array
}

const idBytes = 32
// SEAL rotates by powers of this generator (util/galois.cpp).
const generator = 3
const secretFixedBytes = idBytes + 16

/** Most bytes of the members of a public key. */
export function publicKeyBytes({ degree, primes }: CkksParameters): number {
  return ciphertextBytes(degree, 2, primes.length)
}

/** Bytes of one switching key, uncompressed. */
export function switchingKeyBytes(parameters: CkksParameters): number {
  const { primes } = parameters
  return 8 + (primes.length - 1) * (headerBytes + publicKeyBytes(parameters))
}

/** Most bytes of the members of switching keys with so many keys. */
export function switchingKeysBytes(parameters: CkksParameters, keys: number): number {
  return idBytes + 8 + parameters.degree * 8 + keys * switchingKeyBytes(parameters)
}

/** Checks the members of a public key. @throws AppError 'unprocessable' */
export function checkPublicKey(
  members: Uint8Array,
  parameters: CkksParameters,
  minorVersion = ownMinorVersion,
): CheckedPublicKey {
  const bytes = sealObject(members, minorVersion)
  const own = bytes.subarray(headerBytes)
  const { end } = placeCiphertext(own, 0, { parameters, maxComponents: 2, isKey: true, minorVersion })
  if (end !== own.length) refuseBytes('a public key goes on after its end')
  return { bytes }
}

function placeKey(own: Uint8Array, at: number, limits: CiphertextLimits): number {
  const { compression, sizeBytes } = readHeader(own, at)
  if (compression !== 'none') refuseBytes('a part of a key is compressed')
  const { end } = placeCiphertext(own.subarray(0, at + sizeBytes), at + headerBytes, limits)
  if (end !== at + sizeBytes) refuseBytes('a part of a key has another length')
  writeHeader(own, at, { compression, sizeBytes, minorVersion: limits.minorVersion })
  return end
}

/**
 * Checks the members of relinearisation or Galois keys.
 * @throws AppError 'unprocessable'
 */
export function checkSwitchingKeys(
  members: Uint8Array,
  parameters: CkksParameters,
  minorVersion = ownMinorVersion,
): CheckedSwitchingKeys {
  const bytes = sealObject(members, minorVersion)
  const limits = { parameters, maxComponents: 2, isKey: true, minorVersion }
  const own = bytes.subarray(headerBytes)
  const parts = parameters.primes.length - 1
  const count = readCount(own, idBytes)
  if (count > parameters.degree) refuseBytes('it names more keys than there can be')
  const places: number[] = []
  let at = idBytes + 8
  for (let place = 0; place < count; place += 1) {
    const found = readCount(own, at)
    at += 8
    if (found === 0) continue
    if (found !== parts) refuseBytes('a key has another number of parts than the parameters')
    for (let part = 0; part < parts; part += 1) at = placeKey(own, at, limits)
    places.push(place)
  }
  if (at !== own.length) refuseBytes('the keys go on after their end')
  return { places, bytes }
}

/**
 * Checks the members of a secret key; only the key owner's own programs read one.
 * @throws AppError 'unprocessable'
 */
export function checkSecretKey(
  members: Uint8Array,
  parameters: CkksParameters,
  minorVersion = ownMinorVersion,
): CheckedPublicKey {
  const bytes = sealObject(members, minorVersion)
  const own = bytes.subarray(headerBytes)
  const words = parameters.degree * parameters.primes.length
  const sizeBytes = headerBytes + 8 + words * 8
  const { compression, sizeBytes: named } = readHeader(own, secretFixedBytes)
  const isFit = compression === 'none' && named === sizeBytes && own.length === secretFixedBytes + sizeBytes
  if (!isFit || readCount(own, secretFixedBytes + headerBytes) !== words) {
    throw new AppError('unprocessable', 'The secret key was made with other parameters than those of its context')
  }
  writeHeader(own, secretFixedBytes, { compression, sizeBytes, minorVersion })
  return { bytes }
}

/** The rotations (steps to the left, 1 to N/2 - 1) that Galois keys at the given places make in one go. */
export function rotationsOf(places: readonly number[], parameters: CkksParameters): readonly number[] {
  const { degree } = parameters
  const wanted = new Set(places.map((place) => 2 * place + 1))
  const steps: number[] = []
  let element = generator
  for (let step = 1; step < slotsOf(parameters); step += 1) {
    if (wanted.has(element)) steps.push(step)
    element = (element * generator) % (2 * degree)
  }
  return steps
}
