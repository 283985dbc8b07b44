// Values of DICOM elements in the words of the DICOM JSON Model (PS3.18 section F.2.3).
import type { TextReader } from './character-sets.ts'
import type { AttributeValue, PersonName } from './model.ts'

/** The bytes of one element and how they are read. */
export interface ElementBytes {
  readonly vr: string
  readonly bytes: Uint8Array
  readonly isBigEndian: boolean
  readonly readText: TextReader
}

/** VRs whose values are bytes: written inline or left as bulk data. */
export const binaryVrs: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN'])

// VRs in the default repertoire, whatever SpecificCharacterSet says (PS3.5 section 6.1.2.2).
const plainText: ReadonlySet<string> = new Set(['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR'])
const singleText: ReadonlySet<string> = new Set(['LT', 'ST', 'UT', 'UR'])
const wordBytes: Readonly<Record<string, number>> = { OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 }

type ReadNumber = (view: DataView, at: number, isLittle: boolean) => string | number
const numeric: Readonly<Record<string, readonly [width: number, read: ReadNumber]>> = {
  US: [2, (view, at, isLittle) => view.getUint16(at, isLittle)],
  SS: [2, (view, at, isLittle) => view.getInt16(at, isLittle)],
  UL: [4, (view, at, isLittle) => view.getUint32(at, isLittle)],
  SL: [4, (view, at, isLittle) => view.getInt32(at, isLittle)],
  FL: [4, (view, at, isLittle) => finite(view.getFloat32(at, isLittle))],
  FD: [8, (view, at, isLittle) => finite(view.getFloat64(at, isLittle))],
  SV: [8, (view, at, isLittle) => safe(view.getBigInt64(at, isLittle))],
  UV: [8, (view, at, isLittle) => safe(view.getBigUint64(at, isLittle))],
  AT: [4, (view, at, isLittle) => hex(view.getUint16(at, isLittle)) + hex(view.getUint16(at + 2, isLittle))],
}

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0')

// JSON has no such numbers; PS3.18 table F.2.3-1 writes them as text.
function finite(value: number): string | number {
  if (Number.isFinite(value)) return value
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf'
}

function safe(value: bigint): string | number {
  const isSafe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return isSafe ? Number(value) : String(value)
}

function numbers({ vr, bytes, isBigEndian }: ElementBytes): readonly AttributeValue[] {
  const [width, read] = numeric[vr] ?? [1, () => 0]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.length / width) }, (_none, index) =>
    read(view, index * width, !isBigEndian),
  )
}

function personName(text: string): PersonName | null {
  const [alphabetic = '', ideographic = '', phonetic = ''] = text.split('=').map((group) => group.trim())
  if (alphabetic + ideographic + phonetic === '') return null
  return {
    ...(alphabetic === '' ? {} : { Alphabetic: alphabetic }),
    ...(ideographic === '' ? {} : { Ideographic: ideographic }),
    ...(phonetic === '' ? {} : { Phonetic: phonetic }),
  }
}

function textValue(vr: string, text: string): AttributeValue {
  if (vr === 'PN') return personName(text)
  if (text === '') return null
  if (vr !== 'DS' && vr !== 'IS') return text
  const value = Number(text)
  return Number.isFinite(value) ? value : text // what is no number stays as it was sent
}

// Most values are short and ASCII; a loop reads them several times faster than a TextDecoder.
function plain(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function texts({ vr, bytes, readText }: ElementBytes): readonly AttributeValue[] {
  const text = (plainText.has(vr) ? plain(bytes) : readText(bytes)).replaceAll('\0', '').replace(/ +$/, '')
  if (text === '') return []
  if (singleText.has(vr)) return [text]
  return text.split('\\').map((part) => textValue(vr, part.trim()))
}

/** The values of an element that is neither binary nor a sequence; empty when it has none. */
export function valuesOf(element: ElementBytes): readonly AttributeValue[] {
  return element.vr in numeric ? numbers(element) : texts(element)
}

/** Bytes of a binary VR in little-endian order (PS3.18 section F.2.7). */
export function littleEndianBytes(vr: string, bytes: Uint8Array): Uint8Array {
  const width = wordBytes[vr] ?? 1
  const turned = new Uint8Array(bytes) // slice() of a Buffer would be the same bytes
  for (let at = 0; at + width <= turned.length; at += width) turned.subarray(at, at + width).reverse()
  return turned
}
