// W3C Trace Context: reading and making the `traceparent` header (https://www.w3.org/TR/trace-context/).
import { randomUUID } from 'node:crypto'

/** Where a request stands in a trace. */
export interface Trace {
  /** 32 hex digits, not all zero. */
  readonly traceId: string
  /** 16 hex digits, not all zero: the span of the sender. */
  readonly spanId: string
  readonly isSampled: boolean
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

/** Parses a header; undefined when it is absent or not valid, as the standard asks. */
export function parseTraceparent(header: string | readonly string[] | undefined): Trace | undefined {
  if (typeof header !== 'string') return undefined
  const [, version, traceId, spanId, flags, rest] = pattern.exec(header) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined
  const isInvalid = version === 'ff' || traceId === noTrace || spanId === noSpan
  if (isInvalid || (version === '00' && rest !== undefined)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** A new trace id: 32 hex digits. (A UUID: Node keeps random bytes ready for it, which is ten times cheaper than asking for 16.) */
export function newTraceId(): string {
  const id = randomUUID()
  return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24)
}

/** The header for an outgoing call within the trace, with a new span id. */
export function traceparent(traceId: string, isSampled = true): string {
  return `00-${traceId}-${newTraceId().slice(0, 16)}-${isSampled ? '01' : '00'}`
}
