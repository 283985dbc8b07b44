// What delivery shares among all requests of a process.
import type { SocketRules } from '../../../kernel/guarded-address.ts'
import type { Pools } from '../balancing/pools.ts'
import type { Targets } from '../balancing/targets.ts'
import type { GatewayExtra } from '../extra.ts'
import type { Connections } from '../http1/index.ts'
import type { AttemptParts, RetryBudgets } from './attempts.ts'
import type { Origins } from './origins.ts'

/** What delivery needs. */
export interface DeliveryParts {
  readonly extra: GatewayExtra
  /** To addresses that were defined at the admin port. */
  readonly connections: Connections
  /** To instances of a service of the product, which over TLS must show that they are it. */
  readonly connectionsTo: (service: string) => Connections
  /** Of sockets that are opened without these connections. */
  readonly rules: SocketRules
  readonly origins: Origins
  readonly pools: Pools
  readonly targets: Targets
  readonly budgets: RetryBudgets
  readonly onRetry: AttemptParts['onRetry']
  readonly timeoutMs: number
}
