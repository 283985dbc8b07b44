// The newest point of every series that other processes sent, shown to Prometheus beside our own metrics.
import type { NumberPoint, OtlpAttributes, OtlpMetric, OtlpMetrics } from '@xinglin/core/otlp'

/** What was received. */
export interface ReceivedMetrics {
  /** Takes metrics; returns how many points were refused because there are too many series. */
  take(groups: readonly OtlpMetrics[]): number
  /** Everything in Prometheus' text format; series that were not sent for five minutes are left out. */
  exposition(): string
}

interface Series {
  readonly family: string
  readonly labels: string
  readonly point: NumberPoint
  readonly takenMs: number
}

interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
}

const maxSeries = 10_000
const staleMs = 300_000
// A batch of thousands of new series must not look through all of them for each.
const sweepEveryMs = 1000
const units: Readonly<Record<string, string>> = { s: '_seconds', ms: '_milliseconds', By: '_bytes', '%': '_percent' }
// Of the resource, what tells processes apart.
const resourceLabels: ReadonlySet<unknown> = new Set(['service.name', 'service.namespace', 'service.instance.id'])

const underscored = (name: string): string => name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(\d)/, '_$1')
const escaped = (text: string): string => text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))

function familyOf(metric: OtlpMetric): Family {
  const isCounter = metric.kind === 'sum' && metric.isMonotonic
  const unit = units[metric.unit] ?? ''
  const base = underscored(metric.name)
  const name = `${unit !== '' && base.endsWith(unit) ? base : base + unit}${isCounter && !base.endsWith('_total') ? '_total' : ''}`
  const type = metric.kind === 'histogram' ? 'histogram' : isCounter ? 'counter' : 'gauge'
  return { name, type, help: metric.help.replace(/\s+/g, ' ') }
}

function labelsOf(resource: OtlpAttributes, own: OtlpAttributes): string {
  const pairs = (attributes: OtlpAttributes, isKept: (name: unknown) => boolean): readonly string[] =>
    attributes.flatMap((name, at) =>
      at % 2 === 0 && isKept(name) ? [`${underscored(String(name))}="${escaped(String(attributes[at + 1]))}"`] : [],
    )
  const all = [
    ...pairs(resource, (name) => resourceLabels.has(name)),
    ...pairs(own, (name) => !resourceLabels.has(name)),
  ]
  return all.toSorted().join(',')
}

function linesOf(name: string, { labels, point }: Series): readonly string[] {
  const braced = labels === '' ? '' : `{${labels}}`
  const { counts, bounds } = point
  if (counts === undefined || bounds === undefined) return [`${name}${braced} ${point.value}`]
  let below = 0
  const buckets = counts.map((count, at) => {
    below += count
    const le = bounds[at] === undefined ? '+Inf' : String(bounds[at])
    return `${name}_bucket{${labels === '' ? '' : `${labels},`}le="${le}"} ${below}`
  })
  return [...buckets, `${name}_sum${braced} ${point.value}`, `${name}_count${braced} ${below}`]
}

/** Creates an empty store; `nowMs` is a monotonic clock. */
export function createReceivedMetrics(nowMs: () => number): ReceivedMetrics {
  const families = new Map<string, Family>()
  const series = new Map<string, Series>()
  const sweep = { atMs: Number.NEGATIVE_INFINITY }
  const dropStale = (): void => {
    for (const [key, { takenMs }] of series) if (nowMs() - takenMs > staleMs) series.delete(key)
    sweep.atMs = nowMs()
    const used = new Set([...series.values()].map(({ family }) => family))
    for (const name of families.keys()) if (!used.has(name)) families.delete(name)
  }
  const keep = (family: Family, labels: string, point: NumberPoint): boolean => {
    const key = `${family.name}{${labels}}`
    const isNew = !series.has(key)
    if (isNew && series.size >= maxSeries && nowMs() - sweep.atMs >= sweepEveryMs) dropStale()
    // One name cannot be two types in Prometheus: the first one stays, as long as it is sent.
    const known = families.get(family.name) ?? family
    if ((isNew && series.size >= maxSeries) || known.type !== family.type) return false
    families.set(family.name, known)
    series.set(key, { family: family.name, labels, point, takenMs: nowMs() })
    return true
  }
  return {
    take(groups) {
      let refused = 0
      for (const { resource, metrics } of groups) {
        for (const metric of metrics) {
          const family = familyOf(metric)
          for (const point of metric.points) {
            if (!keep(family, labelsOf(resource, point.attributes), point)) refused += 1
          }
        }
      }
      return refused
    },
    exposition() {
      dropStale()
      const grouped = Map.groupBy(series.values(), ({ family }) => family)
      const lines = [...grouped].flatMap(([name, own]) => {
        const { type = 'gauge', help = '' } = families.get(name) ?? {}
        return [
          `# HELP ${name} ${escaped(help)}`,
          `# TYPE ${name} ${type}`,
          ...own.flatMap((one) => linesOf(name, one)),
        ]
      })
      return lines.length === 0 ? '' : `${lines.join('\n')}\n`
    },
  }
}
