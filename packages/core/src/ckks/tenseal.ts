// TenSEAL's messages: a context (parameters, keys, scale) and a CKKS vector, each around bytes of Microsoft SEAL (pure).
// Field numbers: OpenMined/TenSEAL, tenseal/proto/*.proto, as its release 0.3.18 writes them.
import { AppError } from '../errors/index.ts'
import { readFields, readPacked, type WireField, writeFields, writePacked } from './protobuf.ts'

/** What a TenSEAL context holds; each key is a SEAL object with its header. */
export interface TensealContext {
  readonly encryptionParameters: Uint8Array
  readonly publicKey: Uint8Array | undefined
  readonly relinKeys: Uint8Array | undefined
  readonly galoisKeys: Uint8Array | undefined
  /** Present only in the key owner's own file; a server refuses a context that carries one. */
  readonly secretKey: Uint8Array | undefined
  /** Scale of fresh vectors; undefined when the context was written before one was set. */
  readonly globalScale: number | undefined
  /** 1 relinearise, 2 rescale, 4 switch the modulus by itself. */
  readonly autoFlags: number
  readonly isSymmetric: boolean
}

/** A CKKS vector of TenSEAL: values in the slots of one or more ciphertexts. */
export interface TensealVector {
  /** Number of values in each ciphertext. */
  readonly sizes: readonly number[]
  /** SEAL ciphertexts with their headers. */
  readonly ciphertexts: readonly Uint8Array[]
  /** The scale the vector was encrypted at; each ciphertext names the one it has now. */
  readonly scale: number
}

const allFlags = 7

function bytesOf(fields: readonly WireField[], field: number): Uint8Array | undefined {
  const found = fields.findLast((one) => one.field === field)
  if (found === undefined) return undefined
  if (found.kind === 'bytes') return found.value.length === 0 ? undefined : found.value
  throw new AppError('unprocessable', `The bytes are not a TenSEAL message: field ${field} does not hold bytes`)
}

function numberOf(fields: readonly WireField[], field: number): number | undefined {
  const found = fields.findLast((one) => one.field === field)
  if (found === undefined) return undefined
  if (found.kind !== 'bytes') return found.value
  throw new AppError('unprocessable', `The bytes are not a TenSEAL message: field ${field} does not hold a number`)
}

/**
 * Reads a context as `context.serialize()` of TenSEAL writes it. The keys are views on the given bytes, not yet looked into.
 * @throws AppError 'unprocessable'
 */
export function readTensealContext(bytes: Uint8Array): TensealContext {
  const fields = readFields(bytes)
  const parameters = bytesOf(fields, 1)
  if (parameters === undefined) {
    throw new AppError('unprocessable', 'The bytes are not a TenSEAL context: the encryption parameters are missing')
  }
  const shared = readFields(bytesOf(fields, 2) ?? new Uint8Array())
  const own = readFields(bytesOf(fields, 3) ?? new Uint8Array())
  const scale = numberOf(shared, 3)
  return {
    encryptionParameters: parameters,
    publicKey: bytesOf(shared, 1),
    relinKeys: bytesOf(shared, 4),
    galoisKeys: bytesOf(shared, 5),
    secretKey: bytesOf(own, 1),
    globalScale: scale !== undefined && scale > 0 ? scale : undefined,
    autoFlags: numberOf(shared, 2) ?? allFlags,
    isSymmetric: (numberOf(fields, 4) ?? 0) === 1,
  }
}

function optional(field: number, value: Uint8Array | undefined): readonly WireField[] {
  return value === undefined ? [] : [{ field, kind: 'bytes', value }]
}

/** Writes a context that TenSEAL's `context_from` reads. */
export function writeTensealContext(context: TensealContext): Uint8Array {
  const shared = writeFields([
    ...optional(1, context.publicKey),
    { field: 2, kind: 'varint', value: context.autoFlags },
    { field: 3, kind: 'double', value: context.globalScale ?? -1 },
    ...optional(4, context.relinKeys),
    ...optional(5, context.galoisKeys),
  ])
  // Beside a secret key TenSEAL makes the evaluation keys itself when it is told that there were some.
  const flag = (field: number, key: Uint8Array | undefined): readonly WireField[] =>
    key === undefined ? [] : [{ field, kind: 'varint', value: 1 }]
  const own =
    context.secretKey === undefined
      ? undefined
      : writeFields([
          { field: 1, kind: 'bytes', value: context.secretKey },
          ...flag(2, context.relinKeys),
          ...flag(3, context.galoisKeys),
        ])
  return writeFields([
    { field: 1, kind: 'bytes', value: context.encryptionParameters },
    { field: 2, kind: 'bytes', value: shared },
    ...optional(3, own),
    ...(context.isSymmetric ? [{ field: 4, kind: 'varint', value: 1 } as const] : []),
  ])
}

/** The context without its secret key: what may be given to others. */
export function publicPartOf(context: TensealContext): TensealContext {
  return { ...context, secretKey: undefined }
}

/**
 * Reads a vector as `vector.serialize()` of TenSEAL writes it; the ciphertexts are views, not yet looked into.
 * @throws AppError 'unprocessable'
 */
export function readTensealVector(bytes: Uint8Array): TensealVector {
  const fields = readFields(bytes)
  const sizes = fields.flatMap((one) => {
    if (one.field !== 1) return []
    return one.kind === 'bytes' ? readPacked(one.value) : [one.value]
  })
  const ciphertexts = fields.flatMap((one) => (one.field === 2 && one.kind === 'bytes' ? [one.value] : []))
  const scale = numberOf(fields, 3)
  if (ciphertexts.length === 0 || sizes.length !== ciphertexts.length || scale === undefined) {
    throw new AppError(
      'unprocessable',
      'The bytes are not a TenSEAL CKKS vector: it needs a size for each ciphertext and a scale',
    )
  }
  return { sizes, ciphertexts, scale }
}

/** Writes a vector that TenSEAL's `ckks_vector_from` reads. */
export function writeTensealVector({ sizes, ciphertexts, scale }: TensealVector): Uint8Array {
  return writeFields([
    { field: 1, kind: 'bytes', value: writePacked(sizes) },
    ...ciphertexts.map((value) => ({ field: 2, kind: 'bytes', value }) as const),
    { field: 3, kind: 'double', value: scale },
  ])
}
