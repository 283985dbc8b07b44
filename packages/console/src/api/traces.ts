// Traces as the telemetry room keeps them: lists, one trace with its spans, and what each room did lately.
import type { Request } from './client.ts'

/** A trace in a list. */
export interface ListedTrace {
  /** 32 hex digits. */
  readonly traceId: string
  /** ISO time. */
  readonly started: string
  readonly durationMs: number
  /** The room where it began. */
  readonly service: string
  readonly name: string
  readonly failure?: string
  readonly spans: number
  readonly services: readonly string[]
}

/** A page of traces, newest first. */
export interface TracePage {
  readonly traces: readonly ListedTrace[]
  readonly next?: string
}

/** One step of a trace. */
export interface TraceSpan {
  readonly spanId: string
  readonly parentId?: string
  readonly service: string
  readonly name: string
  readonly kind: string
  /** Milliseconds after the beginning of the trace. */
  readonly startMs: number
  readonly durationMs: number
  readonly failure?: string
  readonly attributes: readonly { readonly name: string; readonly value: string | number | boolean }[]
}

/** A trace. */
export interface Trace {
  readonly traceId: string
  readonly started: string
  readonly durationMs: number
  /** There are more spans than are shown. */
  readonly isCut: boolean
  readonly spans: readonly TraceSpan[]
}

/** What a room did lately. */
export interface ServiceFigures {
  readonly service: string
  readonly traces: number
  readonly failed: number
  readonly p50Ms: number
  readonly p95Ms: number
}

/** One trace. */
export function fetchTrace(request: Request, traceId: string, signal: AbortSignal): Promise<Trace> {
  return request<Trace>(`/telemetry/traces/${encodeURIComponent(traceId)}`, { signal })
}

/** The rooms of the last minutes. */
export function fetchServiceFigures(
  request: Request,
  signal: AbortSignal,
): Promise<{ readonly minutes: number; readonly services: readonly ServiceFigures[] }> {
  return request('/telemetry/services', { signal })
}
