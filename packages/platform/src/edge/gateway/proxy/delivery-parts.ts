// What delivery shares among all requests of a process.
import type { Agent } from 'undici'
import type { Pools } from '../balancing/pools.ts'
import type { Targets } from '../balancing/targets.ts'
import type { GatewayExtra } from '../extra.ts'
import type { AttemptParts, RetryBudgets } from './attempts.ts'
import type { Origins } from './origins.ts'

/** What delivery needs. */
export interface DeliveryParts {
  readonly extra: GatewayExtra
  readonly agent: Agent
  readonly origins: Origins
  readonly pools: Pools
  readonly targets: Targets
  readonly budgets: RetryBudgets
  readonly onRetry: AttemptParts['onRetry']
  readonly timeoutMs: number
}
