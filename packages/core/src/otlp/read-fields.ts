// Pieces of OTLP messages in protobuf that traces and metrics have in common.
import { type Field, readFields } from '../protobuf/index.ts'
import { bounded, OtlpFault, otlpLimits } from './limits.ts'
import type { OtlpAttributes, OtlpValue } from './model.ts'

const decoder = new TextDecoder()
const nanosPerMs = 1_000_000n

/** The fields of a message. @throws OtlpFault when the bytes are not protobuf, or too many fields */
export function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = []
  try {
    for (const field of readFields(bytes)) {
      if (fields.length === otlpLimits.fields)
        throw new OtlpFault(`More than ${otlpLimits.fields} fields in one message`)
      fields.push(field)
    }
    return fields
  } catch (error) {
    if (error instanceof RangeError) throw new OtlpFault('The body is not protobuf as OTLP has it')
    throw error
  }
}

/** The bytes of a field. @throws OtlpFault when it is a number */
export function bytesOf(field: Field): Uint8Array {
  if (field.kind === 'varint') throw new OtlpFault(`Field ${field.number} has the wrong type`)
  return field.bytes
}

/** The text of a field, within the limit. */
export const textOf = (field: Field): string => bounded(decoder.decode(bytesOf(field)))

/** The number of a varint field. */
export function numberOf(field: Field): number {
  if (field.kind !== 'varint') throw new OtlpFault(`Field ${field.number} has the wrong type`)
  return Number(field.value)
}

function viewOf(field: Field): DataView {
  const bytes = bytesOf(field)
  if (bytes.length !== 8) throw new OtlpFault(`Field ${field.number} has the wrong length`)
  return new DataView(bytes.buffer, bytes.byteOffset, 8)
}

/** Milliseconds of a fixed64 of nanoseconds. */
export function msOf(field: Field): number {
  const nanos = viewOf(field).getBigUint64(0, true)
  return Number(nanos / nanosPerMs) + Number(nanos % nanosPerMs) / 1e6
}

/** A fixed64 as number. */
export const fixedOf = (field: Field): number => Number(viewOf(field).getBigInt64(0, true))

/** A double. */
export const doubleOf = (field: Field): number => viewOf(field).getFloat64(0, true)

/** Hex digits of bytes. */
export const hexOf = (field: Field): string =>
  Array.from(bytesOf(field).subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')

// AnyValue; what is within a list or a map counts into the depth.
function anyValue(bytes: Uint8Array, depth = 0): OtlpValue {
  if (depth > otlpLimits.depth) return ''
  const [field] = fieldsOf(bytes)
  switch (field?.number) {
    case 1:
      return textOf(field)
    case 2:
      return numberOf(field) !== 0
    case 3:
      return field.kind === 'varint' ? Number(BigInt.asIntN(64, field.value)) : 0
    case 4:
      return doubleOf(field)
    case 5: {
      const items = fieldsOf(bytesOf(field)).slice(0, otlpLimits.attributes)
      return bounded(JSON.stringify(items.map((item) => anyValue(bytesOf(item), depth + 1))))
    }
    case 6: {
      const pairs = attributesOf(fieldsOf(bytesOf(field)), 1, depth + 1)
      const entries = pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1]] as const] : []))
      return bounded(JSON.stringify(Object.fromEntries(entries)))
    }
    default:
      return '' // bytes, or nothing
  }
}

/** The attributes among the fields of a message. */
export function attributesOf(fields: readonly Field[], number: number, depth = 0): OtlpAttributes {
  const attributes: OtlpValue[] = []
  for (const field of fields) {
    if (field.number !== number || attributes.length >= 2 * otlpLimits.attributes) continue
    const pair = fieldsOf(bytesOf(field))
    const key = pair.find((part) => part.number === 1)
    const value = pair.find((part) => part.number === 2)
    if (key === undefined) continue
    attributes.push(textOf(key), value === undefined ? '' : anyValue(bytesOf(value), depth))
  }
  return attributes
}
