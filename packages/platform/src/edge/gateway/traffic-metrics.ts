// What the gateway counts, with few values a label: routes, services and classes of status, never a path or a person.
import type { Telemetry } from '../../kernel/ports.ts'
import type { Pools } from './balancing/pools.ts'
import type { Plan } from './routing/plan.ts'

/** Why a request was not let in. */
export type ShedReason = 'in-flight' | 'event-loop'

/** The counters of a gateway. */
export interface TrafficMetrics {
  /** An answer is out, or the client went away before it was (`isComplete` false). */
  answered(plan: Plan | undefined, answer: { status: number; isComplete: boolean; seconds: number }): void
  retried(service: string): void
  shed(reason: ShedReason): void
  limited(plan: Plan): void
  /** A WebSocket or gRPC stream began or ended. */
  streams(kind: 'websocket' | 'grpc', change: 1 | -1): void
}

/** What is read when somebody asks. */
export interface TrafficGauges {
  readonly pools: Pools
  readonly inFlight: () => number
}

const classes = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx']
const circuitValues = { closed: 0, 'half-open': 1, open: 2 } as const

function registerTargets({ metrics }: Telemetry, pools: Pools): void {
  const labels = ['upstream', 'target'] as const
  metrics.observed(
    {
      name: 'xinglin.gateway.upstream.target.health',
      help: '1 where a target of an upstream is in use, else 0',
      labels,
    },
    () =>
      pools.report().map(({ upstream, member, isAvailable }) => ({
        value: Number(isAvailable),
        labels: { upstream: upstream.name, target: `${member.host}:${member.port}` },
      })),
  )
  metrics.observed(
    { name: 'xinglin.gateway.upstream.target.circuit', help: '0 closed, 1 half-open, 2 open', labels },
    () =>
      pools.report().map(({ upstream, member, facts }) => ({
        value: circuitValues[facts.circuit],
        labels: { upstream: upstream.name, target: `${member.host}:${member.port}` },
      })),
  )
}

/** Declares the metrics of the gateway. */
export function createTrafficMetrics(telemetry: Telemetry, { pools, inFlight }: TrafficGauges): TrafficMetrics {
  const { metrics } = telemetry
  registerTargets(telemetry, pools)
  const open = { websocket: 0, grpc: 0 }
  metrics.observed(
    { name: 'xinglin.gateway.requests.active', help: 'Requests that are not answered yet', labels: [] },
    () => [{ value: inFlight(), labels: {} }],
  )
  metrics.observed({ name: 'xinglin.gateway.streams.active', help: 'Open streams by kind', labels: ['kind'] }, () =>
    Object.entries(open).map(([kind, value]) => ({ value, labels: { kind } })),
  )
  const requests = metrics.counter({
    name: 'xinglin.gateway.requests',
    help: 'Answers by route, service and class of status; aborted: the client went away first',
    labels: ['route', 'service', 'status_class'],
  })
  const duration = metrics.histogram({
    name: 'xinglin.gateway.request.duration',
    help: 'From the head of a request to the end of its answer',
    unit: 's',
    labels: ['service'],
  })
  const retries = metrics.counter({
    name: 'xinglin.gateway.retries',
    help: 'Attempts at another target after a first one failed',
    labels: ['service'],
  })
  const sheds = metrics.counter({
    name: 'xinglin.gateway.shed',
    help: 'Requests refused because the gateway has too much to do',
    labels: ['reason'],
  })
  const limits = metrics.counter({
    name: 'xinglin.gateway.limited',
    help: 'Requests refused by a rate limit',
    labels: ['route'],
  })
  return {
    answered(plan, { status, isComplete, seconds }) {
      const service = plan?.service ?? 'gateway'
      const statusClass = isComplete ? (classes[Math.trunc(status / 100)] ?? '0xx') : 'aborted'
      requests({ route: plan?.name ?? 'own', service, status_class: statusClass })
      if (plan !== undefined) duration(seconds, { service })
    },
    retried: (service) => retries({ service }),
    shed: (reason) => sheds({ reason }),
    limited: (plan) => limits({ route: plan.name }),
    streams(kind, change) {
      open[kind] += change
    },
  }
}
