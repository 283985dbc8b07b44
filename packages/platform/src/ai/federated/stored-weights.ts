// Weights in the blobs: the list of .npy files, each behind its length (64 bits, little-endian).
import { AppError } from '@xinglin/core/errors'
import { decodeNpy, encodeNpy, type Weights } from '@xinglin/core/federated'
import type { Blobs } from '../../kernel/ports.ts'

const lengthBytes = 8

function* framed(weights: Weights): Generator<Uint8Array> {
  for (const array of weights) {
    const file = encodeNpy(array)
    const length = new Uint8Array(lengthBytes)
    new DataView(length.buffer).setBigUint64(0, BigInt(file.length), true)
    yield length
    yield file
  }
}

/** Writes weights; durable when it resolves. Writing the same key again replaces it. */
export async function putWeights(blobs: Blobs, key: string, weights: Weights): Promise<void> {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield* framed(weights)
  }
  await blobs.put(key, body())
}

/** Reads weights back. @throws AppError 'internal' when they are not there or were damaged */
export async function getWeights(blobs: Blobs, key: string): Promise<Weights> {
  const body = await blobs.get(key)
  if (body === undefined) throw new AppError('internal', `The weights ${key} are not in the blobs`)
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  const bytes = Buffer.concat(parts)
  const weights = []
  for (let start = 0; start < bytes.length; ) {
    const length = start + lengthBytes <= bytes.length ? Number(bytes.readBigUInt64LE(start)) : -1
    const end = start + lengthBytes + length
    if (length < 0 || end > bytes.length) throw new AppError('internal', `The weights ${key} are cut off`)
    weights.push(decodeNpy(bytes.subarray(start + lengthBytes, end)))
    start = end
  }
  return weights
}
