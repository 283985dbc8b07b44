// W3C Trace Context: reading and making the `traceparent` header (https://www.w3.org/TR/trace-context/).
import { randomFillSync } from 'node:crypto'

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

// Random digits that are ready: every request takes some, and asking for a page of them costs little more than for sixteen.
const page = Buffer.allocUnsafe(4096)
const ready = { digits: '', at: 0 }

function hexDigits(count: number): string {
  if (ready.at + count > ready.digits.length)
    Object.assign(ready, { digits: randomFillSync(page).toString('hex'), at: 0 })
  ready.at += count
  return ready.digits.slice(ready.at - count, ready.at)
}

/** A new trace id: 32 hex digits. */
export function newTraceId(): string {
  const id = hexDigits(32)
  return id === noTrace ? newTraceId() : id
}

/** A new request id: 32 hex digits. */
export const newRequestId = newTraceId

/** A new span id: 16 hex digits. */
export function newSpanId(): string {
  const id = hexDigits(16)
  return id === noSpan ? newSpanId() : id
}

/** The header for an outgoing call within the trace, with a new span id. */
export function traceparent(traceId: string, isSampled = true): string {
  return `00-${traceId}-${newSpanId()}-${isSampled ? '01' : '00'}`
}
