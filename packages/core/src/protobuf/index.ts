// The protobuf wire format (https://protobuf.dev/programming-guides/encoding/), as far as ONNX needs it: writing, and reading with
// bounds.

/** Collects the fields of one message. */
export interface MessageWriter {
  /** A varint field; negative numbers take the ten bytes of int64. */
  integer(field: number, value: number | bigint): void
  /** A 32-bit float field. */
  float(field: number, value: number): void
  /** A length-delimited field. */
  bytes(field: number, value: Uint8Array): void
  text(field: number, value: string): void
  message(field: number, write: (writer: MessageWriter) => void): void
  /** Packed 32-bit floats. */
  floats(field: number, values: readonly number[]): void
  /** Packed varints. */
  integers(field: number, values: readonly number[]): void
  finish(): Uint8Array
}

function varint(value: number | bigint): readonly number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}

/** Starts an empty message. */
export function messageWriter(): MessageWriter {
  const parts: Uint8Array[] = []
  const encoder = new TextEncoder()
  const put = (bytes: readonly number[]): void => void parts.push(Uint8Array.from(bytes))
  const writer: MessageWriter = {
    integer: (field, value) => put([...varint(field << 3), ...varint(value)]),
    float(field, value) {
      put(varint((field << 3) | 5))
      parts.push(new Uint8Array(Float32Array.of(value).buffer))
    },
    bytes(field, value) {
      put([...varint((field << 3) | 2), ...varint(value.length)])
      parts.push(value)
    },
    text: (field, value) => writer.bytes(field, encoder.encode(value)),
    message(field, write) {
      const inner = messageWriter()
      write(inner)
      writer.bytes(field, inner.finish())
    },
    floats: (field, values) => writer.bytes(field, new Uint8Array(Float32Array.from(values).buffer)),
    integers: (field, values) => writer.bytes(field, Uint8Array.from(values.flatMap((value) => [...varint(value)]))),
    finish() {
      const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
      let offset = 0
      for (const part of parts) {
        whole.set(part, offset)
        offset += part.length
      }
      return whole
    },
  }
  return writer
}

/** One field of a message as read; `bytes` of a length-delimited field is a view, not a copy. */
export type Field =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'fixed'; readonly bytes: Uint8Array }
  | { readonly number: number; readonly kind: 'bytes'; readonly bytes: Uint8Array }

function readVarint(bytes: Uint8Array, start: number): { readonly value: bigint; readonly next: number } {
  let value = 0n
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[start + index]
    if (byte === undefined) throw new RangeError('protobuf: a number is cut off')
    value |= BigInt(byte & 127) << BigInt(7 * index)
    if (byte < 128) return { value: BigInt.asUintN(64, value), next: start + index + 1 }
  }
  throw new RangeError('protobuf: a number is longer than ten bytes')
}

function take(bytes: Uint8Array, start: number, length: bigint): Uint8Array {
  if (length > BigInt(bytes.length - start)) throw new RangeError('protobuf: a field is cut off')
  return bytes.subarray(start, start + Number(length))
}

/** Reads the fields of one message in order; throws a RangeError where the bytes are not protobuf. */
export function* readFields(bytes: Uint8Array): Generator<Field> {
  let offset = 0
  while (offset < bytes.length) {
    const { value: tag, next } = readVarint(bytes, offset)
    const number = Number(tag >> 3n)
    const wire = Number(tag & 7n)
    if (wire === 0) {
      const { value, next: end } = readVarint(bytes, next)
      yield { number, kind: 'varint', value }
      offset = end
    } else if (wire === 1 || wire === 5) {
      const content = take(bytes, next, wire === 1 ? 8n : 4n)
      yield { number, kind: 'fixed', bytes: content }
      offset = next + content.length
    } else if (wire === 2) {
      const length = readVarint(bytes, next)
      const content = take(bytes, length.next, length.value)
      yield { number, kind: 'bytes', bytes: content }
      offset = length.next + content.length
    } else throw new RangeError(`protobuf: wire type ${wire} is not known`)
  }
}
