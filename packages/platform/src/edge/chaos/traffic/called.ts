// Who calls whom: the edges between services in the traces of the last hour, as the telemetry room keeps them.
import type { CallService, Clock } from '../../../kernel/ports.ts'

/** One service calls another. */
export interface CallEdge {
  readonly from: string
  readonly to: string
}

interface Listed {
  readonly traceId: string
  readonly services: readonly string[]
}

interface Span {
  readonly spanId: string
  readonly parentId?: string
  readonly service: string
}

const rememberMs = 60_000
const hourMs = 3_600_000
const maxTraces = 12
const limitMs = 3000

/** The edges of one trace (pure). */
export function edgesOf(spans: readonly Span[]): readonly CallEdge[] {
  const services = new Map(spans.map(({ spanId, service }) => [spanId, service]))
  return spans.flatMap(({ parentId, service }) => {
    const from = parentId === undefined ? undefined : services.get(parentId)
    return from === undefined || from === service ? [] : [{ from, to: service }]
  })
}

// Traces that touch the same services tell the same: one of each kind is looked at.
function worthLooking(traces: readonly Listed[]): readonly Listed[] {
  const byServices = Map.groupBy(
    traces.filter(({ services }) => services.length > 1),
    ({ services }) => services.toSorted().join(),
  )
  return [...byServices.values()].flatMap(([first]) => first ?? []).slice(0, maxTraces)
}

/** Creates the question; its answer is remembered for a minute, and empty where no traces are kept. */
export function createCallEdges(call: CallService, clock: Clock): () => Promise<readonly CallEdge[]> {
  const known = { edges: [] as readonly CallEdge[], untilMs: Number.NEGATIVE_INFINITY }
  const read = async <T>(path: string): Promise<T | undefined> => {
    const answer = await call('telemetry')(path, { timeoutMs: limitMs })
    return answer.ok ? ((await answer.json()) as T) : undefined
  }
  const look = async (): Promise<readonly CallEdge[]> => {
    const from = new Date(clock.now().getTime() - hourMs).toISOString()
    const page = await read<{ traces: readonly Listed[] }>(
      `/telemetry/traces?limit=200&from=${encodeURIComponent(from)}`,
    )
    const looked = worthLooking(page?.traces ?? []).map(({ traceId }) =>
      read<{ spans: readonly Span[] }>(`/telemetry/traces/${traceId}`),
    )
    const all = (await Promise.all(looked)).flatMap((trace) => edgesOf(trace?.spans ?? []))
    return [...new Map(all.map((edge) => [`${edge.from} ${edge.to}`, edge])).values()]
  }
  return async () => {
    if (clock.monotonicMs() < known.untilMs) return known.edges
    known.edges = await look().catch(() => known.edges) // without telemetry the map has fewer lines
    known.untilMs = clock.monotonicMs() + rememberMs
    return known.edges
  }
}
