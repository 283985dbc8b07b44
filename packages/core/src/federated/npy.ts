// Weights as the .npy files that Flower carries: core/learn's codec, with column-major arrays and refusals as the platform's errors.
import { AppError } from '../errors/index.ts'
import { readNpy, writeNpy } from '../learn/weights/npy.ts'
import { type ArrayData, type ArrayType, elementCount, emptyData, type WeightArray } from './weights.ts'

const datatypes = {
  float32: 'FP32',
  float64: 'FP64',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  bool: 'BOOL',
} as const satisfies Readonly<Record<ArrayType, string>>

const types: ReadonlyMap<string, ArrayType> = new Map(
  Object.entries(datatypes).map(([type, datatype]) => [datatype, type as ArrayType]),
)

// How NumPy says that the first axis varies fastest, and the same number of bytes that say the opposite.
const columnMajor = "'fortran_order': True, "
const rowMajor = "'fortran_order': False,"
const headBytes = 512

/** Writes one array as a .npy file, byte for byte as numpy.save does. */
export function encodeNpy({ type, shape, data }: WeightArray): Uint8Array {
  return writeNpy({ datatype: datatypes[type], shape, data })
}

// Elements that lie column by column, in row-major order.
function transposed(data: ArrayData, shape: readonly number[], type: ArrayType): ArrayData {
  const result = emptyData(type, data.length)
  const position = shape.map(() => 0)
  const strides = shape.map((_size, axis) => elementCount(shape.slice(0, axis)))
  for (let index = 0; index < data.length; index++) {
    const from = position.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0)
    result[index] = data[from] as never // both arrays have the same element type
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (position[axis] ?? 0) + 1
      position[axis] = next === shape[axis] ? 0 : next
      if (position[axis] !== 0) break
    }
  }
  return result
}

function asRowMajor(file: Uint8Array): { readonly file: Uint8Array; readonly isColumnMajor: boolean } {
  const [header = ''] = new TextDecoder('latin1').decode(file.subarray(0, headBytes)).split('\n')
  const at = header.indexOf(columnMajor)
  if (at === -1) return { file, isColumnMajor: false }
  const copy = Uint8Array.from(file)
  copy.set(new TextEncoder().encode(rowMajor), at)
  return { file: copy, isColumnMajor: true }
}

/**
 * Reads one .npy file; every size is checked against the bytes before memory is taken.
 * @throws AppError 'unprocessable' for anything else than a whole file of numbers (objects and pickles are never read)
 */
export function decodeNpy(bytes: Uint8Array): WeightArray {
  const { file, isColumnMajor } = asRowMajor(bytes)
  try {
    const { datatype, shape, data } = readNpy(file)
    const type = types.get(datatype)
    if (type === undefined) throw new RangeError(`elements of type ${datatype} are not taken`)
    return {
      type,
      shape,
      data: isColumnMajor && shape.length > 1 ? transposed(data as ArrayData, shape, type) : (data as ArrayData),
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new AppError('unprocessable', `Not a .npy array that can be used: ${cause.message}`, { cause })
  }
}
