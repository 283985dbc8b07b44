// What a service may ask of traces and metrics: the part of the kernel's ports that kernel/telemetry implements.
import type { Trace } from '../trace.ts'

/** What a span or a metric may hold: ids, counts, durations, names of routes and statements; never a person's data. */
export type AttributeValue = string | number | boolean

/** OpenTelemetry's kinds of spans. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** One timed step of a trace. All of it costs next to nothing when the trace is not sampled. */
export interface Span {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  readonly isSampled: boolean
  /** W3C header for a call to another process or room. */
  readonly traceparent: string
  /** Adds an attribute by its name in the semantic conventions. */
  set(name: string, value: AttributeValue): void
  rename(name: string): void
  /** Marks the work as failed: the code of an AppError, the class of another error, or a word such as a status; never a message. The first one stays. */
  fail(error: unknown): void
  /** Ends it; everything later is ignored. */
  end(): void
}

/** How a span within the active one begins. */
export interface SpanOptions {
  /** Default `internal`. */
  readonly kind?: SpanKind
  /** The room that works; default that of the active span. */
  readonly service?: string
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

/** How a span for work from outside begins: a request, an event, an association. */
export interface EntryOptions extends SpanOptions {
  /** Default `server`. */
  readonly kind?: SpanKind
  readonly service: string
  /** Where the sender stands in its trace; a new trace begins without it. */
  readonly parent: Trace | undefined
}

/** A metric by its name in OpenTelemetry's semantic conventions, e.g. `http.server.request.duration`. */
export interface Instrument<Label extends string> {
  readonly name: string
  readonly help: string
  /** UCUM: `s`, `By`; counts have none. */
  readonly unit?: 's' | 'By'
  /** Names with dots; few values each. */
  readonly labels: readonly Label[]
  /** Upper bounds of a histogram; durations have them by default. */
  readonly buckets?: readonly number[]
}

type Underscored<Label extends string> = Label extends `${infer Head}.${infer Rest}`
  ? `${Head}_${Underscored<Rest>}`
  : Label

/** Values by label, with underscores for dots: `{ http_route: '/fhir/Patient/:id' }`. */
export type LabelValues<Label extends string> = Readonly<Record<Underscored<Label>, string | number>>

/** The metrics of this process; declaring one twice gives the same one. */
export interface Metrics {
  counter<const Label extends string>(instrument: Instrument<Label>): (labels: LabelValues<Label>, by?: number) => void
  histogram<const Label extends string>(
    instrument: Instrument<Label>,
  ): (value: number, labels: LabelValues<Label>) => void
  gauge<const Label extends string>(instrument: Instrument<Label>): (value: number, labels: LabelValues<Label>) => void
  /** A gauge that is read when somebody asks for the metrics. */
  observed<const Label extends string>(
    instrument: Instrument<Label>,
    read: () => readonly { readonly value: number; readonly labels: LabelValues<Label> }[],
  ): void
  /** Everything in Prometheus' text format. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>
}

/** Traces and metrics of this process. */
export interface Telemetry {
  /** Begins a span for work from outside; the sampler decides on new traces. Run the work `within` it, and end it. */
  startEntry(name: string, options: EntryOptions): Span
  /** Begins a span within the active one; nothing is recorded when there is none. */
  startSpan(name: string, options?: SpanOptions): Span
  /** The span that the code runs within. */
  active(): Span | undefined
  /** Runs work with a span active, also in what it awaits; undefined takes the work out of every trace. */
  within<T>(span: Span | undefined, work: () => T): T
  readonly metrics: Metrics
}
