// Spans of this process as OTLP: grouped by the room that did the work, each a service of its own unless one name was set for all.
import { type OtlpValue, type ResourceSpans, writeJsonTraces, writeTraces } from '@xinglin/core/otlp'
import type { FinishedSpan } from '../../kernel/telemetry/index.ts'
import type { OtlpBody } from './send.ts'

/** What makes a request from spans. */
export interface TraceRequestOptions {
  /** Attributes of the process. */
  readonly resource: Readonly<Record<string, string>>
  /** What to add to monotonic milliseconds to get milliseconds since 1970. */
  readonly offsetMs: number
  readonly isJson: boolean
}

/** The instrumentation scope of our own spans. */
export const scopeName = 'xinglin'

function groupsOf(
  spans: readonly FinishedSpan[],
  { resource, offsetMs }: TraceRequestOptions,
): readonly ResourceSpans[] {
  const groups = Map.groupBy(spans, ({ service }) => service)
  return [...groups].map(([service, own]) => ({
    resource: Object.entries({ 'service.name': service, ...resource }).flat() as OtlpValue[],
    scope: scopeName,
    spans: own.map((span) => ({
      traceId: span.traceId,
      spanId: span.spanId,
      parentId: span.parentId,
      name: span.name,
      kind: span.kind,
      startMs: span.startMs + offsetMs,
      endMs: span.endMs + offsetMs,
      attributes: span.attributes,
      failure: span.failure,
    })),
  }))
}

/** The body of a request. */
export function traceRequest(spans: readonly FinishedSpan[], options: TraceRequestOptions): OtlpBody {
  const groups = groupsOf(spans, options)
  const { isJson } = options
  return {
    isJson,
    bytes: isJson ? new TextEncoder().encode(JSON.stringify(writeJsonTraces(groups))) : writeTraces(groups),
  }
}
