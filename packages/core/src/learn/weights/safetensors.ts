// Hugging Face's safetensors files (https://github.com/huggingface/safetensors#format): a JSON header, then raw tensors.
import type { Datatype, NamedTensors, Tensor } from '../tensor.ts'
import { arrayOf, bytesOf, checkedCount, itemSize } from './numbers.ts'

const names: Readonly<Record<Datatype, string>> = {
  FP32: 'F32',
  FP64: 'F64',
  INT32: 'I32',
  INT64: 'I64',
  UINT8: 'U8',
  BOOL: 'BOOL',
  FP16: 'F16',
  INT8: 'I8',
  INT16: 'I16',
  UINT16: 'U16',
  UINT32: 'U32',
  UINT64: 'U64',
}
const maxHeaderBytes = 100_000_000 // the limit of the reference reader

/** Writes tensors in their order; `metadata` is free text by key. */
export function writeSafetensors(tensors: NamedTensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  let offset = 0
  const entries = Object.entries(tensors).map(([name, { datatype, shape, data }]) => {
    offset += data.byteLength
    return [name, { dtype: names[datatype], shape, data_offsets: [offset - data.byteLength, offset] }] as const
  })
  const own = Object.keys(metadata).length === 0 ? [] : [['__metadata__', metadata] as const]
  const json = JSON.stringify(Object.fromEntries([...own, ...entries]))
  const header = new TextEncoder().encode(json)
  const padded = Math.ceil(header.length / 8) * 8
  const file = new Uint8Array(8 + padded + offset)
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true)
  file.fill(0x20, 8, 8 + padded)
  file.set(header, 8)
  let place = 8 + padded
  for (const { data } of Object.values(tensors)) {
    file.set(bytesOf(data), place)
    place += data.byteLength
  }
  return file
}

interface Entry {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= 32 && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function parseEntry(name: string, value: unknown): Entry {
  if (typeof value !== 'object' || value === null) throw new RangeError(`safetensors: ${name} is no tensor`)
  const { dtype, shape, data_offsets: offsets } = value as { readonly [key: string]: unknown }
  const datatype = (Object.keys(names) as Datatype[]).find((type) => names[type] === dtype)
  if (!datatype) throw new RangeError(`safetensors: ${name} has a type that is not read`)
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw new RangeError(`safetensors: shape or place of ${name} is not understood`)
  }
  const [start = 0, end = 0] = offsets
  if (end - start !== checkedCount(shape, 'safetensors') * itemSize(datatype)) {
    throw new RangeError(`safetensors: ${name} does not fill its shape`)
  }
  return { name, datatype, shape, start, end }
}

function readHeader(file: Uint8Array): {
  readonly header: Readonly<Record<string, unknown>>
  readonly content: Uint8Array
} {
  if (file.length < 8) throw new RangeError('safetensors: the file is cut off')
  const length = new DataView(file.buffer, file.byteOffset, file.byteLength).getBigUint64(0, true)
  if (length > BigInt(Math.min(maxHeaderBytes, file.length - 8)))
    throw new RangeError('safetensors: the header is cut off or too long')
  const end = 8 + Number(length)
  return { header: parseJson(new TextDecoder().decode(file.subarray(8, end))), content: file.subarray(end) }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>
  } catch (error) {
    throw new RangeError('safetensors: the header is no JSON', { cause: error })
  }
  throw new RangeError('safetensors: the header is no JSON object')
}

/** Reads tensors in the order of the header; throws a RangeError where places overlap, leave holes or are cut off. */
export function readSafetensors(file: Uint8Array): NamedTensors {
  const { header, content } = readHeader(file)
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value))
  let filled = 0
  for (const { name, start, end } of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== filled) throw new RangeError(`safetensors: ${name} overlaps another tensor or leaves a hole`)
    filled = end
  }
  if (filled !== content.length)
    throw new RangeError(`safetensors: ${content.length} bytes are not the ${filled} announced`)
  const tensors = entries.map(({ name, datatype, shape, start, end }): [string, Tensor] => [
    name,
    { datatype, shape, data: arrayOf(datatype, content.subarray(start, end)) },
  ])
  return Object.fromEntries(tensors)
}
