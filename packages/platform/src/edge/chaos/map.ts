// The map of the house: every service with its replicas and health, who calls whom, and what the gateway measured of each.
import type { Clock, Registry } from '../../kernel/ports.ts'
import type { Sql } from '../../kernel/sql.ts'
import type { CallEdge } from './traffic/called.ts'
import { quantileMs, type ServiceCounts } from './traffic/gateway-counts.ts'
import { readTraffic } from './traffic/traffic-store.ts'

/** A service of the product. */
export interface KnownService {
  readonly name: string
  readonly isHere: boolean
}

/** What the map is drawn from. */
export interface MapParts {
  readonly sql: Sql
  readonly clock: Clock
  readonly registry: Pick<Registry, 'instances'>
  readonly services: readonly KnownService[]
  /** Why a service is not ready; empty when it is. */
  readonly readiness: () => Promise<Readonly<Record<string, readonly string[]>>>
  readonly edges: () => Promise<readonly CallEdge[]>
}

/** A service on the map. */
export interface MappedService {
  readonly name: string
  /** Healthy instances; 1 where it lives in this very process. */
  readonly replicas: number
  readonly isHere: boolean
  readonly reasons: readonly string[]
  readonly requests: number
  /** 0 to 1; null without requests. */
  readonly success: number | null
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Requests and failures of each minute of the last hour that had some. */
  readonly minutes: readonly { readonly at: Date; readonly requests: number; readonly failed: number }[]
}

const hourMs = 3_600_000

function added(all: readonly ServiceCounts[]): ServiceCounts {
  const newest = all.at(-1)
  const alike = all.filter(({ bounds }) => bounds.join() === newest?.bounds.join())
  return {
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    bounds: newest?.bounds ?? [],
    buckets: (newest?.buckets ?? []).map((_, index) =>
      alike.reduce((sum, { buckets }) => sum + (buckets[index] ?? 0), 0),
    ),
  }
}

/** Draws the map; figures are of the last hour. */
export async function drawMap(parts: MapParts): Promise<{
  readonly services: readonly MappedService[]
  readonly calls: readonly CallEdge[]
}> {
  const { sql, clock, registry, services } = parts
  const [traffic, reasons, traced] = await Promise.all([
    readTraffic(sql, new Date(clock.now().getTime() - hourMs)),
    parts.readiness(),
    parts.edges(),
  ])
  const mapped = services.map(({ name, isHere }): MappedService => {
    const own = traffic.filter(({ service }) => service === name)
    const all = added(own)
    return {
      name,
      isHere,
      replicas: isHere ? 1 : registry.instances(name).filter(({ healthy }) => healthy).length,
      reasons: reasons[name] ?? [],
      requests: all.requests,
      success: all.requests === 0 ? null : 1 - all.failed / all.requests,
      p50Ms: quantileMs(all, 0.5) ?? null,
      p99Ms: quantileMs(all, 0.99) ?? null,
      minutes: own.map(({ minute, requests, failed }) => ({ at: minute, requests, failed })),
    }
  })
  const delivered = mapped.filter(({ requests, name }) => requests > 0 && name !== 'gateway')
  const calls = [...delivered.map(({ name }) => ({ from: 'gateway', to: name })), ...traced]
  return { services: mapped, calls: [...new Map(calls.map((edge) => [`${edge.from} ${edge.to}`, edge])).values()] }
}
