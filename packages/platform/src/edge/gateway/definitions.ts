// What is defined, compiled for use: loaded at start and again at each change, while requests keep running on what was before.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { Pools } from './balancing/pools.ts'
import { compileUpstreams, discoveredBy } from './balancing/upstream.ts'
import { defaultPublicPaths, type GatewayExtra } from './extra.ts'
import type { emptyState, KongService } from './kong/entities.ts'
import { loadState } from './kong/store.ts'
import type { Origins } from './proxy/origins.ts'
import { compilePlans, type Plan, productPlan } from './routing/plan.ts'
import type { RouteTable } from './routing/route-table.ts'
import type { gatewaySettings } from './settings.ts'
import { createTokenVerifier, type TokenVerifier } from './tokens/token-verifier.ts'

/** What is compiled anew whenever a definition changes. */
export interface Compiled {
  readonly table: RouteTable<Plan>
  readonly verifier: TokenVerifier
  /** The plan for gRPC methods of a service of the product. */
  readonly grpcPlanOf: (service: string) => Plan
  /** The plan for the gateway's own pages that ask who is asking. */
  readonly ownPlan: Plan
  /** Those that were defined at the admin port. */
  readonly services: readonly KongService[]
}

/** What compiling takes. */
export interface Definitions {
  readonly ports: Ports
  readonly settings: Settings<typeof gatewaySettings>
  readonly extra: GatewayExtra
  readonly origins: Origins
  readonly pools: Pools
}

function namesToFollow({ extra }: Definitions, state: typeof emptyState): readonly string[] {
  const away = extra.routes.map(({ service }) => service).filter((service) => extra.localHandler(service) === undefined)
  const hosts = state.services.map(({ host }) => host)
  const targets = state.targets.map(({ target }) => discoveredBy(target.replace(/:\d+$/, '')).service)
  return [...new Set([...away, ...away.map((name) => `${name}-service`), ...hosts, ...targets])]
}

/** Compiles a state of the definitions, and lets discovery and balancing follow it. */
export function compileDefinitions(definitions: Definitions, state: typeof emptyState): Compiled {
  const { ports, settings, extra, origins, pools } = definitions
  const plans = {
    products: extra.routes,
    state,
    publicPaths: extra.publicPaths ?? defaultPublicPaths,
    maxBodyBytes: settings.maxBodyBytes,
    tokenMaxLifetimeSeconds: settings.tokenMaxLifetimeSeconds,
    corsOrigins: settings.corsOrigins,
  }
  origins.follow(namesToFollow(definitions, state))
  pools.follow(compileUpstreams(state))
  ports.log.debug('gateway.compiled', { services: state.services.length, routes: state.routes.length })
  return {
    table: compilePlans(plans),
    verifier: createTokenVerifier(state),
    grpcPlanOf: (service) => productPlan(service, `grpc:${service}`, plans),
    ownPlan: productPlan('gateway', 'own', plans),
    services: state.services,
  }
}

/** Creates what loads and compiles the definitions; loads run one after the other, and none that was asked for is lost. */
export function createReload(definitions: Definitions, use: (compiled: Compiled) => void): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  const load = async (): Promise<void> => {
    use(compileDefinitions(definitions, await loadState(definitions.ports.sql)))
  }
  return () => {
    last = last.then(load, load)
    return last
  }
}
