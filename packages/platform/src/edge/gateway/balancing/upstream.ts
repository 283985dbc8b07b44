// An upstream as the gateway uses it: compiled from Kong's entities, its targets' names looked up in the registry (pure).
import type { Instance } from '../../../kernel/ports.ts'
import type { KongHealthchecks, KongState, KongUnhealthyRule, KongUpstream } from '../kong/entities.ts'
import { parseTarget } from '../kong/traffic-schemas.ts'
import type { CircuitRules } from './circuit.ts'
import { defaultRules } from './targets.ts'

/** A target of an upstream as it was defined. */
export interface UpstreamMember {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly weight: number
  /** The name and tag to ask the registry for. */
  readonly discovered: { readonly service: string; readonly tag: string | undefined }
}

/** An upstream ready for use. */
export interface Upstream {
  readonly id: string
  readonly name: string
  readonly algorithm: KongUpstream['algorithm']
  readonly hostHeader: string | undefined
  readonly thresholdPercent: number
  readonly passive: CircuitRules
  readonly active: ActiveCheck | undefined
  readonly members: readonly UpstreamMember[]
}

/** How targets are probed. Intervals and the timeout in milliseconds; an interval of 0 means never. */
export interface ActiveCheck {
  readonly type: 'http' | 'https' | 'tcp'
  readonly path: string
  readonly timeoutMs: number
  readonly healthyIntervalMs: number
  readonly unhealthyIntervalMs: number
  readonly rules: CircuitRules
}

/** An address behind an upstream. */
export interface Endpoint {
  readonly id: string
  readonly address: string
  readonly port: number
  readonly weight: number
  /** The service's name where the registry told the address. */
  readonly service: string | undefined
}

const consulName = /^(?:([a-z0-9_-]+)\.)?([a-z0-9_-]+)\.service(?:\.[a-z0-9-]+)?\.consul$/i

/** What a target's host asks the registry for: Consul's DNS names `tag.name.service.consul`, else the host as it is. */
export function discoveredBy(host: string): UpstreamMember['discovered'] {
  const [, tag, service] = consulName.exec(host) ?? []
  return service === undefined ? { service: host, tag: undefined } : { service, tag }
}

function rulesOf(
  healthy: { readonly successes: number; readonly http_statuses: readonly number[] },
  unhealthy: KongUnhealthyRule,
): CircuitRules {
  return {
    healthyStatuses: new Set(healthy.http_statuses),
    unhealthyStatuses: new Set(unhealthy.http_statuses),
    successes: Math.max(1, healthy.successes),
    httpFailures: unhealthy.http_failures,
    tcpFailures: unhealthy.tcp_failures,
    timeouts: unhealthy.timeouts,
  }
}

// Kong has no passive checks unless they are asked for; ours at least leaves alone what cannot be reached.
function passiveRules({ passive }: KongHealthchecks): CircuitRules {
  const rules = rulesOf(passive.healthy, passive.unhealthy)
  const isOff = rules.httpFailures === 0 && rules.tcpFailures === 0 && rules.timeouts === 0
  return isOff ? defaultRules : rules
}

function activeCheck({ active }: KongHealthchecks): ActiveCheck | undefined {
  const [healthyIntervalMs, unhealthyIntervalMs] = [active.healthy.interval * 1000, active.unhealthy.interval * 1000]
  if (healthyIntervalMs === 0 && unhealthyIntervalMs === 0) return undefined
  const rules = rulesOf(active.healthy, active.unhealthy)
  const isOff = rules.httpFailures === 0 && rules.tcpFailures === 0 && rules.timeouts === 0
  return {
    type: active.type,
    path: active.http_path,
    timeoutMs: active.timeout * 1000,
    healthyIntervalMs,
    unhealthyIntervalMs,
    rules: isOff ? { ...rules, httpFailures: 1, tcpFailures: 1, timeouts: 1 } : rules,
  }
}

function membersOf({ id }: KongUpstream, state: KongState): readonly UpstreamMember[] {
  return state.targets.flatMap(({ id: targetId, target, weight, upstream }) => {
    const parsed = upstream.id === id ? parseTarget(target) : undefined
    return parsed === undefined ? [] : [{ id: targetId, ...parsed, weight, discovered: discoveredBy(parsed.host) }]
  })
}

/** Compiles every upstream that has targets. */
export function compileUpstreams(state: KongState): readonly Upstream[] {
  return state.upstreams.flatMap((upstream) => {
    const members = membersOf(upstream, state)
    if (members.length === 0) return []
    const { id, name, algorithm, host_header: hostHeader, healthchecks } = upstream
    return [
      {
        id,
        name,
        algorithm,
        hostHeader: hostHeader ?? undefined,
        thresholdPercent: healthchecks.threshold,
        passive: passiveRules(healthchecks),
        active: activeCheck(healthchecks),
        members,
      },
    ]
  })
}

/** The addresses of a member: those of its instances, which share its weight, else its own. */
export function endpointsOf(
  member: UpstreamMember,
  instancesOf: (service: string) => readonly Instance[] | undefined,
): readonly Endpoint[] {
  const { service, tag } = member.discovered
  const known = instancesOf(service)
  if (known === undefined && tag === undefined && service === member.host) {
    return [{ id: member.id, address: member.host, port: member.port, weight: member.weight, service: undefined }]
  }
  const fitting = (known ?? []).filter(({ tags }) => tag === undefined || tags.includes(tag))
  const weight = member.weight / Math.max(1, fitting.length)
  return fitting.map(({ id, address, port }) => ({ id: `${member.id} ${id}`, address, port, weight, service }))
}
