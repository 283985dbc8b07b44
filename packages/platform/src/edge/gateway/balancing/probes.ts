// Asks the targets of upstreams how they are, at the intervals that were defined for healthy and for unhealthy ones.
import { connect } from 'node:net'
import { type Dispatcher, request } from 'undici'
import type { SocketRules } from '../../../kernel/guarded-address.ts'
import type { Clock } from '../../../kernel/ports.ts'
import { originUrl } from '../proxy/origins.ts'
import type { Observation } from './circuit.ts'
import type { Targets } from './targets.ts'
import type { ActiveCheck, Endpoint, Upstream } from './upstream.ts'

/** What probing needs. */
export interface ProbeParts {
  readonly agent: Dispatcher
  readonly rules: SocketRules
  readonly targets: Targets
  readonly clock: Clock
  /** The upstreams as they are now, with their addresses. */
  readonly current: () => readonly { readonly upstream: Upstream; readonly endpoints: readonly Endpoint[] }[]
}

const tickMs = 250

function knock({ address, port }: Endpoint, timeoutMs: number, rules: SocketRules): Promise<Observation> {
  const { lookup, refusalOf } = rules
  return new Promise((resolve) => {
    if (refusalOf(address) !== undefined) return resolve({ kind: 'unreached' })
    const socket = connect({ host: address, port, timeout: timeoutMs, ...(lookup === undefined ? {} : { lookup }) })
    const end = (seen: Observation): void => {
      socket.destroy()
      resolve(seen)
    }
    socket.once('connect', () => end({ kind: 'answered', status: 200 }))
    socket.once('timeout', () => end({ kind: 'late' }))
    socket.once('error', () => end({ kind: 'unreached' }))
  })
}

async function ask(check: ActiveCheck, endpoint: Endpoint, host: string, agent: Dispatcher): Promise<Observation> {
  const { address, port } = endpoint
  const signal = AbortSignal.timeout(check.timeoutMs)
  try {
    const url = `${originUrl(check.type, address, port)}${check.path}`
    const { statusCode, body } = await request(url, { dispatcher: agent, signal, headers: { host } })
    await body.dump()
    return { kind: 'answered', status: statusCode }
  } catch {
    return signal.aborted ? { kind: 'late' } : { kind: 'unreached' }
  }
}

async function probe(upstream: Upstream, endpoint: Endpoint, check: ActiveCheck, parts: ProbeParts): Promise<void> {
  const host = upstream.hostHeader ?? upstream.name
  const seen =
    check.type === 'tcp'
      ? await knock(endpoint, check.timeoutMs, parts.rules)
      : await ask(check, endpoint, host, parts.agent)
  // A probe of a TCP port has no status that could be good or bad: that it was answered is what counts.
  const rules =
    check.type === 'tcp'
      ? { ...check.rules, healthyStatuses: new Set([200]), unhealthyStatuses: new Set<number>() }
      : check.rules
  parts.targets.probe(endpoint.id, seen, rules)
}

/** Starts probing; returns what stops it. */
export function startProbes(parts: ProbeParts): () => void {
  const lastMs = new Map<string, number>()
  const underWay = new Set<string>()
  const begin = (upstream: Upstream, endpoint: Endpoint, check: ActiveCheck): void => {
    const nowMs = parts.clock.monotonicMs()
    const facts = parts.targets.factsOf(endpoint.id)
    const isUnhealthy = facts.probe === 'unhealthy' || facts.circuit !== 'closed'
    const { healthyIntervalMs, unhealthyIntervalMs } = check
    // Without an interval of its own an unhealthy target is asked as a healthy one, or it would stay out for good.
    const intervalMs = isUnhealthy ? unhealthyIntervalMs || healthyIntervalMs : healthyIntervalMs
    const isDue = intervalMs > 0 && nowMs - (lastMs.get(endpoint.id) ?? Number.NEGATIVE_INFINITY) >= intervalMs
    if (!isDue || underWay.has(endpoint.id)) return
    lastMs.set(endpoint.id, nowMs)
    underWay.add(endpoint.id)
    void probe(upstream, endpoint, check, parts).finally(() => underWay.delete(endpoint.id))
  }
  const timer = setInterval(() => {
    const current = parts.current()
    const known = new Set(current.flatMap(({ endpoints }) => endpoints.map(({ id }) => id)))
    for (const id of lastMs.keys()) if (!known.has(id)) lastMs.delete(id)
    for (const { upstream, endpoints } of current) {
      if (upstream.active === undefined) continue
      for (const endpoint of endpoints) begin(upstream, endpoint, upstream.active)
    }
  }, tickMs)
  timer.unref()
  return () => clearInterval(timer)
}
