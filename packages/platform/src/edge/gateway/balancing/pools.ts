// Chooses among the targets of an upstream: by weight or by load, without those that are unhealthy.
import type { Dispatcher } from 'undici'
import type { SocketRules } from '../../../kernel/guarded-address.ts'
import type { Clock, Instance } from '../../../kernel/ports.ts'
import { startProbes } from './probes.ts'
import type { TargetFacts, Targets } from './targets.ts'
import { leastBusy, type Turn, takeTurn } from './turn.ts'
import { type Endpoint, endpointsOf, type Upstream, type UpstreamMember } from './upstream.ts'

/** What pools need. */
export interface PoolParts {
  readonly targets: Targets
  readonly clock: Clock
  /** Healthy instances of a name; undefined when the registry does not know it. */
  readonly instancesOf: (service: string) => readonly Instance[] | undefined
  /** Connections for probes. */
  readonly agent: Dispatcher
  /** Of the sockets of probes that only knock. */
  readonly rules: SocketRules
}

/** An address of an upstream with what is known of it. */
export interface ReportedEndpoint {
  readonly upstream: Upstream
  readonly member: UpstreamMember
  readonly endpoint: Endpoint
  readonly facts: TargetFacts
  readonly isAvailable: boolean
}

/** The upstreams of a gateway. */
export interface Pools {
  /** Uses exactly these from now on; what is known of their targets stays known. */
  follow(upstreams: readonly Upstream[]): void
  has(name: string): boolean
  /** Addresses to try, in this order; undefined when there is no such upstream, none when all are unhealthy. */
  candidates(name: string): { readonly upstream: Upstream; readonly order: readonly Endpoint[] } | undefined
  /** Every address with its health, in the order of definition. */
  report(): readonly ReportedEndpoint[]
  /** Begins to probe. */
  start(): void
  close(): void
}

interface Pool {
  readonly upstream: Upstream
  turn: Turn
}

/** Creates pools that know no upstream yet. */
export function createPools({ targets, clock, instancesOf, agent, rules }: PoolParts): Pools {
  const pools = new Map<string, Pool>()
  const all = (upstream: Upstream): readonly Endpoint[] =>
    upstream.members.flatMap((member) => endpointsOf(member, instancesOf))
  const available = (upstream: Upstream): readonly Endpoint[] => {
    const endpoints = all(upstream)
    const awake = endpoints.filter(({ id }) => targets.isAvailable(id))
    const sum = (some: readonly Endpoint[]): number => some.reduce((total, { weight }) => total + weight, 0)
    return sum(awake) * 100 < upstream.thresholdPercent * sum(endpoints) ? [] : awake
  }
  const current = () => [...pools.values()].map(({ upstream }) => ({ upstream, endpoints: all(upstream) }))
  const probes = { stop: (): void => undefined }
  return {
    follow(upstreams) {
      const before = new Map([...pools].map(([name, { turn }]) => [name, turn]))
      pools.clear()
      for (const upstream of upstreams)
        pools.set(upstream.name, { upstream, turn: before.get(upstream.name) ?? new Map() })
    },
    has: (name) => pools.has(name),
    candidates(name) {
      const pool = pools.get(name)
      if (pool === undefined) return undefined
      const { upstream } = pool
      const awake = available(upstream)
      if (upstream.algorithm === 'least-connections') {
        return { upstream, order: leastBusy(awake, (id) => targets.factsOf(id).underWay) }
      }
      const taken = takeTurn(awake, pool.turn)
      pool.turn = taken.turn
      return { upstream, order: taken.order }
    },
    report() {
      return [...pools.values()].flatMap(({ upstream }) =>
        upstream.members.flatMap((member) =>
          endpointsOf(member, instancesOf).map((endpoint) => ({
            upstream,
            member,
            endpoint,
            facts: targets.factsOf(endpoint.id),
            isAvailable: targets.isAvailable(endpoint.id),
          })),
        ),
      )
    },
    start() {
      probes.stop = startProbes({ agent, rules, targets, clock, current })
    },
    close: () => probes.stop(),
  }
}
