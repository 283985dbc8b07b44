// Protocol Buffers on the wire, as far as TenSEAL's messages need them: varints, doubles and length-delimited bytes (pure).
// Source: https://protobuf.dev/programming-guides/encoding/
import { AppError } from '../errors/index.ts'

/** One field as it stands on the wire; `bytes` is a view, not a copy. */
export type WireField =
  | { readonly field: number; readonly kind: 'varint'; readonly value: number }
  | { readonly field: number; readonly kind: 'double'; readonly value: number }
  | { readonly field: number; readonly kind: 'bytes'; readonly value: Uint8Array }

const maxFields = 4096
const maxVarintBytes = 10

function refuse(what: string): never {
  throw new AppError('unprocessable', `The bytes are not a TenSEAL message: ${what}`)
}

interface Reader {
  readonly bytes: Uint8Array
  at: number
}

// Values above 2^53 do not occur in these messages and are refused rather than rounded.
function readVarint(reader: Reader): number {
  let value = 0
  let factor = 1
  for (let count = 0; count < maxVarintBytes; count += 1) {
    const byte = reader.bytes[reader.at]
    if (byte === undefined) refuse('it ends within a number')
    reader.at += 1
    value += (byte & 0x7f) * factor
    if (value > Number.MAX_SAFE_INTEGER) refuse('a number is too large')
    if (byte < 0x80) return value
    factor *= 128
  }
  return refuse('a number has no end')
}

function take(reader: Reader, count: number): Uint8Array {
  const end = reader.at + count
  if (end > reader.bytes.length) refuse('it ends within a field')
  const part = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return part
}

function readField(reader: Reader): WireField {
  const tag = readVarint(reader)
  const field = Math.floor(tag / 8)
  if (field === 0) refuse('a field has the number 0')
  switch (tag % 8) {
    case 0:
      return { field, kind: 'varint', value: readVarint(reader) }
    case 1: {
      const part = take(reader, 8)
      const view = new DataView(part.buffer, part.byteOffset, 8)
      return { field, kind: 'double', value: view.getFloat64(0, true) }
    }
    case 2:
      return { field, kind: 'bytes', value: take(reader, readVarint(reader)) }
    default:
      return refuse(`field ${field} has the wire type ${tag % 8}`)
  }
}

/**
 * Reads the fields of one message, in their order.
 * @throws AppError 'unprocessable' when the bytes are cut off or not a message
 */
export function readFields(bytes: Uint8Array): readonly WireField[] {
  const reader: Reader = { bytes, at: 0 }
  const fields: WireField[] = []
  while (reader.at < bytes.length) {
    if (fields.length === maxFields) refuse(`it has more than ${maxFields} fields`)
    fields.push(readField(reader))
  }
  return fields
}

/** Reads packed varints. @throws AppError 'unprocessable' */
export function readPacked(bytes: Uint8Array): readonly number[] {
  const reader: Reader = { bytes, at: 0 }
  const values: number[] = []
  while (reader.at < bytes.length) {
    if (values.length === maxFields) refuse(`a list has more than ${maxFields} numbers`)
    values.push(readVarint(reader))
  }
  return values
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

function double(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return bytes
}

/** Joins byte arrays. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function partsOf(written: WireField): readonly Uint8Array[] {
  const { field } = written
  switch (written.kind) {
    case 'varint':
      return [varint(field * 8), varint(written.value)]
    case 'double':
      return [varint(field * 8 + 1), double(written.value)]
    case 'bytes':
      return [varint(field * 8 + 2), varint(written.value.length), written.value]
    default:
      return written satisfies never
  }
}

/** Writes a message. */
export function writeFields(fields: readonly WireField[]): Uint8Array {
  return joinBytes(fields.flatMap(partsOf))
}

/** Writes packed varints. */
export function writePacked(values: readonly number[]): Uint8Array {
  return joinBytes(values.map(varint))
}
