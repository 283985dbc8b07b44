// What carries requests on: connections, discovery, balancing, load and counts, put together for one process.
import { Agent } from 'undici'
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import { createPools, type Pools } from './balancing/pools.ts'
import { createTargets, type Targets } from './balancing/targets.ts'
import type { GatewayExtra } from './extra.ts'
import { createLoad, type Load } from './limits/load-shedding.ts'
import { createRetryBudgets } from './proxy/attempts.ts'
import type { DeliveryParts } from './proxy/delivery-parts.ts'
import { createOrigins, type Origins } from './proxy/origins.ts'
import type { gatewaySettings } from './settings.ts'
import { createTrafficMetrics, type TrafficMetrics } from './traffic-metrics.ts'

/** All of it. */
export interface Traffic {
  readonly origins: Origins
  readonly targets: Targets
  readonly pools: Pools
  readonly load: Load
  readonly metrics: TrafficMetrics
  readonly delivery: DeliveryParts
  /** Begins to probe targets and to watch the load. */
  start(): void
  close(): Promise<void>
}

const connections = { connections: 256, keepAliveTimeout: 20_000, connect: { timeout: 3000 }, pipelining: 1 }

/** Puts it together; nothing is connected yet. */
export function createTraffic(ports: Ports, settings: Settings<typeof gatewaySettings>, extra: GatewayExtra): Traffic {
  const { clock, registry, telemetry } = ports
  const agent = new Agent(connections)
  const origins = createOrigins(registry)
  const targets = createTargets(clock)
  const pools = createPools({ targets, clock, instancesOf: origins.instancesOf, agent })
  const load = createLoad(settings, clock, (why) => metrics.shed(why))
  const metrics = createTrafficMetrics(telemetry, { pools, inFlight: load.inFlight })
  const delivery: DeliveryParts = {
    ...{ extra, agent, origins, pools, targets },
    budgets: createRetryBudgets(clock),
    onRetry: metrics.retried,
    timeoutMs: settings.upstreamTimeoutMs,
  }
  return {
    ...{ origins, targets, pools, load, metrics, delivery },
    start() {
      load.start()
      pools.start()
    },
    async close() {
      await agent.close()
      load.close()
      pools.close()
      origins.close()
    },
  }
}
