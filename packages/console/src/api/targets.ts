// Where the gateway sends requests and how each address is, as it tells operators.
import type { Request } from './client.ts'

/** One address. */
export interface Target {
  /** Services that are reached by it. */
  readonly service: string
  readonly kind: 'local' | 'instance' | 'upstream' | 'address' | 'none'
  /** `host:port`; null in the gateway's own process, and where nobody serves. */
  readonly address: string | null
  readonly upstream: string | null
  /** What tells it from others of the service: a version, a tag. */
  readonly version: string | null
  readonly health: 'healthy' | 'unhealthy' | 'unwatched'
  readonly circuit: 'closed' | 'half-open' | 'open'
  readonly isInUse: boolean
  readonly underWay: number | null
  /** 0 to 1; null outside upstreams. */
  readonly share: number | null
}

/** The targets of one gateway's process. */
export interface Targets {
  readonly gateway: string
  readonly targets: readonly Target[]
}

/** Asks the gateway. */
export function fetchTargets(request: Request, signal: AbortSignal): Promise<Targets> {
  return request<Targets>('/health/targets', { signal })
}
