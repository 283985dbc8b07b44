// Whether each service is ready, as the gateway tells it.
import type { Request } from './client.ts'

/** One service. */
export interface ServiceHealth {
  readonly status: 'ready' | 'unready'
  /** Why it is not ready; in English. */
  readonly reasons: readonly string[]
}

/** All services behind the gateway. */
export interface Health {
  readonly status: 'ready' | 'unready'
  readonly services: Readonly<Record<string, ServiceHealth>>
}

const patienceMs = 5000

/** Asks the gateway. */
export function fetchHealth(request: Request, signal: AbortSignal): Promise<Health> {
  return request<Health>('/health/ready', { signal, timeoutMs: patienceMs })
}
