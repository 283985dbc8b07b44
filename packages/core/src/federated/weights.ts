// The weights of a model as hospitals exchange them: named by position, like Flower's list of arrays.
import { AppError } from '../errors/index.ts'

/** Element types that models use, as NumPy names them. */
export type ArrayType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool'

/** The typed array of an element type. */
export type ArrayData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array

/** One dense array, row-major. */
export interface WeightArray {
  readonly type: ArrayType
  readonly shape: readonly number[]
  readonly data: ArrayData
}

/** All arrays of a model, in the model's own order. */
export type Weights = readonly WeightArray[]

/** Number of elements of a shape; 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** A typed array of zeros. */
export function emptyData(type: ArrayType, length: number): ArrayData {
  switch (type) {
    case 'float32':
      return new Float32Array(length)
    case 'float64':
      return new Float64Array(length)
    case 'int32':
      return new Int32Array(length)
    case 'int64':
      return new BigInt64Array(length)
    case 'uint8':
    case 'bool':
      return new Uint8Array(length)
    default:
      return type satisfies never
  }
}

/** The elements as 64-bit floats; whole numbers above 2^53 lose their last digits. */
export function asFloat64(array: WeightArray): Float64Array {
  const { data } = array
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data)
}

/** The array of the given type and shape with these values; whole-number types are rounded. */
export function fromFloat64(values: Float64Array, like: Pick<WeightArray, 'type' | 'shape'>): WeightArray {
  const { type, shape } = like
  const data = emptyData(type, values.length)
  const isWhole = type !== 'float32' && type !== 'float64'
  if (data instanceof BigInt64Array) {
    values.forEach((value, index) => {
      data[index] = BigInt(Math.round(value))
    })
  } else data.set(isWhole ? values.map(Math.round) : values)
  return { type, shape, data }
}

function firstNonFinite(array: WeightArray): number {
  const { data } = array
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return -1
  for (let index = 0; index < data.length; index++) if (!Number.isFinite(data[index])) return index
  return -1
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`

/**
 * Checks that a site's weights can be averaged with the global ones.
 * @throws AppError 'unprocessable' that names the first array which differs in number, type or shape, or is not finite
 */
export function checkUpdate(update: Weights, global: Weights): void {
  if (update.length !== global.length) {
    throw new AppError('unprocessable', `The model has ${global.length} arrays, ${update.length} were returned`)
  }
  for (const [index, array] of update.entries()) {
    const wanted = global[index]
    if (wanted === undefined) return
    const isSame =
      array.type === wanted.type &&
      array.shape.length === wanted.shape.length &&
      array.shape.every((size, axis) => size === wanted.shape[axis])
    if (!isSame) {
      const wants = `${wanted.type} ${shapeText(wanted.shape)}`
      throw new AppError(
        'unprocessable',
        `Array ${index} is ${array.type} ${shapeText(array.shape)}, the model has ${wants}`,
      )
    }
    const bad = firstNonFinite(array)
    if (bad !== -1) throw new AppError('unprocessable', `Array ${index} is not finite at element ${bad}`)
  }
}
