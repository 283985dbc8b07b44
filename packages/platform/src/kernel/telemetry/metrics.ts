// The metrics of a process: declared by OpenTelemetry's names, kept by prom-client, shown in Prometheus' text format.
// Names become Prometheus' by https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/.
import { AppError } from '@xinglin/core/errors'
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client'
import type { Instrument, Metrics } from '../ports.ts'

/** What metrics are made of. */
export interface MetricsOptions {
  /** Attributes of the process, shown as `target_info`. */
  readonly resource: Readonly<Record<string, string>>
  /** Adds CPU, memory, event loop and garbage collection of the process; default true. */
  readonly hasProcessMetrics?: boolean
}

/** Metrics, and what the OTLP exporter reads them from. */
export interface RegisteredMetrics extends Metrics {
  readonly registry: Registry
  /** Declared instruments by their name in the registry. */
  readonly instruments: ReadonlyMap<string, Instrument<string>>
}

type Cell = Counter | Histogram | Gauge

// Boundaries that the semantic conventions advise for durations in seconds, from 1 ms on because most of our statements are quicker than 5.
const secondBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const unitNames = { s: '_seconds', By: '_bytes' } as const

const underscored = (name: string): string => name.replace(/[^A-Za-z0-9_:]/g, '_')

function promName({ name, unit }: Instrument<string>, suffix: string): string {
  return `${underscored(name)}${unit === undefined ? '' : unitNames[unit]}${suffix}`
}

function addTargetInfo(registry: Registry, resource: MetricsOptions['resource']): void {
  const labels = Object.fromEntries(Object.entries(resource).map(([name, value]) => [underscored(name), value]))
  new Gauge({
    name: 'target_info',
    help: 'The process that these metrics are of',
    labelNames: Object.keys(labels),
    registers: [registry],
  }).set(labels, 1)
}

/** Creates the metrics of a process; declaring an instrument twice gives the same one. */
export function createMetrics({ resource, hasProcessMetrics = true }: MetricsOptions): RegisteredMetrics {
  const registry = new Registry()
  const instruments = new Map<string, Instrument<string>>()
  addTargetInfo(registry, resource)
  if (hasProcessMetrics) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 })

  const declare = <C extends Cell>(
    instrument: Instrument<string>,
    suffix: string,
    make: (common: { name: string; help: string; labelNames: string[]; registers: Registry[] }) => C,
  ): C => {
    const name = promName(instrument, suffix)
    const known = registry.getSingleMetric(name) as Metric | undefined
    if (known !== undefined && instruments.get(name)?.labels.join() !== instrument.labels.join()) {
      throw new AppError('internal', `The metric ${name} is declared twice with different labels`)
    }
    if (known !== undefined) return known as C // the same name with another kind differs in its suffix
    instruments.set(name, instrument)
    return make({ name, help: instrument.help, labelNames: instrument.labels.map(underscored), registers: [registry] })
  }
  return {
    registry,
    instruments,
    counter: (instrument) => {
      const cell = declare(instrument, '_total', (common) => new Counter(common))
      return (labels, by = 1) => cell.inc(labels as Record<string, string>, by)
    },
    histogram: (instrument) => {
      const buckets = [...(instrument.buckets ?? secondBuckets)]
      const cell = declare(instrument, '', (common) => new Histogram({ ...common, buckets }))
      return (value, labels) => cell.observe(labels as Record<string, string>, value)
    },
    gauge: (instrument) => {
      const cell = declare(instrument, '', (common) => new Gauge(common))
      return (value, labels) => cell.set(labels as Record<string, string>, value)
    },
    observed: (instrument, read) => {
      declare(instrument, '', (common) => {
        const collect = function (this: Gauge): void {
          this.reset()
          for (const { value, labels } of read()) this.set(labels as Record<string, string>, value)
        }
        return new Gauge({ ...common, collect })
      })
    },
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
