// Bytes of TenSEAL and SEAL: what is written is read again, and what is not theirs is refused before anything is loaded.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { inflateSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { initialize } from 'node-seal'
import { AppError } from '../errors/index.ts'
import {
  type CheckedContext,
  checkChoice,
  checkContext,
  checkVector,
  encryptVector,
  type Inflate,
  loadPublicKey,
  makeKeys,
  openSession,
  publicPartOf,
  readTensealContext,
  readTensealVector,
  type SealModule,
  type TensealContext,
  writeTensealContext,
  writeTensealVector,
} from './index.ts'
import { readFields, writeFields } from './protobuf.ts'
import { openObject } from './seal-bytes.ts'

const inflate: Inflate = (compression, bytes, maxBytes) =>
  (compression === 'zstd' ? zstdDecompressSync : inflateSync)(bytes, { maxOutputLength: maxBytes })
const limits = { maxDegree: 8192, maxKeyBytes: 2 ** 26 }
const small = { degree: 4096, primeBits: [40, 25, 40], scaleBits: 25 }

let context: TensealContext
let checked: CheckedContext
let vector: Uint8Array

before(async () => {
  const seal = (await initialize()) as unknown as SealModule
  const packing = {
    minorVersion: 3,
    compress: (bytes: Uint8Array) => ({ compression: 'zstd', bytes: zstdCompressSync(bytes) }) as const,
  }
  context = makeKeys(seal, { choice: small, rotations: [1, 5, 2047], packing })
  checked = checkContext(context, inflate, limits)
  const session = openSession(seal, checked.parameters)
  const key = loadPublicKey(session, checked)
  vector = encryptVector(session, key, { values: [1, 2, 3], scale: 2 ** 25, packing })
  key.delete()
  session.close()
})

const isRefusal = (error: unknown): boolean => error instanceof AppError && error.code === 'unprocessable'

test('reads a context and a vector as they were written', () => {
  const again = readTensealContext(writeTensealContext(context))
  assert.deepEqual(again, context)
  assert.equal(readTensealContext(writeTensealContext(publicPartOf(context))).secretKey, undefined)
  assert.deepEqual(writeTensealVector(readTensealVector(vector)), vector)
  assert.deepEqual([checked.degree, checked.primes.length, checked.hasRelinKeys], [4096, 3, true])
  assert.deepEqual(checked.rotations, [1, 5, 2047])
  const { size, primesLeft, scale } = checkVector(vector, checked.parameters, inflate)
  assert.deepEqual([size, primesLeft, scale], [3, 2, 2 ** 25])
})

test('wire fields of any values come back', () => {
  const field = fc.integer({ min: 1, max: 500 })
  const plain = { noNullPrototype: true }
  const anyField = fc.oneof(
    fc.record({ field, kind: fc.constant('varint' as const), value: fc.maxSafeNat() }, plain),
    fc.record({ field, kind: fc.constant('double' as const), value: fc.double({ noNaN: true }) }, plain),
    fc.record({ field, kind: fc.constant('bytes' as const), value: fc.uint8Array() }, plain),
  )
  fc.assert(fc.property(fc.array(anyField), (fields) => assert.deepEqual(readFields(writeFields(fields)), fields)))
})

test('any bytes are a refusal or a message, never anything else', () => {
  const attempt = (work: () => unknown): void => {
    try {
      work()
    } catch (error) {
      assert.ok(isRefusal(error), String(error))
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      attempt(() => checkContext(readTensealContext(bytes), inflate, limits))
      attempt(() => checkVector(bytes, checked.parameters, inflate))
    }),
  )
  const ciphertext = Uint8Array.from(readTensealVector(vector).ciphertexts[0] ?? [])
  const places = fc.array(fc.tuple(fc.nat(ciphertext.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
  const flips = fc.property(places, (changes) => {
    const changed = Uint8Array.from(ciphertext)
    for (const [at, value] of changes) changed[at] = value
    attempt(() =>
      checkVector(writeTensealVector({ sizes: [3], ciphertexts: [changed], scale: 1 }), checked.parameters, inflate),
    )
  })
  fc.assert(flips, { numRuns: 60 })
})

test('a compression bomb ends at the size that its parameters allow', () => {
  const bomb = zstdCompressSync(new Uint8Array(2 ** 26))
  const whole = Uint8Array.from([...Array.from(readTensealVector(vector).ciphertexts[0] ?? []).slice(0, 16), ...bomb])
  new DataView(whole.buffer).setBigUint64(8, BigInt(whole.length), true)
  assert.throws(() => openObject(whole, inflate, 2 ** 20), isRefusal)
  const bytes = writeTensealVector({ sizes: [1], ciphertexts: [whole], scale: 2 ** 25 })
  assert.throws(() => checkVector(bytes, checked.parameters, inflate), /cannot be uncompressed into at most/)
})

test('holds parameters to 128 bits of security, and to what SEAL can do', () => {
  const refused = (degree: number, primeBits: readonly number[], pattern: RegExp, scaleBits = 20): void =>
    assert.throws(() => checkChoice({ degree, primeBits, scaleBits }), pattern)
  checkChoice({ degree: 8192, primeBits: [60, 40, 40, 60], scaleBits: 40 })
  checkChoice({ degree: 8192, primeBits: [60, 49, 49, 60], scaleBits: 40 }) // 218 bits, the most
  refused(8192, [60, 50, 49, 60], /219 bits at degree 8192 is below 128 bits .* at most 218/)
  refused(4096, [40, 40, 40], /at most 109/)
  refused(5000, [40, 40], /degree 5000 is none of/)
  refused(8192, [60], /2 to 24 primes/)
  refused(8192, [61, 40, 60], /20 to 60 bits/)
  refused(8192, [30, 30], /does not fit into the 30 bits/, 30)
})

test('a context above the limits of its reader is refused', () => {
  assert.throws(() => checkContext(context, inflate, { ...limits, maxDegree: 2048 }), /above the 2048/)
  assert.throws(() => checkContext(context, inflate, { ...limits, maxKeyBytes: 100_000 }), isRefusal)
})
