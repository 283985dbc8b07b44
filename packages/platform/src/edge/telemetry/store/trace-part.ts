// What one batch tells of one trace, as a row of the store and back (pure).
import type { AttributeValue } from '../../../kernel/ports.ts'
import type { KeptSpan } from './kept-span.ts'

/** A row: the spans of one trace in one batch, with what lists are made from. */
export interface TracePart {
  readonly traceId: string
  readonly startedMs: number
  readonly durationUs: number
  /** Of the topmost span. */
  readonly service: string
  readonly name: string
  readonly failure: string | undefined
  readonly isRoot: boolean
  readonly services: readonly string[]
  readonly spans: readonly KeptSpan[]
}

// spanId, parentId, service, kind, name, start in µs after 1970, duration in µs, failure or null, attributes
type SpanRow = readonly [
  string,
  string,
  string,
  string,
  string,
  number,
  number,
  string | null,
  readonly AttributeValue[],
]

const usPerMs = 1000
// Spans of one part at most; what is beyond is not kept.
const maxSpansOfPart = 2000

function topmost(spans: readonly KeptSpan[], first: KeptSpan): KeptSpan {
  let top = first
  for (const span of spans) {
    const isHigher = span.parentId === '' && top.parentId !== ''
    if (isHigher || (span.startMs < top.startMs && (top.parentId !== '' || span.parentId === ''))) top = span
  }
  return top
}

function partOf(traceId: string, first: KeptSpan, spans: readonly KeptSpan[]): TracePart {
  const top = topmost(spans, first)
  let startedMs = first.startMs
  let endedMs = first.endMs
  const services = new Set<string>()
  for (const span of spans) {
    if (span.startMs < startedMs) startedMs = span.startMs
    if (span.endMs > endedMs) endedMs = span.endMs
    services.add(span.service)
  }
  return {
    traceId,
    startedMs,
    durationUs: Math.round((endedMs - startedMs) * usPerMs),
    service: top.service,
    name: top.name,
    failure: top.failure ?? spans.find((span) => span.failure !== undefined)?.failure,
    isRoot: top.parentId === '',
    services: [...services],
    spans,
  }
}

/** The parts of a batch, one a trace. */
export function partsOf(spans: readonly KeptSpan[]): readonly TracePart[] {
  const byTrace = new Map<string, KeptSpan[]>()
  for (const span of spans) {
    const known = byTrace.get(span.traceId)
    if (known === undefined) byTrace.set(span.traceId, [span])
    else if (known.length < maxSpansOfPart) known.push(span)
  }
  const parts: TracePart[] = []
  for (const [traceId, own] of byTrace) if (own[0] !== undefined) parts.push(partOf(traceId, own[0], own))
  return parts
}

/** The spans of a part as text. */
export function writeSpans(spans: readonly KeptSpan[]): string {
  const rows = spans.map((span): SpanRow => {
    const { spanId, parentId, service, kind, name, startMs, endMs, failure = null, attributes } = span
    const startUs = Math.round(startMs * usPerMs)
    return [
      spanId,
      parentId,
      service,
      kind,
      name,
      startUs,
      Math.round((endMs - startMs) * usPerMs),
      failure,
      attributes,
    ]
  })
  return JSON.stringify(rows)
}

/** Reads them back. */
export function readSpans(traceId: string, text: string): readonly KeptSpan[] {
  const rows = JSON.parse(text) as readonly SpanRow[] // writeSpans wrote it
  return rows.map(([spanId, parentId, service, kind, name, startUs, durationUs, failure, attributes]) => ({
    ...{ traceId, spanId, parentId, service, kind, name, attributes },
    startMs: startUs / usPerMs,
    endMs: (startUs + durationUs) / usPerMs,
    failure: failure ?? undefined,
  }))
}
