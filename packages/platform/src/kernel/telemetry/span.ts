// Spans: one that is recorded, and one that only carries its trace on. A class, because a request makes several of them.
import { AppError } from '@xinglin/core/errors'
import type { AttributeValue, Span, SpanKind } from '../ports.ts'
import { newSpanId } from '../trace.ts'

/** A span that has ended, as sinks take it. */
export interface FinishedSpan {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  /** 16 hex digits; empty for the first span of a trace. */
  readonly parentId: string
  readonly name: string
  readonly kind: SpanKind
  /** The room that did the work. */
  readonly service: string
  /** Milliseconds on the monotonic clock. */
  readonly startMs: number
  readonly endMs: number
  /** Names and values in turn. */
  readonly attributes: readonly AttributeValue[]
  /** Code of an AppError or name of an error class; undefined when the work did not fail. */
  readonly failure: string | undefined
}

/** What a recorded span begins with. */
export interface SpanStart {
  readonly traceId: string
  readonly parentId: string
  readonly name: string
  readonly kind: SpanKind
  readonly service: string
}

const maxAttributes = 64
const maxTextLength = 300

/** What may be told of an error: the code of an AppError, else the name of its class; never its message. */
export function failureName(error: unknown): string {
  if (error instanceof AppError) return error.code
  return error instanceof Error ? error.name.slice(0, 64) : typeof error
}

/** A span that goes to the sinks when it ends. */
export class RecordedSpan implements Span, FinishedSpan {
  readonly isSampled = true
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly kind: SpanKind
  readonly service: string
  readonly startMs: number
  readonly attributes: AttributeValue[] = []
  name: string
  endMs = Number.NaN
  failure: string | undefined = undefined
  readonly #finish: (span: FinishedSpan) => void

  constructor(start: SpanStart, finish: (span: FinishedSpan) => void) {
    this.traceId = start.traceId
    this.spanId = newSpanId()
    this.parentId = start.parentId
    this.name = start.name
    this.kind = start.kind
    this.service = start.service
    this.startMs = performance.now()
    this.#finish = finish
  }

  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-01`
  }

  get hasEnded(): boolean {
    return !Number.isNaN(this.endMs)
  }

  set(name: string, value: AttributeValue): void {
    if (this.hasEnded || this.attributes.length >= 2 * maxAttributes) return
    this.attributes.push(
      name,
      typeof value === 'string' && value.length > maxTextLength ? value.slice(0, maxTextLength) : value,
    )
  }

  rename(name: string): void {
    if (!this.hasEnded) this.name = name.slice(0, maxTextLength)
  }

  fail(error: unknown): void {
    if (!this.hasEnded) this.failure ??= typeof error === 'string' ? error.slice(0, 64) : failureName(error)
  }

  end(): void {
    if (this.hasEnded) return
    this.endMs = performance.now()
    this.#finish(this)
  }
}

/** A span of a trace that is not sampled: it carries the trace on and records nothing. */
export class UnrecordedSpan implements Span {
  readonly isSampled = false
  readonly hasEnded = false
  readonly traceId: string
  readonly spanId: string
  readonly #flags: '00' | '01'

  /** `flags` as the sender had them, where this process only passes the trace on. */
  constructor(traceId: string, spanId: string = newSpanId(), flags: '00' | '01' = '00') {
    this.traceId = traceId
    this.spanId = spanId
    this.#flags = flags
  }

  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-${this.#flags}`
  }

  set(): void {}
  rename(): void {}
  fail(): void {}
  end(): void {}
}
