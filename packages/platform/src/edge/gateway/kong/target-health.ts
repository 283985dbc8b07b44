// How the targets of an upstream are, and an operator's word on one of them, at Kong's addresses for both.
import type { Pools, ReportedEndpoint } from '../balancing/pools.ts'
import type { Targets } from '../balancing/targets.ts'
import { findAmong, findEntity } from './changes.ts'
import type { KongState } from './entities.ts'
import { notFound } from './kong-error.ts'

/** What the addresses are answered from; it is known of this process alone. */
export interface HealthParts {
  readonly pools: Pools
  readonly targets: Targets
}

/** An address below an upstream that is no entity. */
export type HealthTarget =
  | { readonly kind: 'report'; readonly upstream: string }
  | { readonly kind: 'word'; readonly upstream: string; readonly target: string; readonly isHealthy: boolean }

const pattern = /^\/upstreams\/([^/]+)\/(?:health|targets\/([^/]+)\/(?:[^/]+\/)?(healthy|unhealthy))$/

/** Reads `/upstreams/{u}/health` and `/upstreams/{u}/targets/{t}/healthy` or `…/unhealthy`; undefined for any other. */
export function parseHealthPath(path: string): HealthTarget | undefined {
  const [, upstream, target, word] = pattern.exec(path) ?? []
  if (upstream === undefined) return undefined
  try {
    const name = decodeURIComponent(upstream)
    if (target === undefined) return { kind: 'report', upstream: name }
    return { kind: 'word', upstream: name, target: decodeURIComponent(target), isHealthy: word === 'healthy' }
  } catch {
    return undefined // a broken escape names nothing
  }
}

function healthOf({ upstream, isAvailable, facts }: ReportedEndpoint): string {
  if (!isAvailable) return 'UNHEALTHY'
  const isWatched = upstream.active !== undefined || upstream.passive.httpFailures > 0 || facts.probe !== 'unknown'
  return isWatched ? 'HEALTHY' : 'HEALTHCHECKS_OFF'
}

/** The report of an upstream's targets in Kong's shape; a name that the registry does not know has no address. */
export function healthReport(upstreamKey: string, state: KongState, { pools }: HealthParts): unknown {
  const upstream = findEntity(state, 'upstreams', upstreamKey)
  if (upstream === undefined) throw notFound()
  const endpoints = pools.report().filter((one) => one.upstream.id === upstream.id)
  const data = state.targets
    .filter((target) => target.upstream.id === upstream.id)
    .map((target) => {
      const own = endpoints.filter(({ member }) => member.id === target.id)
      const addresses = own.map((one) => ({
        ip: one.endpoint.address,
        port: one.endpoint.port,
        weight: one.endpoint.weight,
        health: healthOf(one),
        circuit: one.facts.circuit,
      }))
      const best = addresses.find(({ health }) => health !== 'UNHEALTHY') ?? addresses[0]
      return { ...target, health: best?.health ?? 'DNS_ERROR', data: { addresses } }
    })
  return { data, next: null, total: data.length }
}

/** Puts all addresses of a target into or out of use, until a probe or a failure says otherwise. */
export function setHealth(
  asked: HealthTarget & { readonly kind: 'word' },
  state: KongState,
  { pools, targets }: HealthParts,
): void {
  const upstream = findEntity(state, 'upstreams', asked.upstream)
  const own = state.targets.filter((target) => target.upstream.id === upstream?.id)
  const target = findAmong(own, 'targets', asked.target)
  if (target === undefined) throw notFound()
  for (const { member, endpoint } of pools.report()) {
    if (member.id === target.id) targets.set(endpoint.id, asked.isHealthy)
  }
}
