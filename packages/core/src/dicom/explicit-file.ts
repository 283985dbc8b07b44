// Writes a file anew in Explicit VR Little Endian (PS3.5 sections 7.1.2 and A.2): every element kept, pixels native.
import type { DataSet, Element } from 'dicom-parser'
import { AppError } from '../errors/index.ts'
import { vrOf } from './dictionary.ts'
import { type DicomHeader, isElementBigEndian } from './header.ts'
import { explicitLittleEndian } from './transfer-syntaxes.ts'
import { datasetBytes, joinBytes } from './writing/index.ts'

const longForms: ReadonlySet<string> = new Set([
  'OB',
  'OD',
  'OF',
  'OL',
  'OV',
  'OW',
  'SQ',
  'SV',
  'UC',
  'UN',
  'UR',
  'UT',
  'UV',
])
const widths: Readonly<Record<string, number>> = {
  ...{ US: 2, SS: 2, OW: 2, AT: 2, UL: 4, SL: 4, FL: 4, OF: 4, OL: 4 },
  ...{ FD: 8, OD: 8, OV: 8, SV: 8, UV: 8 },
}
const preambleBytes = 132
const maxShortBytes = 65_534
const maxDepth = 16

function turned(bytes: Uint8Array, width: number): Uint8Array {
  const copy = new Uint8Array(bytes) // slice() of a Buffer would be the same bytes
  for (let at = 0; at + width <= copy.length; at += width) copy.subarray(at, at + width).reverse()
  return copy
}

function head(tag: string, vr: string, length: number): Uint8Array {
  const isLong = longForms.has(vr)
  const view = new DataView(new ArrayBuffer(isLong ? 12 : 8))
  view.setUint16(0, Number.parseInt(tag.slice(0, 4), 16), true)
  view.setUint16(2, Number.parseInt(tag.slice(4), 16), true)
  view.setUint8(4, vr.charCodeAt(0))
  view.setUint8(5, vr.charCodeAt(1))
  if (isLong) view.setUint32(8, length, true)
  else view.setUint16(6, length, true)
  return new Uint8Array(view.buffer)
}

function item(content: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, 0xe000fffe, true)
  view.setUint32(4, content.length, true)
  return [new Uint8Array(view.buffer), content]
}

function valueBytes(dataset: DataSet, element: Element, vr: string, depth: number): Uint8Array {
  if (element.items !== undefined) {
    if (depth >= maxDepth) throw new AppError('unprocessable', `The file nests more than ${maxDepth} sequences`)
    return joinBytes(
      element.items.flatMap(({ dataSet }) =>
        item(dataSet === undefined ? new Uint8Array(0) : datasetOf(dataSet, depth + 1)),
      ),
    )
  }
  const { dataOffset, length } = element
  const bytes = dataset.byteArray.subarray(dataOffset, Math.min(dataOffset + length, dataset.byteArray.length))
  const width = widths[vr]
  return width !== undefined && isElementBigEndian(dataset, element) ? turned(bytes, width) : bytes
}

// What has no known VR, or is too long for its own, is written as UN (PS3.5 section 6.2.2).
function elementOf(dataset: DataSet, element: Element, depth: number): readonly Uint8Array[] {
  const tag = element.tag.slice(1).toUpperCase()
  const known = element.items === undefined ? (element.vr ?? vrOf(tag) ?? 'UN') : 'SQ'
  const value = valueBytes(dataset, element, known, depth)
  const vr = !longForms.has(known) && value.length > maxShortBytes ? 'UN' : known
  const isOdd = value.length % 2 === 1
  return [head(tag, vr, value.length + (isOdd ? 1 : 0)), value, ...(isOdd ? [new Uint8Array(1)] : [])]
}

function isWritten({ tag }: Element): boolean {
  return !tag.startsWith('x0002') && !tag.endsWith('0000') && !tag.startsWith('xfffe') && tag !== 'x7fe00010'
}

function datasetOf(dataset: DataSet, depth: number): Uint8Array {
  const elements = Object.values(dataset.elements)
    .filter((element) => isWritten(element) || (depth > 0 && element.tag === 'x7fe00010'))
    .toSorted((a, b) => (a.tag < b.tag ? -1 : 1))
  return joinBytes(elements.flatMap((element) => elementOf(dataset, element, depth)))
}

function metaOf({ dataset, sopClass, sopInstance }: DicomHeader): Uint8Array {
  const version = dataset.string('x00020013')?.trim() ?? 'XINGLIN'
  return datasetBytes({
    '00020001': ['OB', Uint8Array.of(0, 1)],
    '00020002': ['UI', [sopClass]],
    '00020003': ['UI', [sopInstance]],
    '00020010': ['UI', [explicitLittleEndian]],
    '00020012': ['UI', [dataset.string('x00020012')?.trim() ?? '2.25.214740289561397018832519603348217753924']],
    '00020013': ['SH', [version.slice(0, 16)]],
  })
}

/**
 * Writes the file of a header in Explicit VR Little Endian.
 * @param pixels all frames, native and little-endian; left out where the object has none
 * @throws AppError 'unprocessable' for nesting beyond the limit
 */
export function explicitFile(header: DicomHeader, pixels: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const start = new Uint8Array(preambleBytes)
  start.set([0x44, 0x49, 0x43, 0x4d], preambleBytes - 4) // DICM
  const meta = metaOf(header)
  const size = datasetBytes({ '00020000': ['UL', [meta.length]] })
  const parts = [start, size, meta, datasetOf(header.dataset, 0)]
  if (pixels === undefined) return joinBytes(parts)
  const padding = new Uint8Array(pixels.length % 2)
  return joinBytes([...parts, head('7FE00010', 'OW', pixels.length + padding.length), pixels, padding])
}
