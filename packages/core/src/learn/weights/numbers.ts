// Typed arrays from and to the little-endian bytes of files.
import type { Datatype, TensorData } from '../tensor.ts'

type Reader = (buffer: ArrayBuffer) => TensorData

const readers: Readonly<Record<Datatype, Reader>> = {
  FP16: (buffer) => new Uint16Array(buffer),
  FP32: (buffer) => new Float32Array(buffer),
  FP64: (buffer) => new Float64Array(buffer),
  INT8: (buffer) => new Int8Array(buffer),
  INT16: (buffer) => new Int16Array(buffer),
  INT32: (buffer) => new Int32Array(buffer),
  INT64: (buffer) => new BigInt64Array(buffer),
  UINT8: (buffer) => new Uint8Array(buffer),
  UINT16: (buffer) => new Uint16Array(buffer),
  UINT32: (buffer) => new Uint32Array(buffer),
  UINT64: (buffer) => new BigUint64Array(buffer),
  BOOL: (buffer) => new Uint8Array(buffer),
}

/** Bytes of one element. */
export function itemSize(datatype: Datatype): number {
  return readers[datatype](new ArrayBuffer(0)).BYTES_PER_ELEMENT
}

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
export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** Copies bytes into an array of their type, so that alignment does not matter. */
export function arrayOf(datatype: Datatype, bytes: Uint8Array): TensorData {
  return readers[datatype](new Uint8Array(bytes).buffer) // `slice` of a Node Buffer would be a view of its pool
}
