// One data element as bytes: explicit VR, little endian (PS3.5 sections 6.2 and 7.1.2).
import { AppError } from '../../errors/index.ts'

/** The value of an element: text and numbers (several where VM allows), raw bytes, or the items of a sequence. */
export type ElementValue = readonly (string | number)[] | Uint8Array | readonly WritableDataset[]

/** A data set to write: eight-digit tags with their VR and value, e.g. `{ '00080060': ['CS', ['CT']] }`. */
export interface WritableDataset {
  readonly [tag: string]: readonly [vr: string, value: ElementValue]
}

const longForms: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT'])
const numberBytes: Readonly<Record<string, number>> = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8, AT: 4 }
const itemTag = 0xe000fffe // (FFFE,E000) as it lies in memory
const maxShortBytes = 65_534
const maxDecimalCharacters = 16

// A decimal string holds 16 characters at most (PS3.5 table 6.2-1); digits are given up from the end.
function decimalString(value: number): string {
  if (!Number.isFinite(value)) throw new AppError('invalid-parameter', `${value} cannot be written as a decimal string`)
  let text = String(value)
  for (let digits = 15; text.length > maxDecimalCharacters; digits--) text = String(Number(value.toPrecision(digits)))
  return text
}

function textBytes(vr: string, values: readonly (string | number)[]): Uint8Array {
  const text = values.map((value) => (typeof value === 'number' ? decimalString(value) : value)).join('\\')
  const bytes = new TextEncoder().encode(text)
  if (bytes.length % 2 === 0) return bytes
  const padded = new Uint8Array(bytes.length + 1)
  padded.set(bytes)
  padded[bytes.length] = vr === 'UI' ? 0 : 0x20
  return padded
}

type NumberWriter = (view: DataView, at: number, value: string | number) => void

const numberWriters: Readonly<Record<string, NumberWriter>> = {
  US: (view, at, value) => view.setUint16(at, Number(value), true),
  SS: (view, at, value) => view.setInt16(at, Number(value), true),
  UL: (view, at, value) => view.setUint32(at, Number(value), true),
  SL: (view, at, value) => view.setInt32(at, Number(value), true),
  FL: (view, at, value) => view.setFloat32(at, Number(value), true),
  FD: (view, at, value) => view.setFloat64(at, Number(value), true),
  AT: (view, at, value) => writeTag(view, at, String(value)),
}

// A tag is written as two numbers, group and element.
function writeTag(view: DataView, at: number, tag: string): void {
  view.setUint16(at, Number.parseInt(tag.slice(0, 4), 16), true)
  view.setUint16(at + 2, Number.parseInt(tag.slice(4), 16), true)
}

function numericBytes(vr: string, width: number, values: readonly (string | number)[]): Uint8Array {
  const bytes = new Uint8Array(width * values.length)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) numberWriters[vr]?.(view, index * width, value)
  return bytes
}

/** Joins byte runs into one. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function itemBytes(item: WritableDataset): readonly Uint8Array[] {
  const content = datasetBytes(item)
  const header = new DataView(new ArrayBuffer(8))
  header.setUint32(0, itemTag, true)
  header.setUint32(4, content.length, true)
  return [new Uint8Array(header.buffer), content]
}

function evenBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : joinBytes([bytes, new Uint8Array(1)])
}

function valueBytes(vr: string, value: ElementValue): Uint8Array {
  if (value instanceof Uint8Array) return evenBytes(value)
  if (vr === 'SQ') return joinBytes((value as readonly WritableDataset[]).flatMap(itemBytes)) // an SQ has items only
  const values = value as readonly (string | number)[] // and everything else has none
  const width = numberBytes[vr]
  return width === undefined ? textBytes(vr, values) : numericBytes(vr, width, values)
}

function elementBytes(tag: string, vr: string, value: ElementValue): readonly Uint8Array[] {
  const content = valueBytes(vr, value)
  const isLong = longForms.has(vr)
  if (!isLong && content.length > maxShortBytes) {
    throw new AppError(
      'too-large',
      `The element ${tag} (${vr}) has ${content.length} bytes; its VR allows ${maxShortBytes}`,
    )
  }
  const header = new DataView(new ArrayBuffer(isLong ? 12 : 8))
  writeTag(header, 0, tag)
  header.setUint8(4, vr.charCodeAt(0))
  header.setUint8(5, vr.charCodeAt(1))
  if (isLong) header.setUint32(8, content.length, true)
  else header.setUint16(6, content.length, true)
  return [new Uint8Array(header.buffer), content]
}

/**
 * Encodes a data set, its elements in ascending order of their tags; text is UTF-8.
 * @throws AppError 'too-large' for a value above 65,534 bytes in a VR with a 16-bit length, 'invalid-parameter' for a
 * number that no decimal string can hold
 */
export function datasetBytes(dataset: WritableDataset): Uint8Array<ArrayBuffer> {
  const elements = Object.entries(dataset).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return joinBytes(elements.flatMap(([tag, [vr, value]]) => elementBytes(tag, vr, value)))
}
