// The metrics of this process as OTLP: our own under OpenTelemetry's names again, those of the runtime as prom-client calls them.
import { type NumberPoint, type OtlpMetric, type OtlpValue, writeJsonMetrics, writeMetrics } from '@xinglin/core/otlp'
import type { Instrument } from '../../kernel/ports.ts'
import type { RegisteredMetrics } from '../../kernel/telemetry/index.ts'
import type { OtlpBody } from './send.ts'
import { scopeName } from './traces.ts'

/** What makes a request from metrics. */
export interface MetricRequestOptions {
  readonly resource: Readonly<Record<string, string>>
  /** Milliseconds since 1970: now, and since when is counted. */
  readonly atMs: number
  readonly sinceMs: number
  readonly isJson: boolean
}

type Labels = Readonly<Record<string, string | number | undefined>>

interface Value {
  readonly labels: Labels
  readonly value: number
  readonly metricName?: string
}

interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly Value[]
}

const upperBound = 'le'

function attributesOf(labels: Labels, instrument: Instrument<string> | undefined): readonly OtlpValue[] {
  const names = new Map(instrument?.labels.map((label) => [label.replace(/[^A-Za-z0-9_:]/g, '_'), label]))
  return Object.entries(labels).flatMap(([label, value]) =>
    label === upperBound || value === undefined || value === '' ? [] : [names.get(label) ?? label, value],
  )
}

// Prometheus' buckets count all values up to their bound; OTLP's count those between two bounds.
function histogramPoint(own: readonly Value[], atMs: number, attributes: readonly OtlpValue[]): NumberPoint {
  const buckets = own.filter(({ metricName = '' }) => metricName.endsWith('_bucket'))
  const sum = own.find(({ metricName = '' }) => metricName.endsWith('_sum'))?.value ?? 0
  const bounds = buckets.map(({ labels }) => Number(labels[upperBound])).filter(Number.isFinite)
  const counts = buckets.map(({ value }, at) => value - (buckets[at - 1]?.value ?? 0))
  return { attributes, atMs, value: sum, counts, bounds }
}

function pointsOf(family: Family, instrument: Instrument<string> | undefined, atMs: number): readonly NumberPoint[] {
  if (family.type !== 'histogram') {
    return family.values.map(({ labels, value }) => ({ attributes: attributesOf(labels, instrument), atMs, value }))
  }
  const keyOf = ({ labels }: Value): string => JSON.stringify(attributesOf(labels, instrument))
  return [...Map.groupBy(family.values, keyOf).values()].map((own) =>
    histogramPoint(own, atMs, attributesOf(own[0]?.labels ?? {}, instrument)),
  )
}

const kinds: Readonly<Record<string, OtlpMetric['kind']>> = { counter: 'sum', gauge: 'gauge', histogram: 'histogram' }

function metricOf(family: Family, instrument: Instrument<string> | undefined, atMs: number): readonly OtlpMetric[] {
  const kind = kinds[family.type]
  if (kind === undefined || family.name === 'target_info') return [] // the resource says it
  const points = pointsOf(family, instrument, atMs)
  const { name = family.name, unit = '' } = instrument ?? {}
  return points.length === 0 ? [] : [{ name, help: family.help, unit, kind, isMonotonic: kind === 'sum', points }]
}

/** The body of a request. */
export async function metricRequest(metrics: RegisteredMetrics, options: MetricRequestOptions): Promise<OtlpBody> {
  const { resource, atMs, sinceMs, isJson } = options
  const families = (await metrics.registry.getMetricsAsJSON()) as unknown as readonly Family[] // its types leave out metricName
  const all = families.flatMap((family) => metricOf(family, metrics.instruments.get(family.name), atMs))
  const groups = [{ resource: Object.entries({ 'service.name': 'xinglin', ...resource }).flat(), metrics: all }]
  const bytes = isJson
    ? new TextEncoder().encode(JSON.stringify(writeJsonMetrics(groups, scopeName, sinceMs)))
    : writeMetrics(groups, scopeName, sinceMs)
  return { isJson, bytes }
}
