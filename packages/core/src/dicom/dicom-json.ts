// Turns a header into the DICOM JSON Model (PS3.18 annex F): metadata without bulk.
import type { DataSet, Element } from 'dicom-parser'
import { AppError } from '../errors/index.ts'
import { type TextReader, textReader } from './character-sets.ts'
import { vrOf } from './dictionary.ts'
import { type DicomHeader, isElementBigEndian } from './header.ts'
import { binaryVrs, littleEndianBytes, valuesOf } from './json-values.ts'
import type { Attribute, DicomJson } from './model.ts'

/** How metadata are made. */
export interface MetadataOptions {
  /** Address of a value that is left out; its path is a tag, or tag, item (from 0), tag … in sequences. */
  readonly bulkDataUri: (path: string) => string
}

interface Reading {
  readonly readText: TextReader
  readonly options: MetadataOptions
  /** How many elements were read so far. */
  readonly count: { elements: number }
}

const maxInlineBytes = 1024
const maxDepth = 16
const maxElements = 100_000
const pixelDataTag = '7FE00010'

const tagOfElement = ({ tag }: Element): string => tag.slice(1).toUpperCase()

function bytesOf(dataset: DataSet, { dataOffset, length }: Element): Uint8Array {
  const end = Math.min(dataOffset + Math.max(0, length), dataset.byteArray.length)
  return dataset.byteArray.subarray(Math.min(dataOffset, end), end)
}

function readerFor(dataset: DataSet, outer: TextReader): TextReader {
  const element = dataset.elements['x00080005']
  if (element === undefined) return outer
  return textReader(String.fromCharCode(...bytesOf(dataset, element).subarray(0, 256)).split('\\'))
}

function binary(dataset: DataSet, element: Element, path: string, { options }: Reading): Attribute {
  const vr = element.vr ?? 'UN'
  const bytes = bytesOf(dataset, element)
  if (bytes.length === 0) return { vr }
  if (bytes.length > maxInlineBytes) return { vr, BulkDataURI: options.bulkDataUri(path) }
  const ordered = isElementBigEndian(dataset, element) ? littleEndianBytes(vr, bytes) : bytes
  return { vr, InlineBinary: btoa(String.fromCharCode(...ordered)) }
}

// A value that was sent as UN has the implicit VR little endian encoding (PS3.5 section 6.2.2), so a known VR can be read.
function vrOfElement(element: Element): string {
  const { vr } = element
  if (vr !== undefined && vr !== 'UN') return vr
  const known = vrOf(tagOfElement(element))
  return known === undefined || known === 'SQ' ? (vr ?? 'UN') : known
}

function sequence(items: readonly Element[], path: string, reading: Reading, depth: number): Attribute {
  if (depth >= maxDepth) throw new AppError('unprocessable', `The file nests more than ${maxDepth} sequences`)
  const values = items.map((item, index) =>
    item.dataSet === undefined ? {} : read(item.dataSet, `${path}/${index}/`, reading, depth + 1),
  )
  return values.length === 0 ? { vr: 'SQ' } : { vr: 'SQ', Value: values }
}

function attribute(dataset: DataSet, element: Element, path: string, reading: Reading, depth: number): Attribute {
  if (element.items !== undefined) return sequence(element.items, path, reading, depth)
  const vr = vrOfElement(element)
  if (vr === 'SQ') return { vr }
  if (binaryVrs.has(vr)) return binary(dataset, { ...element, vr }, path, reading)
  const bytes = bytesOf(dataset, element)
  if (bytes.length > maxInlineBytes * 64) return { vr: 'UN', BulkDataURI: reading.options.bulkDataUri(path) }
  const isBigEndian = isElementBigEndian(dataset, element)
  const values = valuesOf({ vr, bytes, isBigEndian, readText: reading.readText })
  return values.length === 0 ? { vr } : { vr, Value: values }
}

function isShown(tag: string): boolean {
  return !tag.startsWith('0002') && !tag.endsWith('0000') && !tag.startsWith('FFFE')
}

// Files should be in order; only those that are not are sorted.
function inOrder(elements: readonly Element[]): readonly Element[] {
  const isSorted = elements.every(({ tag }, at) => at === 0 || (elements[at - 1]?.tag ?? '') <= tag)
  return isSorted ? elements : elements.toSorted((a, b) => (a.tag < b.tag ? -1 : 1))
}

function read(dataset: DataSet, path: string, outer: Reading, depth: number): DicomJson {
  const reading = { ...outer, readText: readerFor(dataset, outer.readText) }
  const shown: Record<string, Attribute> = {}
  const elements = inOrder(Object.values(dataset.elements))
  reading.count.elements += elements.length
  if (reading.count.elements > maxElements) {
    throw new AppError('too-large', `The file has more than ${maxElements} elements before its pixels`)
  }
  for (const element of elements) {
    const tag = tagOfElement(element)
    if (!isShown(tag) || (depth === 0 && tag === pixelDataTag)) continue
    shown[tag] = attribute(dataset, element, `${path}${tag}`, reading, depth)
  }
  return shown
}

/**
 * The metadata of a file; text is Unicode whatever its character set was, so SpecificCharacterSet says UTF-8.
 * @throws AppError 'unprocessable' or 'too-large' for nesting and numbers of elements beyond the limits
 */
export function metadataOf(header: DicomHeader, options: MetadataOptions): DicomJson {
  const reading: Reading = { readText: textReader([]), options, count: { elements: 0 } }
  const shown = read(header.dataset, '', reading, 0)
  const { pixelData } = header
  return {
    ...shown,
    '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
    ...(pixelData === undefined
      ? {}
      : { [pixelDataTag]: { vr: pixelData.vr, BulkDataURI: options.bulkDataUri(pixelDataTag) } }),
  }
}

/** The bytes, in little-endian order, at a path that {@link metadataOf} gave out; undefined when nothing is there. */
export function bulkDataAt(header: DicomHeader, path: string): Uint8Array | undefined {
  const [first = '', ...rest] = path.split('/')
  let dataset: DataSet | undefined = header.dataset
  let element = dataset.elements[`x${first.toLowerCase()}`]
  for (let at = 0; at + 1 < rest.length; at += 2) {
    dataset = element?.items?.[Number(rest[at])]?.dataSet
    element = dataset?.elements[`x${(rest[at + 1] ?? '').toLowerCase()}`]
  }
  if (element === undefined || dataset === undefined || element.items !== undefined) return undefined
  const bytes = bytesOf(dataset, element)
  return isElementBigEndian(dataset, element) ? littleEndianBytes(element.vr ?? 'UN', bytes) : bytes
}
