// Metrics as an ExportMetricsServiceRequest in protobuf: gauges, sums and histograms with explicit bounds.
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.9.0/opentelemetry/proto/metrics/v1/metrics.proto
import type { Field } from '../protobuf/index.ts'
import { countItems } from './limits.ts'
import type { OtlpAttributes } from './model.ts'
import { attributesOf, bytesOf, doubleOf, fieldsOf, fixedOf, msOf, numberOf, textOf } from './read-fields.ts'
import { WireWriter } from './wire-writer.ts'
import { writeAttributes } from './write-traces.ts'

/** One value, or one histogram, at a time. */
export interface NumberPoint {
  readonly attributes: OtlpAttributes
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** The value, or the sum of a histogram. */
  readonly value: number
  /** Of a histogram: how many values, in each bucket (the last is above all bounds). */
  readonly counts?: readonly number[]
  readonly bounds?: readonly number[]
}

/** One metric. */
export interface OtlpMetric {
  readonly name: string
  readonly help: string
  /** UCUM. */
  readonly unit: string
  readonly kind: 'gauge' | 'sum' | 'histogram'
  readonly isMonotonic: boolean
  readonly points: readonly NumberPoint[]
}

/** Metrics of one resource. */
export interface OtlpMetrics {
  readonly resource: OtlpAttributes
  readonly metrics: readonly OtlpMetric[]
}

const cumulative = 2 // AGGREGATION_TEMPORALITY_CUMULATIVE
const kindFields = { gauge: 5, sum: 7, histogram: 9 } as const
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

function writePoint(writer: WireWriter, point: NumberPoint, startMs: number): void {
  const { counts, bounds } = point
  writer.nanoseconds(2, startMs)
  writer.nanoseconds(3, point.atMs)
  if (counts === undefined || bounds === undefined) {
    writer.double(4, point.value)
    writeAttributes(writer, 7, point.attributes)
    return
  }
  writer.fixed(4, total(counts))
  writer.double(5, point.value)
  writer.fixedList(6, counts)
  writer.doubleList(7, bounds)
  writeAttributes(writer, 9, point.attributes)
}

/** Writes a request; `startMs` is since when sums and histograms have been counted. */
export function writeMetrics(groups: readonly OtlpMetrics[], scope: string, startMs: number): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter()
  const writeMetric = (metric: OtlpMetric): void => {
    writer.text(1, metric.name)
    writer.text(2, metric.help)
    writer.text(3, metric.unit)
    writer.message(kindFields[metric.kind], () => {
      for (const point of metric.points) writer.message(1, () => writePoint(writer, point, startMs))
      if (metric.kind !== 'gauge') writer.integer(2, cumulative)
      if (metric.kind === 'sum') writer.integer(3, metric.isMonotonic ? 1 : 0)
    })
  }
  for (const { resource, metrics } of groups) {
    writer.message(1, () => {
      writer.message(1, () => writeAttributes(writer, 1, resource))
      writer.message(2, () => {
        writer.message(1, () => writer.text(1, scope))
        for (const metric of metrics) writer.message(2, () => writeMetric(metric))
      })
    })
  }
  return writer.finish()
}

// A repeated fixed64 or double arrives packed, or as one field each.
function listOf(fields: readonly Field[], number: number, by: (view: DataView, at: number) => number): number[] {
  return fields.flatMap((field) => {
    if (field.number !== number) return []
    const bytes = bytesOf(field)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return Array.from({ length: Math.floor(bytes.length / 8) }, (_, index) => by(view, index * 8))
  })
}

function readNumber(fields: readonly Field[]): Omit<NumberPoint, 'atMs'> {
  const double = fields.find(({ number }) => number === 4)
  const integer = fields.find(({ number }) => number === 6)
  const value = double !== undefined ? doubleOf(double) : integer !== undefined ? fixedOf(integer) : 0
  return { attributes: attributesOf(fields, 7), value }
}

function readHistogram(fields: readonly Field[]): Omit<NumberPoint, 'atMs'> {
  const sum = fields.find(({ number }) => number === 5)
  return {
    attributes: attributesOf(fields, 9),
    value: sum === undefined ? 0 : doubleOf(sum),
    counts: listOf(fields, 6, (view, at) => Number(view.getBigUint64(at, true))),
    bounds: listOf(fields, 7, (view, at) => view.getFloat64(at, true)),
  }
}

function readMetric(bytes: Uint8Array, count: () => void): OtlpMetric | undefined {
  const fields = fieldsOf(bytes)
  const text = (number: number): string => {
    const field = fields.find((one) => one.number === number)
    return field === undefined ? '' : textOf(field)
  }
  for (const kind of ['gauge', 'sum', 'histogram'] as const) {
    const data = fields.find(({ number }) => number === kindFields[kind])
    if (data === undefined) continue
    const parts = fieldsOf(bytesOf(data))
    const points = parts.flatMap((part) => {
      if (part.number !== 1) return []
      count()
      const point = fieldsOf(bytesOf(part))
      const at = point.find(({ number }) => number === 3)
      const read = kind === 'histogram' ? readHistogram(point) : readNumber(point)
      return [{ ...read, atMs: at === undefined ? 0 : msOf(at) }]
    })
    const monotonic = parts.find(({ number }) => number === 3)
    const isMonotonic = kind === 'sum' && monotonic !== undefined && numberOf(monotonic) === 1
    return { name: text(1), help: text(2), unit: text(3), kind, isMonotonic, points }
  }
  return undefined // exponential histograms and summaries are not kept
}

/** Reads a request; kinds that are not known here are left out. @throws OtlpFault when it is not one, or too large */
export function readMetrics(bytes: Uint8Array): readonly OtlpMetrics[] {
  const [count, countGroup] = [countItems(), countItems()]
  // The messages in a field; each of them counts.
  const within = (fields: readonly Field[], wanted: number): readonly Uint8Array[] =>
    fields.flatMap((field) => {
      if (field.number !== wanted) return []
      countGroup()
      return [bytesOf(field)]
    })
  return within(fieldsOf(bytes), 1).map((group) => {
    const fields = fieldsOf(group)
    const resource = fields.find(({ number }) => number === 1)
    const metrics = within(fields, 2)
      .flatMap((scoped) => within(fieldsOf(scoped), 2))
      .flatMap((metric) => readMetric(metric, count) ?? [])
    return { resource: resource === undefined ? [] : attributesOf(fieldsOf(bytesOf(resource)), 1), metrics }
  })
}
