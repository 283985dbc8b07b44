// Where a service's requests can go now: an upstream of its name, instances of the registry, or the address that was defined.
import type { Instance } from '../../../kernel/ports.ts'
import type { Endpoint, Upstream } from '../balancing/upstream.ts'
import type { Connections } from '../http1/index.ts'
import type { KongService } from '../kong/entities.ts'
import type { DeliveryParts } from './delivery-parts.ts'
import { type Origin, originUrl } from './origins.ts'

/** Addresses to try, and the connections to them. */
export interface Choice {
  readonly origins: readonly Origin[]
  readonly connections: Connections
  /** Whether an upstream of Kong's kind chose them. */
  readonly isBalanced: boolean
}

interface Way {
  readonly protocol: string
  readonly connections: Connections
}

const maxDirect = 3

function originOf({ id, address, port }: Endpoint | Instance, protocol: string): Origin {
  return { id, url: originUrl(protocol, address, port) }
}

function balanced({ upstream, order }: { upstream: Upstream; order: readonly Endpoint[] }, way: Way): Choice {
  const { passive: rules, hostHeader } = upstream
  const origins = order.map((endpoint) => ({
    ...originOf(endpoint, way.protocol),
    rules,
    ...(hostHeader === undefined ? {} : { hostHeader }),
  }))
  return { origins, connections: way.connections, isBalanced: true }
}

function discovered(instances: readonly Instance[], { targets }: DeliveryParts, way: Way): Choice {
  const awake = instances.filter(({ id }) => targets.isAvailable(id))
  return { origins: awake.map((one) => originOf(one, way.protocol)), connections: way.connections, isBalanced: false }
}

/** The upstream that stands for a service of the product, by its name or `<name>-service`. */
export function upstreamOf(service: string, { pools }: Pick<DeliveryParts, 'pools'>): string | undefined {
  return [service, `${service}-service`].find((name) => pools.has(name))
}

/** Where a service of the product is in other processes. */
export function chooseInstances(service: string, parts: DeliveryParts): Choice {
  const { origins, pools, extra } = parts
  const way: Way = {
    protocol: extra.transport?.protocol ?? 'http',
    connections: parts.connectionsTo(service),
  }
  const name = upstreamOf(service, parts)
  const choice = name === undefined ? undefined : pools.candidates(name)
  if (choice !== undefined) return balanced(choice, way)
  return discovered(origins.inTurn(service) ?? origins.inTurn(`${service}-service`) ?? [], parts, way)
}

// The address that was defined, once for each attempt. A defined service is never changed, only replaced.
const direct = new WeakMap<KongService, readonly Origin[]>()

function directOrigins(service: KongService, protocol: string): readonly Origin[] {
  const known = direct.get(service)
  if (known !== undefined) return known
  const { id, host, port, retries } = service
  const origin = { id, url: originUrl(protocol, host, port) }
  const made = Array.from({ length: Math.min(retries + 1, maxDirect) }, () => origin)
  direct.set(service, made)
  return made
}

/** Where a service that was defined at the admin port is. */
export function chooseUpstream(service: KongService, parts: DeliveryParts): Choice {
  const { origins, pools, connections } = parts
  const way: Way = { protocol: service.protocol.endsWith('s') ? 'https' : 'http', connections }
  const choice = pools.candidates(service.host)
  if (choice !== undefined) return balanced(choice, way)
  const known = origins.inTurn(service.host)
  if (known !== undefined) return discovered(known, parts, way)
  return { origins: directOrigins(service, way.protocol), connections, isBalanced: false }
}
