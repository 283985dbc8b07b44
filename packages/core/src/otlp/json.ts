// OTLP as JSON: names in lowerCamelCase, ids in hex, 64-bit numbers as text or number, enumerations as numbers.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import { bounded, countItems, OtlpFault, otlpLimits } from './limits.ts'
import type { NumberPoint, OtlpMetric, OtlpMetrics } from './metrics.ts'
import { type OtlpAttributes, type OtlpSpan, type OtlpValue, type ResourceSpans, spanKinds } from './model.ts'
import { checkedSpan, failureOf } from './read-traces.ts'

type Json = Readonly<Record<string, unknown>>

const failed = 2 // STATUS_CODE_ERROR
const nanosPerMs = 1_000_000n

function object(value: unknown): Json {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new OtlpFault('An object is expected where there is none')
  return value as Json // checked above
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new OtlpFault('A list is expected where there is none')
  return value
}

const text = (value: unknown): string => (typeof value === 'string' ? bounded(value) : '')

function number(value: unknown): number {
  const read = typeof value === 'string' || typeof value === 'number' ? Number(value) : 0
  if (Number.isNaN(read)) throw new OtlpFault('A number is expected where there is none')
  return read
}

function ms(value: unknown): number {
  if (typeof value === 'number') return value / 1e6
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value))
    throw new OtlpFault('A time is not nanoseconds since 1970')
  const nanos = BigInt(value)
  return Number(nanos / nanosPerMs) + Number(nanos % nanosPerMs) / 1e6
}

function anyValue(value: unknown, depth = 0): OtlpValue {
  const it = object(value)
  if (depth > otlpLimits.depth) return ''
  if (it['stringValue'] !== undefined) return text(it['stringValue'])
  if (it['boolValue'] !== undefined) return it['boolValue'] === true
  if (it['intValue'] !== undefined) return number(it['intValue'])
  if (it['doubleValue'] !== undefined) return number(it['doubleValue'])
  if (it['arrayValue'] !== undefined) {
    const items = list(object(it['arrayValue'])['values']).slice(0, otlpLimits.attributes)
    return bounded(JSON.stringify(items.map((item) => anyValue(item, depth + 1))))
  }
  const pairs = attributes(object(it['kvlistValue'])['values'], depth + 1)
  const entries = pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1]] as const] : []))
  return entries.length === 0 ? '' : bounded(JSON.stringify(Object.fromEntries(entries)))
}

function attributes(value: unknown, depth = 0): OtlpAttributes {
  return list(value)
    .slice(0, otlpLimits.attributes)
    .flatMap((pair) => [text(object(pair)['key']), anyValue(object(pair)['value'], depth)])
}

function span(value: unknown): OtlpSpan {
  const it = object(value)
  const own = attributes(it['attributes'])
  return checkedSpan({
    traceId: text(it['traceId']).toLowerCase(),
    spanId: text(it['spanId']).toLowerCase(),
    parentId: text(it['parentSpanId']).toLowerCase(),
    name: text(it['name']),
    kind: spanKinds[number(it['kind'])] ?? 'unspecified',
    startMs: ms(it['startTimeUnixNano']),
    endMs: ms(it['endTimeUnixNano']),
    attributes: own,
    failure: failureOf(own, number(object(it['status'])['code']) === failed),
  })
}

/** Reads an ExportTraceServiceRequest from its parsed JSON. @throws OtlpFault when it is not one, or too large */
export function readJsonTraces(value: unknown): readonly ResourceSpans[] {
  const [count, countGroup] = [countItems(), countItems()]
  return list(object(value)['resourceSpans']).flatMap((group) => {
    countGroup()
    const resource = attributes(object(object(group)['resource'])['attributes'])
    return list(object(group)['scopeSpans']).map((scoped) => {
      countGroup()
      const spans = list(object(scoped)['spans']).map((one) => {
        count()
        return span(one)
      })
      return { resource, scope: text(object(object(scoped)['scope'])['name']), spans }
    })
  })
}

function point(value: unknown, kind: OtlpMetric['kind']): NumberPoint {
  const it = object(value)
  const common = { attributes: attributes(it['attributes']), atMs: ms(it['timeUnixNano'] ?? '0') }
  if (kind !== 'histogram') return { ...common, value: number(it['asDouble'] ?? it['asInt']) }
  const counts = list(it['bucketCounts']).map(number)
  return { ...common, value: number(it['sum']), counts, bounds: list(it['explicitBounds']).map(number) }
}

function metric(value: unknown, count: () => void): readonly OtlpMetric[] {
  const it = object(value)
  return (['gauge', 'sum', 'histogram'] as const).flatMap((kind) => {
    if (it[kind] === undefined) return []
    const data = object(it[kind])
    const points = list(data['dataPoints']).map((one) => {
      count()
      return point(one, kind)
    })
    const isMonotonic = kind === 'sum' && data['isMonotonic'] === true
    return [
      { name: text(it['name']), help: text(it['description']), unit: text(it['unit']), kind, isMonotonic, points },
    ]
  })
}

/** Reads an ExportMetricsServiceRequest from its parsed JSON. @throws OtlpFault when it is not one, or too large */
export function readJsonMetrics(value: unknown): readonly OtlpMetrics[] {
  const [count, countGroup] = [countItems(), countItems()]
  const within = (holder: unknown, name: string): readonly Json[] =>
    list(object(holder)[name]).map((one) => {
      countGroup()
      return object(one)
    })
  return within(value, 'resourceMetrics').map((group) => ({
    resource: attributes(object(group['resource'])['attributes']),
    metrics: within(group, 'scopeMetrics')
      .flatMap((scoped) => within(scoped, 'metrics'))
      .flatMap((one) => metric(one, count)),
  }))
}
