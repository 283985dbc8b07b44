// Spans as OTLP groups them, in values of JavaScript.
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/trace/v1/trace.proto

/** A value of an attribute; lists and maps arrive as JSON text. */
export type OtlpValue = string | number | boolean

/** Names and values in turn, in their order. */
export type OtlpAttributes = readonly OtlpValue[]

/** Kinds of spans by their number in OTLP. */
export const spanKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const

/** One span. */
export interface OtlpSpan {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  /** 16 hex digits, or empty. */
  readonly parentId: string
  readonly name: string
  readonly kind: (typeof spanKinds)[number]
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number
  readonly endMs: number
  readonly attributes: OtlpAttributes
  /** The attribute `error.type`, `_OTHER` where a failed span has none; undefined when it did not fail. */
  readonly failure: string | undefined
}

/** Spans of one resource, e.g. of one service; scopes are told by their name alone. */
export interface ResourceSpans {
  readonly resource: OtlpAttributes
  readonly scope: string
  readonly spans: readonly OtlpSpan[]
}
