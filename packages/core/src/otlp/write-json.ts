// Spans and metrics as OTLP's JSON.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import type { NumberPoint, OtlpMetric, OtlpMetrics } from './metrics.ts'
import { type OtlpAttributes, type OtlpSpan, type OtlpValue, type ResourceSpans, spanKinds } from './model.ts'

const failed = 2 // STATUS_CODE_ERROR
const cumulative = 2 // AGGREGATION_TEMPORALITY_CUMULATIVE

function nanos(ms: number): string {
  const whole = Math.floor(ms)
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6)))
}

function anyValue(value: OtlpValue): Readonly<Record<string, unknown>> {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (Number.isSafeInteger(value)) return { intValue: String(value) }
  // JSON knows no infinity; protobuf's mapping writes it as a text.
  return { doubleValue: Number.isFinite(value) ? value : String(value) }
}

function pairs(attributes: OtlpAttributes): readonly unknown[] {
  return attributes.flatMap((key, at) =>
    at % 2 === 0 ? [{ key: String(key), value: anyValue(attributes[at + 1] ?? '') }] : [],
  )
}

function spanJson(span: OtlpSpan): unknown {
  const { traceId, spanId, parentId, name, kind, failure } = span
  return {
    ...{ traceId, spanId, name },
    ...(parentId === '' ? {} : { parentSpanId: parentId }),
    kind: spanKinds.indexOf(kind),
    startTimeUnixNano: nanos(span.startMs),
    endTimeUnixNano: nanos(span.endMs),
    attributes: pairs(failure === undefined ? span.attributes : [...span.attributes, 'error.type', failure]),
    ...(failure === undefined ? {} : { status: { code: failed } }),
  }
}

/** An ExportTraceServiceRequest as a value for JSON. */
export function writeJsonTraces(groups: readonly ResourceSpans[]): unknown {
  return {
    resourceSpans: groups.map(({ resource, scope, spans }) => ({
      resource: { attributes: pairs(resource) },
      scopeSpans: [{ scope: { name: scope }, spans: spans.map(spanJson) }],
    })),
  }
}

function pointJson(point: NumberPoint, startMs: number): unknown {
  const { counts, bounds } = point
  const common = {
    attributes: pairs(point.attributes),
    startTimeUnixNano: nanos(startMs),
    timeUnixNano: nanos(point.atMs),
  }
  if (counts === undefined || bounds === undefined) return { ...common, asDouble: point.value }
  const count = counts.reduce((sum, one) => sum + one, 0)
  return { ...common, count: String(count), sum: point.value, bucketCounts: counts.map(String), explicitBounds: bounds }
}

function metricJson({ name, help, unit, kind, isMonotonic, points }: OtlpMetric, startMs: number): unknown {
  const dataPoints = points.map((point) => pointJson(point, startMs))
  const temporality = kind === 'gauge' ? {} : { aggregationTemporality: cumulative }
  const monotonic = kind === 'sum' ? { isMonotonic } : {}
  return { name, description: help, unit, [kind]: { dataPoints, ...temporality, ...monotonic } }
}

/** An ExportMetricsServiceRequest as a value for JSON. */
export function writeJsonMetrics(groups: readonly OtlpMetrics[], scope: string, startMs: number): unknown {
  return {
    resourceMetrics: groups.map(({ resource, metrics }) => ({
      resource: { attributes: pairs(resource) },
      scopeMetrics: [{ scope: { name: scope }, metrics: metrics.map((metric) => metricJson(metric, startMs)) }],
    })),
  }
}
