// Typed arrays from and to the little-endian bytes of files.
import type { Datatype, Tensor } from '../tensor.ts'

/** Bytes of one element. */
export const itemSize: Readonly<Record<Datatype, number>> = { FP32: 4, FP64: 8, INT32: 4, INT64: 8, UINT8: 1, BOOL: 1 }

/** Most elements that a tensor from outside may have: 2³⁰. */
export const maxElements = 2 ** 30

/** The number of elements of a shape from outside; throws a RangeError when it is beyond the limit. */
export function checkedCount(shape: readonly number[], format: string): number {
  const count = shape.reduce((product, size) => product * size, 1)
  if (!(count <= maxElements))
    throw new RangeError(`${format}: [${shape.join(', ')}] is larger than the limit of ${maxElements}`)
  return count
}

/** A view of the bytes of a typed array. */
export function bytesOf(data: Tensor['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** Copies bytes into an array of their type, so that alignment does not matter. */
export function arrayOf(datatype: Datatype, bytes: Uint8Array): Tensor['data'] {
  const { buffer } = new Uint8Array(bytes) // `slice` of a Node Buffer would be a view of its pool
  switch (datatype) {
    case 'FP32':
      return new Float32Array(buffer)
    case 'FP64':
      return new Float64Array(buffer)
    case 'INT32':
      return new Int32Array(buffer)
    case 'INT64':
      return new BigInt64Array(buffer)
    case 'UINT8':
    case 'BOOL':
      return new Uint8Array(buffer)
    default:
      return datatype satisfies never
  }
}
