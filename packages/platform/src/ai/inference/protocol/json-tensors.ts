// Tensors as JSON: numbers in row-major order, flat or nested, checked against type and shape; and back to text (pure).
import type { Datatype, Tensor } from '../../../kernel/ports.ts'
import { elementCount, zeroTensor } from '../../../kernel/tensors.ts'
import { invalid } from './triton-error.ts'

const ranges: Readonly<Partial<Record<Datatype, readonly [number, number]>>> = {
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  UINT64: [0, Number.MAX_SAFE_INTEGER],
}
const maxRank = 16

function flatten(data: readonly unknown[], depth = 0): readonly unknown[] {
  if (!data.some(Array.isArray)) return data
  if (depth > maxRank) throw invalid('the data of an input is nested too deeply')
  return data.flatMap((one) => (Array.isArray(one) ? flatten(one, depth + 1) : [one]))
}

function numberOf(value: unknown, name: string, datatype: Datatype): number {
  if (datatype === 'BOOL') {
    if (typeof value === 'boolean') return value ? 1 : 0
    if (value === 0 || value === 1) return value
  } else if (typeof value === 'number') {
    const range = ranges[datatype]
    if (range === undefined) return value
    if (Number.isInteger(value) && value >= range[0] && value <= range[1]) return value
    throw invalid(
      `input '${name}' holds ${value}, which is no ${datatype} (larger whole numbers travel as binary data)`,
    )
  }
  throw invalid(`input '${name}' holds something that is no ${datatype}`)
}

/** Reads the `data` of an input. @throws TritonError INVALID_ARG when it does not fit type and shape */
export function tensorOfJson(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  data: readonly unknown[],
): Tensor {
  if (datatype === 'FP16') throw invalid(`input '${name}' is FP16, which must travel as binary data`)
  const flat = flatten(data)
  const count = elementCount(shape)
  if (flat.length !== count) {
    throw invalid(
      `unable to parse 'data' of input '${name}': shape [${shape.join(',')}] takes ${count} elements, not ${flat.length}`,
    )
  }
  const tensor = zeroTensor(datatype, shape)
  const { data: filled } = tensor
  for (const [at, value] of flat.entries()) {
    const number = numberOf(value, name, datatype)
    if (filled instanceof BigInt64Array || filled instanceof BigUint64Array) filled[at] = BigInt(number)
    else filled[at] = number
  }
  return tensor
}

function isFiniteThroughout(data: Float32Array | Float64Array): boolean {
  for (const value of data) if (!Number.isFinite(value)) return false
  return true
}

/** The elements as a JSON array. @throws TritonError when JSON cannot carry them */
export function jsonOfTensor(name: string, { datatype, data }: Tensor): string {
  if (datatype === 'BOOL') return `[${Array.from(data as Uint8Array, (one) => one !== 0).join(',')}]`
  if (datatype === 'FP16') throw invalid(`output '${name}' is FP16: ask for it as binary data`)
  if ((data instanceof Float32Array || data instanceof Float64Array) && !isFiniteThroughout(data)) {
    throw invalid(`output '${name}' holds values that JSON cannot carry (NaN or infinite): ask for it as binary data`)
  }
  return `[${data.join(',')}]`
}
