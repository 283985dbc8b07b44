// What carries requests on: connections, discovery, balancing, load and counts, put together for one process.
import { Agent } from 'undici'
import type { Settings } from '../../kernel/config.ts'
import { socketRules } from '../../kernel/guarded-address.ts'
import type { Ports } from '../../kernel/ports.ts'
import { createWaryConnector, type Reach } from '../../kernel/transport.ts'
import { createPools, type Pools } from './balancing/pools.ts'
import { createTargets, type Targets } from './balancing/targets.ts'
import type { GatewayExtra } from './extra.ts'
import { type Connections, createConnections } from './http1/index.ts'
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

const connectMs = 3000
const pool = { maxConnections: 256, keptSeconds: 20 }

// One pool for all plain addresses; over TLS one for each service, whose instances have to show that they are it.
function connectionsOf({ transport }: GatewayExtra, reach: Reach) {
  const open: Connections[] = []
  const byService = new Map<string, Connections>()
  const opened = (options: Parameters<typeof createConnections>[0]): Connections => {
    const made = createConnections(options)
    open.push(made)
    return made
  }
  const common = opened({ ...pool, connect: createWaryConnector(connectMs, reach) })
  const to = (service: string): Connections => {
    if (transport === undefined || transport.protocol === 'http') return common
    const known = byService.get(service)
    if (known !== undefined) return known
    const made = opened({ ...pool, connect: transport.connector(service) })
    byService.set(service, made)
    return made
  }
  const close = async (): Promise<void> => {
    await Promise.all(open.map((one) => one.close()))
  }
  return { common, to, close }
}

/** Puts it together; nothing is connected yet. */
export function createTraffic(ports: Ports, settings: Settings<typeof gatewaySettings>, extra: GatewayExtra): Traffic {
  const { clock, registry, telemetry } = ports
  const { allowsLinkLocal } = settings
  const rules = socketRules(allowsLinkLocal)
  const agent = new Agent({ connect: createWaryConnector(connectMs, { allowsLinkLocal }) }) // for probes
  const connections = connectionsOf(extra, { allowsLinkLocal })
  const origins = createOrigins(registry)
  const targets = createTargets(clock)
  const pools = createPools({ targets, clock, instancesOf: origins.instancesOf, agent, rules })
  const load = createLoad(settings, clock, (why) => metrics.shed(why))
  const metrics = createTrafficMetrics(telemetry, { pools, inFlight: load.inFlight })
  const delivery: DeliveryParts = {
    ...{ extra, origins, pools, targets, rules },
    connections: connections.common,
    connectionsTo: connections.to,
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
      await Promise.all([agent.close(), connections.close()])
      load.close()
      pools.close()
      origins.close()
    },
  }
}
