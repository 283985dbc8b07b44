// Every address that this gateway sends requests to, with its health and circuit, as operators see them (pure).
import type { GatewayExtra } from '../extra.ts'
import type { KongService } from '../kong/entities.ts'
import { upstreamOf } from '../proxy/choose-origins.ts'
import type { Origins } from '../proxy/origins.ts'
import type { Pools, ReportedEndpoint } from './pools.ts'
import type { TargetFacts, Targets } from './targets.ts'

/** One address. */
export interface ReportedTarget {
  /** Names of the services that are reached by it, joined by commas. */
  readonly service: string
  /** `local`: in this very process; `instance`: the registry told it; `upstream`: defined with a weight; `address`: defined alone; `none`: nobody serves it. */
  readonly kind: 'local' | 'instance' | 'upstream' | 'address' | 'none'
  /** `host:port`; null in this process, and where there is none. */
  readonly address: string | null
  readonly upstream: string | null
  /** What the registry calls it, or the target as it was defined: tells a canary from what it stands beside. */
  readonly version: string | null
  /** `unwatched` where neither a probe nor the registry watches it. */
  readonly health: 'healthy' | 'unhealthy' | 'unwatched'
  readonly circuit: TargetFacts['circuit']
  /** Whether the next request may go there. */
  readonly isInUse: boolean
  /** Null in this process, where requests are not counted by address. */
  readonly underWay: number | null
  /** Share of the upstream's requests now, 0 to 1; null outside upstreams. */
  readonly share: number | null
}

/** What is reported from. */
export interface TargetReportParts {
  readonly extra: Pick<GatewayExtra, 'routes' | 'localHandler'>
  readonly pools: Pools
  readonly targets: Targets
  readonly origins: Pick<Origins, 'instancesOf'>
  /** Those that were defined at the admin port. */
  readonly services: readonly KongService[]
}

const idle = { upstream: null, version: null, circuit: 'closed', underWay: null, share: null } as const

function hostAndPort(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

function instancesOf(
  service: string,
  name: string,
  { origins, targets }: TargetReportParts,
): readonly ReportedTarget[] {
  return (origins.instancesOf(name) ?? []).map(({ id, address, port, tags, healthy }) => ({
    ...{ service, kind: 'instance', address: hostAndPort(address, port), upstream: null, share: null },
    version: tags.length === 0 ? null : tags.join(', '),
    health: healthy ? 'healthy' : 'unhealthy',
    circuit: targets.factsOf(id).circuit,
    isInUse: healthy && targets.isAvailable(id),
    underWay: targets.factsOf(id).underWay,
  }))
}

function productRows(parts: TargetReportParts): readonly ReportedTarget[] {
  const { extra } = parts
  const names = [...new Set(extra.routes.map(({ service }) => service))]
  return names.flatMap((service): readonly ReportedTarget[] => {
    if (upstreamOf(service, parts) !== undefined) return [] // its upstream's rows tell
    if (extra.localHandler(service) !== undefined) {
      return [{ ...idle, service, kind: 'local', address: null, health: 'healthy', isInUse: true }]
    }
    const found = [service, `${service}-service`].map((name) => instancesOf(service, name, parts))
    const rows = found.find(({ length }) => length > 0)
    return rows ?? [{ ...idle, service, kind: 'none', address: null, health: 'unhealthy', isInUse: false }]
  })
}

const isProduct = ({ host }: KongService, { extra }: TargetReportParts): boolean =>
  extra.routes.some(({ service }) => [service, `${service}-service`].includes(host.toLowerCase()))

function definedRows(parts: TargetReportParts): readonly ReportedTarget[] {
  const { services, pools, targets } = parts
  const own = services.filter((one) => !pools.has(one.host) && !isProduct(one, parts))
  return own.flatMap((one): readonly ReportedTarget[] => {
    const service = one.name ?? one.id
    const found = instancesOf(service, one.host, parts)
    if (found.length > 0) return found
    const { circuit, underWay } = targets.factsOf(one.id)
    const address = hostAndPort(one.host, one.port)
    const isInUse = targets.isAvailable(one.id)
    return [{ ...idle, service, kind: 'address', address, health: 'unwatched', circuit, isInUse, underWay }]
  })
}

function healthOf({ endpoint, facts }: ReportedEndpoint): ReportedTarget['health'] {
  if (facts.probe !== 'unknown') return facts.probe
  return endpoint.service === undefined ? 'unwatched' : 'healthy' // the registry told no others
}

function upstreamRows(parts: TargetReportParts): readonly ReportedTarget[] {
  const all = parts.pools.report()
  const product = new Map(parts.extra.routes.map(({ service }) => [upstreamOf(service, parts), service]))
  return all.map((one) => {
    const { upstream, member, endpoint, facts, isAvailable } = one
    const awake = all.filter((other) => other.upstream === upstream && other.isAvailable)
    const sum = awake.reduce((total, other) => total + other.endpoint.weight, 0)
    const defined = parts.services.flatMap(({ host, name, id }) => (host === upstream.name ? [name ?? id] : []))
    const names = [product.get(upstream.name) ?? [], defined].flat()
    return {
      service: names.length === 0 ? upstream.name : names.join(', '),
      ...{ kind: 'upstream', address: hostAndPort(endpoint.address, endpoint.port), upstream: upstream.name },
      version: member.host === endpoint.address ? null : member.host,
      health: healthOf(one),
      ...{ circuit: facts.circuit, isInUse: isAvailable && endpoint.weight > 0, underWay: facts.underWay },
      share: !isAvailable || sum === 0 ? 0 : endpoint.weight / sum,
    }
  })
}

/** The report, by service. */
export function reportTargets(parts: TargetReportParts): readonly ReportedTarget[] {
  const rows = [...productRows(parts), ...upstreamRows(parts), ...definedRows(parts)]
  return rows.toSorted((one, other) => (one.service < other.service ? -1 : one.service > other.service ? 1 : 0))
}
