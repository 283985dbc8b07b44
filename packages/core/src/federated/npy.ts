// NumPy's .npy files (format 1.0 to 3.0), as Flower carries weights; written byte for byte as numpy.save does.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { AppError } from '../errors/index.ts'
import { type ArrayData, type ArrayType, elementCount, emptyData, type WeightArray } from './weights.ts'

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] // \x93NUMPY
const alignment = 64
const growthDigits = 21 // NumPy leaves room for the first axis to grow in place
const maxHeaderBytes = 65_536
const maxAxes = 32

const descriptions: Readonly<Record<ArrayType, string>> = {
  float32: '<f4',
  float64: '<f8',
  int32: '<i4',
  int64: '<i8',
  uint8: '|u1',
  bool: '|b1',
}
const types = new Map(Object.entries(descriptions).map(([type, description]) => [description, type as ArrayType]))

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function refuse(reason: string): never {
  throw new AppError('unprocessable', `Not a .npy array that can be used: ${reason}`)
}

const bytesOf = (data: ArrayData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

// Elements that lie in the file in the other byte order than in this machine.
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  if (isLittleEndian || size === 1) return bytes
  const copy = Uint8Array.from(bytes)
  for (let start = 0; start < copy.length; start += size) copy.subarray(start, start + size).reverse()
  return copy
}

/** Writes one array as a .npy file. */
export function encodeNpy(array: WeightArray): Uint8Array {
  const { type, shape, data } = array
  const [first] = shape
  const tuple = shape.length === 1 ? `(${first},)` : `(${shape.join(', ')})`
  const growth = first === undefined ? '' : ' '.repeat(Math.max(0, growthDigits - String(first).length))
  const dictionary = `{'descr': '${descriptions[type]}', 'fortran_order': False, 'shape': ${tuple}, }${growth}`
  const prefix = magic.length + 4
  const padding = (alignment - ((prefix + dictionary.length + 1) % alignment)) % alignment
  const header = new TextEncoder().encode(`${dictionary}${' '.repeat(padding)}\n`)
  const file = new Uint8Array(prefix + header.length + data.byteLength)
  file.set([...magic, 1, 0, header.length & 0xff, header.length >> 8])
  file.set(header, prefix)
  file.set(swapped(bytesOf(data), data.BYTES_PER_ELEMENT), prefix + header.length)
  return file
}

interface Header {
  readonly type: ArrayType
  readonly shape: readonly number[]
  readonly isFortran: boolean
  readonly dataStart: number
}

function headerText(file: Uint8Array): { readonly text: string; readonly dataStart: number } {
  if (file.length < 10 || magic.some((byte, index) => file[index] !== byte)) refuse('it does not begin with \\x93NUMPY')
  const major = file[6] ?? 0
  if (major < 1 || major > 3) refuse(`format ${major} is not known`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const isLong = major > 1
  if (isLong && file.length < 12) refuse('it is cut off')
  const length = isLong ? view.getUint32(8, true) : view.getUint16(8, true)
  const start = isLong ? 12 : 10
  if (length > maxHeaderBytes || start + length > file.length) refuse('its header is cut off or too long')
  const text = new TextDecoder('utf-8').decode(file.subarray(start, start + length))
  return { text, dataStart: start + length }
}

function readHeader(file: Uint8Array): Header {
  const { text, dataStart } = headerText(file)
  const description = /['"]descr['"]\s*:\s*['"]([^'"]{1,20})['"]/.exec(text)?.[1] ?? refuse('it has no plain descr')
  const type = types.get(description.replace(/^=/, '<')) ?? refuse(`elements of type ${description} are not taken`)
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1] ?? refuse('it has no fortran_order')
  const inside = /['"]shape['"]\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1] ?? refuse('it has no shape')
  const shape = inside
    .split(',')
    .map((part) => part.replace('L', '').trim())
    .filter((part) => part !== '')
    .map(Number)
  if (shape.length > maxAxes || !shape.every(Number.isSafeInteger)) refuse('its shape is not one')
  return { type, shape, isFortran: order === 'True', dataStart }
}

// Column-major elements in row-major order.
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

/**
 * Reads one .npy file; every size is checked against the bytes before memory is taken.
 * @throws AppError 'unprocessable' for anything else than a whole file of numbers (objects and pickles are never read)
 */
export function decodeNpy(file: Uint8Array): WeightArray {
  const { type, shape, isFortran, dataStart } = readHeader(file)
  const body = file.subarray(dataStart)
  const size = emptyData(type, 0).BYTES_PER_ELEMENT
  const count = elementCount(shape)
  if (count * size !== body.length) refuse(`its shape wants ${count * size} bytes, ${body.length} are there`)
  const data = emptyData(type, count)
  bytesOf(data).set(swapped(body, size))
  return { type, shape, data: isFortran && shape.length > 1 ? transposed(data, shape, type) : data }
}
