// Vectors between plain numbers, ciphertexts and TenSEAL's bytes; with checks before anything foreign is loaded.
import { AppError } from '../errors/index.ts'
import type { VectorFacts } from './program.ts'
import { headerBytes, type Inflate, openObject, type Packing, packObject } from './seal-bytes.ts'
import { checkCiphertext, ciphertextBytes } from './seal-ciphertext.ts'
import type { SealCiphertext, Stored } from './seal-module.ts'
import { type CkksParameters, slotsOf } from './seal-parameters.ts'
import { load, type SealSession, using, withSeal } from './session.ts'
import { readTensealVector, writeTensealVector } from './tenseal.ts'

/** A vector from outside, checked; its bytes are a SEAL object that SEAL 4.1 loads. */
export interface CheckedVector extends VectorFacts {
  /** The scale it was encrypted at. */
  readonly initialScale: number
  readonly bytes: Uint8Array
}

const seedBytes = 256

/**
 * Checks a TenSEAL vector without loading it: one ciphertext, header, size, parameters, no compression bomb.
 * @throws AppError 'unprocessable'
 */
export function checkVector(bytes: Uint8Array, parameters: CkksParameters, inflate: Inflate): CheckedVector {
  const { sizes, ciphertexts, scale } = readTensealVector(bytes)
  const [size] = sizes
  const [ciphertext] = ciphertexts
  if (size === undefined || ciphertext === undefined || ciphertexts.length > 1) {
    throw new AppError(
      'unprocessable',
      `The vector has ${ciphertexts.length} ciphertexts; send parts of at most ${slotsOf(parameters)} values, one ciphertext each`,
    )
  }
  if (size < 1 || size > slotsOf(parameters)) {
    throw new AppError('unprocessable', `A vector holds 1 to ${slotsOf(parameters)} values, not ${size}`)
  }
  const most = ciphertextBytes(parameters.degree, 3, parameters.primes.length - 1) + seedBytes
  const { facts, bytes: object } = checkCiphertext(openObject(ciphertext, inflate, most), parameters)
  if (facts.components !== 2) {
    throw new AppError('unprocessable', 'The vector was multiplied but not relinearised: relinearise it before sending')
  }
  return { size, primesLeft: facts.primesLeft, scale: facts.scale, initialScale: scale, bytes: object }
}

/** Loads a checked vector; the ciphertext is the caller's to delete. @throws AppError 'unprocessable' */
export function loadVector(session: SealSession, vector: CheckedVector): SealCiphertext {
  const ciphertext = load('SEAL refuses the ciphertext', new session.seal.Ciphertext(), session, vector.bytes)
  if (!ciphertext.isTransparent()) return ciphertext
  ciphertext.delete()
  throw new AppError('unprocessable', 'The ciphertext is transparent: everybody can read it, so nothing was encrypted')
}

/** Writes a ciphertext as a TenSEAL vector. */
export function saveVector(
  session: SealSession,
  ciphertext: SealCiphertext,
  { size, packing }: { readonly size: number; readonly packing: Packing },
): Uint8Array {
  // node-seal answers with a fresh Uint8Array
  const saved = ciphertext.saveToArray(session.seal.ComprModeType.none) as Uint8Array
  const { bytes } = checkCiphertext(saved.subarray(headerBytes), session.parameters, packing.minorVersion)
  return writeTensealVector({ sizes: [size], ciphertexts: [packObject(bytes, packing)], scale: ciphertext.scale() })
}

/** What is encrypted, and for whom it is written. */
export interface EncryptWish {
  readonly values: readonly number[]
  readonly scale: number
  readonly packing: Packing
}

/**
 * Encrypts numbers with a public key into a TenSEAL vector.
 * @throws AppError 'unprocessable' for none or too many values, or values too large for the scale
 */
export function encryptVector(
  session: SealSession,
  publicKey: Stored,
  { values, scale, packing }: EncryptWish,
): Uint8Array {
  const slots = slotsOf(session.parameters)
  if (values.length < 1 || values.length > slots) {
    throw new AppError('unprocessable', `A vector holds 1 to ${slots} values, not ${values.length}`)
  }
  if (values.some((value) => !Number.isFinite(value))) {
    throw new AppError('unprocessable', 'Only finite numbers can be encrypted')
  }
  return withSeal('The values cannot be encrypted', () =>
    using(new session.seal.Encryptor(session.context, publicKey), (encryptor) =>
      using(new session.seal.Plaintext(), (plain) =>
        using(new session.seal.Ciphertext(), (ciphertext) => {
          const filled = new Float64Array(slots).map((_zero, slot) => values[slot % values.length] ?? 0)
          session.encoder.encode(filled, scale, plain)
          encryptor.encrypt(plain, ciphertext)
          return saveVector(session, ciphertext, { size: values.length, packing })
        }),
      ),
    ),
  )
}

/** Decrypts a vector; only the key owner's own programs call this. @throws AppError 'unprocessable' */
export function decryptVector(session: SealSession, secretKey: Stored, vector: CheckedVector): readonly number[] {
  return withSeal('The vector cannot be decrypted', () =>
    using(loadVector(session, vector), (ciphertext) =>
      using(new session.seal.Decryptor(session.context, secretKey), (decryptor) =>
        using(new session.seal.Plaintext(), (plain) => {
          decryptor.decrypt(ciphertext, plain)
          const decoded = session.encoder.decodeFloat64(plain) as Float64Array // node-seal's own array
          return Array.from(decoded.subarray(0, vector.size))
        }),
      ),
    ),
  )
}
