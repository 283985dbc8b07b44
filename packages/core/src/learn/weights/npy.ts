// NumPy's .npy files (https://numpy.org/neps/nep-0001-npy-format.html), as Flower exchanges weights.
import { type Datatype, elementCount, type Tensor } from '../tensor.ts'
import { arrayOf, bytesOf, checkedCount, itemSize } from './numbers.ts'

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] // \x93NUMPY
const descriptions: Readonly<Record<string, Datatype>> = {
  '<f4': 'FP32',
  '<f8': 'FP64',
  '<i4': 'INT32',
  '<i8': 'INT64',
  '|u1': 'UINT8',
  '|b1': 'BOOL',
  '<f2': 'FP16',
  '|i1': 'INT8',
  '<i2': 'INT16',
  '<u2': 'UINT16',
  '<u4': 'UINT32',
  '<u8': 'UINT64',
}

/** Writes a tensor as a .npy file, version 1.0, C order, little endian, byte for byte as NumPy does. */
export function writeNpy({ datatype, shape, data }: Tensor): Uint8Array {
  const description = Object.entries(descriptions).find(([, type]) => type === datatype)?.[0]
  const sizes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const dictionary = `{'descr': '${description}', 'fortran_order': False, 'shape': ${sizes}, }`
  // NumPy leaves room for the first axis to grow to 21 digits, then fills up to a multiple of 64 bytes
  const header = dictionary + ' '.repeat(shape.length === 0 ? 0 : Math.max(0, 21 - String(shape[0]).length))
  const padding = 64 - ((11 + header.length) % 64)
  const text = new TextEncoder().encode(`${header}${' '.repeat(padding)}\n`)
  const content = bytesOf(data)
  const file = new Uint8Array(10 + text.length + content.length)
  file.set([...magic, 1, 0, text.length & 255, text.length >> 8])
  file.set(text, 10)
  file.set(content, 10 + text.length)
  return file
}

function headerOf(file: Uint8Array): { readonly text: string; readonly end: number } {
  if (file.length < 12 || magic.some((byte, index) => file[index] !== byte))
    throw new RangeError('npy: this is no .npy file')
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const major = view.getUint8(6)
  if (major < 1 || major > 3) throw new RangeError(`npy: version ${major} is not known`)
  const start = major === 1 ? 10 : 12
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > 65_536 || start + length > file.length) throw new RangeError('npy: the header is cut off or too long')
  return { text: new TextDecoder().decode(file.subarray(start, start + length)), end: start + length }
}

function parseShape(text: string): readonly number[] {
  const sizes = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (sizes.length > 32 || sizes.some((size) => !/^\d{1,15}$/.test(size)))
    throw new RangeError('npy: the shape is not understood')
  return sizes.map(Number)
}

/** Reads a .npy file; throws a RangeError for anything but a dense little-endian array of numbers in C order. */
export function readNpy(file: Uint8Array): Tensor {
  const { text, end } = headerOf(file)
  const description = /'descr':\s*'([^']{1,8})'/.exec(text)?.[1] ?? ''
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1]
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1]
  const datatype = Object.hasOwn(descriptions, description) ? descriptions[description] : undefined
  if (!datatype || order === undefined || sizes === undefined) {
    throw new RangeError(`npy: arrays of type ${JSON.stringify(description)} are not read`)
  }
  const shape = parseShape(sizes)
  if (order === 'True' && shape.length > 1) throw new RangeError('npy: Fortran order is not read')
  const count = checkedCount(shape, 'npy')
  if (file.length - end !== count * itemSize(datatype)) {
    throw new RangeError(`npy: ${file.length - end} bytes are not ${elementCount(shape)} values of ${datatype}`)
  }
  return { datatype, shape, data: arrayOf(datatype, file.subarray(end)) }
}
