// Telemetry that records nothing: for tests, and where OTEL_SDK_DISABLED says so.
import type { Metrics, Telemetry } from '../ports.ts'
import { newTraceId } from '../trace.ts'
import { UnrecordedSpan } from './span.ts'

const none = new UnrecordedSpan('', '')
const nothing = (): void => undefined

const noMetrics: Metrics = Object.freeze({
  counter: () => nothing,
  histogram: () => nothing,
  gauge: () => nothing,
  observed: nothing,
  exposition: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '' }),
})

/** Carries trace ids on and records nothing. */
export const noTelemetry: Telemetry = Object.freeze({
  metrics: noMetrics,
  startEntry: (_name, { parent }) =>
    parent === undefined
      ? new UnrecordedSpan(newTraceId())
      : new UnrecordedSpan(parent.traceId, parent.spanId, parent.isSampled ? '01' : '00'),
  startSpan: () => none,
  active: () => undefined,
  within: (_span, work) => work(),
} satisfies Telemetry)
