// Tensors as bytes and back: element sizes, little-endian views, and checks that shape and bytes agree (pure).
import { AppError } from '@xinglin/core/errors'
import type { Datatype, Tensor, TensorData } from './ports.ts'

interface Elements {
  readonly bytes: number
  readonly view: (buffer: ArrayBufferLike, at: number, count: number) => TensorData
}

// The machines that this runs on are little-endian, as the wire is; views need no swapping.
const elements: Readonly<Record<Datatype, Elements>> = {
  FP32: { bytes: 4, view: (buffer, at, count) => new Float32Array(buffer, at, count) },
  FP64: { bytes: 8, view: (buffer, at, count) => new Float64Array(buffer, at, count) },
  FP16: { bytes: 2, view: (buffer, at, count) => new Uint16Array(buffer, at, count) },
  INT8: { bytes: 1, view: (buffer, at, count) => new Int8Array(buffer, at, count) },
  INT16: { bytes: 2, view: (buffer, at, count) => new Int16Array(buffer, at, count) },
  INT32: { bytes: 4, view: (buffer, at, count) => new Int32Array(buffer, at, count) },
  INT64: { bytes: 8, view: (buffer, at, count) => new BigInt64Array(buffer, at, count) },
  UINT8: { bytes: 1, view: (buffer, at, count) => new Uint8Array(buffer, at, count) },
  UINT16: { bytes: 2, view: (buffer, at, count) => new Uint16Array(buffer, at, count) },
  UINT32: { bytes: 4, view: (buffer, at, count) => new Uint32Array(buffer, at, count) },
  UINT64: { bytes: 8, view: (buffer, at, count) => new BigUint64Array(buffer, at, count) },
  BOOL: { bytes: 1, view: (buffer, at, count) => new Uint8Array(buffer, at, count) },
}

/** Every element type. */
export const datatypes = Object.freeze(Object.keys(elements)) as readonly Datatype[]

/** Says whether a text names an element type. */
export function isDatatype(text: unknown): text is Datatype {
  return typeof text === 'string' && Object.hasOwn(elements, text)
}

/** Bytes of one element. */
export function elementBytes(datatype: Datatype): number {
  return elements[datatype].bytes
}

/** Number of elements of a shape; a scalar (empty shape) has one. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** The bytes of a tensor's elements, without a copy. */
export function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** A fresh tensor of zeros. */
export function zeroTensor(datatype: Datatype, shape: readonly number[]): Tensor {
  const count = elementCount(shape)
  return { datatype, shape, data: elements[datatype].view(new ArrayBuffer(count * elementBytes(datatype)), 0, count) }
}

/**
 * A tensor over bytes; without a copy where they are aligned.
 * @throws AppError 'unprocessable' when there are more or fewer bytes than the shape takes
 */
export function tensorOf(datatype: Datatype, shape: readonly number[], bytes: Uint8Array): Tensor {
  const { bytes: size, view } = elements[datatype]
  const count = elementCount(shape)
  if (bytes.byteLength !== count * size) {
    throw new AppError(
      'unprocessable',
      `${datatype} of shape [${shape.join(',')}] takes ${count * size} bytes, not ${bytes.byteLength}`,
    )
  }
  const isAligned = bytes.byteOffset % size === 0
  const source = isAligned ? bytes : new Uint8Array(bytes) // a Buffer would only slice a view
  return { datatype, shape, data: view(source.buffer, source.byteOffset, count) }
}
