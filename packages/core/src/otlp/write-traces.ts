// Spans as an ExportTraceServiceRequest in protobuf.
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto
import { type OtlpAttributes, type OtlpSpan, type ResourceSpans, spanKinds } from './model.ts'
import { WireWriter } from './wire-writer.ts'

const failed = 2 // STATUS_CODE_ERROR

/** Writes attributes (KeyValue) as a repeated field. */
export function writeAttributes(writer: WireWriter, field: number, attributes: OtlpAttributes): void {
  for (let index = 0; index + 1 < attributes.length; index += 2) {
    const name = String(attributes[index])
    const value = attributes[index + 1] ?? ''
    writer.message(field, () => {
      writer.text(1, name)
      writer.message(2, () => {
        if (typeof value === 'string') writer.text(1, value)
        else if (typeof value === 'boolean') writer.integer(2, value ? 1 : 0)
        else if (Number.isSafeInteger(value)) writer.signed(3, value)
        else writer.double(4, value)
      })
    })
  }
}

function writeSpan(writer: WireWriter, span: OtlpSpan): void {
  writer.hex(1, span.traceId)
  writer.hex(2, span.spanId)
  if (span.parentId !== '') writer.hex(4, span.parentId)
  writer.text(5, span.name)
  writer.integer(6, spanKinds.indexOf(span.kind))
  writer.nanoseconds(7, span.startMs)
  writer.nanoseconds(8, span.endMs)
  writeAttributes(writer, 9, span.attributes)
  if (span.failure === undefined) return
  writeAttributes(writer, 9, ['error.type', span.failure])
  writer.message(15, () => writer.integer(3, failed))
}

/** Writes a request. */
export function writeTraces(groups: readonly ResourceSpans[]): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter()
  for (const { resource, scope, spans } of groups) {
    writer.message(1, () => {
      writer.message(1, () => writeAttributes(writer, 1, resource))
      writer.message(2, () => {
        writer.message(1, () => writer.text(1, scope))
        for (const span of spans) writer.message(2, () => writeSpan(writer, span))
      })
    })
  }
  return writer.finish()
}
