// Reads an ExportTraceServiceRequest in protobuf.
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto
import type { Field } from '../protobuf/index.ts'
import { countItems, OtlpFault } from './limits.ts'
import { type OtlpAttributes, type OtlpSpan, type OtlpValue, type ResourceSpans, spanKinds } from './model.ts'
import { attributesOf, bytesOf, fieldsOf, hexOf, msOf, numberOf, textOf } from './read-fields.ts'

const failed = 2 // STATUS_CODE_ERROR
const traceDigits = 32
const spanDigits = 16

// The value of an attribute.
function attributeNamed(attributes: OtlpAttributes, name: string): OtlpValue | undefined {
  for (let at = 0; at < attributes.length; at += 2) if (attributes[at] === name) return attributes[at + 1]
  return undefined
}

/** What a failed span failed with. */
export function failureOf(attributes: OtlpAttributes, isFailed: boolean): string | undefined {
  return isFailed ? String(attributeNamed(attributes, 'error.type') ?? '_OTHER') : undefined
}

/** A span whose ids and times were checked. @throws OtlpFault */
export function checkedSpan(span: OtlpSpan): OtlpSpan {
  const isHex = (text: string, digits: number): boolean => text.length === digits && /^[0-9a-f]+$/.test(text)
  if (!isHex(span.traceId, traceDigits) || /^0+$/.test(span.traceId)) throw new OtlpFault('A trace id is not 16 bytes')
  if (!isHex(span.spanId, spanDigits) || /^0+$/.test(span.spanId)) throw new OtlpFault('A span id is not 8 bytes')
  if (span.parentId !== '' && !isHex(span.parentId, spanDigits)) throw new OtlpFault('A parent span id is not 8 bytes')
  if (!(span.startMs > 0 && span.endMs >= span.startMs)) throw new OtlpFault('A span ends before it begins')
  return span
}

function readSpan(bytes: Uint8Array): OtlpSpan {
  const fields = fieldsOf(bytes)
  const one = (number: number): Field | undefined => fields.findLast((field) => field.number === number)
  const read = <T>(number: number, by: (field: Field) => T, otherwise: T): T => {
    const field = one(number)
    return field === undefined ? otherwise : by(field)
  }
  const attributes = attributesOf(fields, 9)
  const status = one(15)
  const code = status === undefined ? undefined : fieldsOf(bytesOf(status)).find(({ number }) => number === 3)
  return checkedSpan({
    traceId: read(1, hexOf, ''),
    spanId: read(2, hexOf, ''),
    parentId: read(4, hexOf, ''),
    name: read(5, textOf, ''),
    kind: spanKinds[read(6, numberOf, 0)] ?? 'unspecified',
    startMs: read(7, msOf, 0),
    endMs: read(8, msOf, 0),
    attributes,
    failure: failureOf(attributes, code !== undefined && numberOf(code) === failed),
  })
}

/** Reads a request. @throws OtlpFault when it is not one, or too large */
export function readTraces(bytes: Uint8Array): readonly ResourceSpans[] {
  const [count, countGroup] = [countItems(), countItems()]
  const groups: ResourceSpans[] = []
  for (const group of fieldsOf(bytes)) {
    if (group.number !== 1) continue
    countGroup()
    const fields = fieldsOf(bytesOf(group))
    const resource = fields.find(({ number }) => number === 1)
    const attributes = resource === undefined ? [] : attributesOf(fieldsOf(bytesOf(resource)), 1)
    for (const scoped of fields) {
      if (scoped.number !== 2) continue
      countGroup()
      const parts = fieldsOf(bytesOf(scoped))
      const scope = parts.find(({ number }) => number === 1)
      const name = scope === undefined ? undefined : fieldsOf(bytesOf(scope)).find(({ number }) => number === 1)
      const spans = parts.flatMap((part) => {
        if (part.number !== 2) return []
        count()
        return [readSpan(bytesOf(part))]
      })
      groups.push({ resource: attributes, scope: name === undefined ? '' : textOf(name), spans })
    }
  }
  return groups
}
