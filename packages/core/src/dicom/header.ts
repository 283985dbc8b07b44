// Reads the header of a DICOM Part 10 file (PS3.10): everything before the pixels, which stay where they are.
import dicomParser, { type DataSet, type Element } from 'dicom-parser'
import { AppError } from '../errors/index.ts'
import { vrOf } from './dictionary.ts'
import { deflatedLittleEndian } from './transfer-syntaxes.ts'

/** Where the pixels of a file lie. */
export interface PixelDataPlace {
  readonly vr: string
  /** Of the first byte of the value, in {@link DicomHeader.bytes}. */
  readonly offset: number
  /** Undefined when the pixels are compressed fragments, or the element says no length. */
  readonly lengthBytes: number | undefined
}

/** A header that was read. */
export interface DicomHeader {
  readonly transferSyntax: string
  readonly sopClass: string
  readonly sopInstance: string
  readonly dataset: DataSet
  /** What the offsets of elements refer to: the file as given, or its inflated form. */
  readonly bytes: Uint8Array
  readonly isDeflated: boolean
  readonly pixelData: PixelDataPlace | undefined
}

/** How a header is read. */
export interface HeaderOptions {
  /** Size of the whole file, where `bytes` is only its beginning. */
  readonly totalBytes?: number
  /** Inflates raw deflate data, or as much of it as holds the header; without it deflated files are refused. */
  readonly inflate?: (deflated: Uint8Array) => Uint8Array
}

const preambleBytes = 128
const pixelDataTag = 'x7fe00010'
const uidPattern = /^[0-9.]{1,64}$/

// A Part 10 file begins with a preamble and `DICM`.
function isPart10(bytes: Uint8Array): boolean {
  return ['D', 'I', 'C', 'M'].every((letter, at) => bytes[preambleBytes + at] === letter.charCodeAt(0))
}

const isBigEndian = (dataset: DataSet): boolean => dataset.byteArrayParser === dicomParser.bigEndianByteArrayParser

/** Says whether the numbers of an element are big-endian; those of the file's own group never are. */
export function isElementBigEndian(dataset: DataSet, element: Element): boolean {
  return isBigEndian(dataset) && !element.tag.startsWith('x0002')
}

function inflated(bytes: Uint8Array, position: number, inflate: HeaderOptions['inflate']): Uint8Array {
  if (inflate === undefined) throw new AppError('unprocessable', 'Deflated files cannot be read here')
  const rest = inflate(bytes.subarray(position))
  const whole = new Uint8Array(position + rest.length)
  whole.set(bytes.subarray(0, position))
  whole.set(rest, position)
  return whole
}

// The parser throws texts, errors and objects; a nesting without end exhausts its stack. All of it means: not readable.
function parse(bytes: Uint8Array, options: HeaderOptions): DataSet {
  const { totalBytes = bytes.length, inflate } = options
  const vrCallback = (tag: string): string | undefined => vrOf(tag.slice(1).toUpperCase())
  try {
    return dicomParser.parseDicom(bytes, {
      untilTag: pixelDataTag,
      vrCallback: vrCallback as (tag: string) => void, // the type given with the parser forgets the answer
      inflater: (given: Uint8Array, position: number): Uint8Array => inflated(given, position, inflate),
    })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    if (bytes.length < totalBytes) {
      throw new AppError('too-large', `The header of the file is longer than ${bytes.length} bytes`, { cause })
    }
    throw new AppError('unprocessable', 'The file cannot be read as DICOM: its elements do not add up', { cause })
  }
}

function uid(dataset: DataSet, tag: string): string | undefined {
  const text = dataset.string(tag)?.trim()
  return text !== undefined && uidPattern.test(text) ? text : undefined
}

function pixelDataOf({ elements }: DataSet): PixelDataPlace | undefined {
  const element = elements[pixelDataTag]
  if (element === undefined) return undefined
  const lengthBytes = element.hadUndefinedLength === true ? undefined : element.length
  return { vr: element.vr ?? 'OW', offset: element.dataOffset, lengthBytes }
}

/**
 * Reads the header of a file.
 * @throws AppError 'unprocessable' when it is no readable Part 10 file or lacks its identifiers, 'too-large' when the
 * header goes beyond the bytes given
 */
export function readHeader(bytes: Uint8Array, options: HeaderOptions = {}): DicomHeader {
  if (!isPart10(bytes)) throw new AppError('unprocessable', 'The file is no DICOM Part 10 file: `DICM` is missing')
  const dataset = parse(bytes, options)
  const transferSyntax = uid(dataset, 'x00020010')
  const sopClass = uid(dataset, 'x00080016') ?? uid(dataset, 'x00020002')
  const sopInstance = uid(dataset, 'x00080018')
  if (transferSyntax === undefined) throw new AppError('unprocessable', 'The file names no transfer syntax (0002,0010)')
  if (sopClass === undefined || sopInstance === undefined) {
    throw new AppError('unprocessable', 'The file lacks its SOP Class UID (0008,0016) or SOP Instance UID (0008,0018)')
  }
  const pixelData = pixelDataOf(dataset)
  if (pixelData === undefined && (options.totalBytes ?? bytes.length) > bytes.length) {
    throw new AppError('too-large', `The header of the file is longer than ${bytes.length} bytes`)
  }
  const isDeflated = transferSyntax === deflatedLittleEndian
  return { transferSyntax, sopClass, sopInstance, dataset, bytes: dataset.byteArray, isDeflated, pixelData }
}
