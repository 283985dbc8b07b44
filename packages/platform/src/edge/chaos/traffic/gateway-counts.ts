// What the gateway has counted of each service, read from the metrics of its process in Prometheus' text format (pure).

/** Counts since the process began. */
export interface ServiceCounts {
  readonly requests: number
  /** Answered with 5xx. */
  readonly failed: number
  /** Upper bounds in seconds, and how many requests took at most so long; the last bucket has no bound. */
  readonly bounds: readonly number[]
  readonly buckets: readonly number[]
}

const requestsName = 'xinglin_gateway_requests_total'
const durationName = 'xinglin_gateway_request_duration_seconds_bucket'

interface Line {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function parseLine(text: string): Line | undefined {
  const [, name, labelled = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(text) ?? []
  if (name !== requestsName && name !== durationName) return undefined
  const labels = [...labelled.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text_ = '']) => [key, text_])
  return { name, labels: Object.fromEntries(labels), value: Number(value) }
}

function durations(lines: readonly Line[]): Pick<ServiceCounts, 'bounds' | 'buckets'> {
  const cumulative = lines
    .filter(({ name }) => name === durationName)
    .map(({ labels, value }) => ({
      bound: Number(labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : labels['le']),
      value,
    }))
    .toSorted((one, other) => one.bound - other.bound)
  return {
    bounds: cumulative.map(({ bound }) => bound).filter(Number.isFinite),
    buckets: cumulative.map(({ value }, index) => value - (cumulative[index - 1]?.value ?? 0)),
  }
}

/** Reads the counts of each service that the gateway delivers to; empty where no gateway runs in the process. */
export function gatewayCounts(exposition: string): ReadonlyMap<string, ServiceCounts> {
  const lines = exposition.split('\n').flatMap((text) => parseLine(text) ?? [])
  const byService = Map.groupBy(lines, ({ labels }) => labels['service'] ?? '')
  return new Map(
    [...byService].map(([service, own]) => {
      const answers = own.filter(({ name }) => name === requestsName)
      const sum = (some: readonly Line[]): number => some.reduce((all, { value }) => all + value, 0)
      const failed = answers.filter(({ labels }) => labels['status_class'] === '5xx')
      return [service, { requests: sum(answers), failed: sum(failed), ...durations(own) }]
    }),
  )
}

/** What was added between two readings; a counter that went back began anew. */
export function addedSince(before: ServiceCounts | undefined, now: ServiceCounts): ServiceCounts {
  if (before === undefined || before.requests > now.requests) return now
  return {
    requests: now.requests - before.requests,
    failed: now.failed - before.failed,
    bounds: now.bounds,
    buckets: now.buckets.map((count, index) => count - (before.buckets[index] ?? 0)),
  }
}

/** Milliseconds below which the share (0 to 1) of requests stayed: the bound of its bucket; undefined without requests. */
export function quantileMs(
  { bounds, buckets }: Pick<ServiceCounts, 'bounds' | 'buckets'>,
  share: number,
): number | undefined {
  const total = buckets.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let below = 0
  for (const [index, count] of buckets.entries()) {
    below += count
    if (below >= total * share) return Math.round((bounds[index] ?? bounds.at(-1) ?? 0) * 1000)
  }
  return undefined
}
