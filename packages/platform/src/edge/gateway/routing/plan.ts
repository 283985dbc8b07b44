// What the gateway does with a request of one route: target, credentials, limits, CORS; compiled from product routes and Kong's (pure).
import type { KongRoute, KongService, KongState } from '../kong/entities.ts'
import type { TokenRules } from '../tokens/token-verifier.ts'
import {
  type AclPlan,
  aclPlan,
  type CorsPlan,
  consumerWindows,
  corsPlan,
  pluginFor,
  type SizePlan,
  sizePlan,
  type TokenPlaces,
  tokenPlaces,
  tokenRules,
  type WindowPlan,
  windowPlan,
} from './plugin-plans.ts'
import { createRouteTable, type RouteRule, type RouteTable } from './route-table.ts'

/** Where a request goes. */
export type PlanTarget =
  | {
      readonly kind: 'product'
      readonly service: string
      readonly defined?: { readonly service: KongService; readonly route: KongRoute }
    }
  | { readonly kind: 'upstream'; readonly service: KongService; readonly route: KongRoute }

/** Everything about one route. */
export interface Plan extends SizePlan {
  readonly name: string
  /** The service's name, for metrics. */
  readonly service: string
  readonly target: PlanTarget
  readonly isCredentialRequired: boolean
  /** Whether a credential makes a caller here: on product routes and where the jwt plugin is on. */
  readonly isAuthenticating: boolean
  readonly tokens: TokenRules
  readonly places: TokenPlaces
  readonly windows: readonly WindowPlan[]
  /** Consumer's id → its own windows, which replace the others. */
  readonly windowsOf: ReadonlyMap<string, WindowPlan>
  readonly cors: CorsPlan | undefined
  readonly acl: AclPlan | undefined
}

/** What plans are compiled from. */
export interface PlanParts {
  readonly products: readonly {
    readonly service: string
    readonly paths: readonly string[]
    /** Those of its paths that nobody needs a credential for, whatever the method. */
    readonly openPaths?: readonly string[]
  }[]
  readonly state: KongState
  readonly publicPaths: readonly string[]
  readonly maxBodyBytes: number
  readonly tokenMaxLifetimeSeconds: number
  readonly corsOrigins: readonly string[]
}

function planFor(target: PlanTarget, name: string, parts: PlanParts): Plan {
  const defined = target.kind === 'upstream' ? target : target.defined
  const at = { routeId: defined?.route.id, serviceId: defined?.service.id }
  const configOf = (plugin: string) => pluginFor(plugin, parts.state, at)?.config
  const jwt = configOf('jwt')
  const windows = pluginFor('rate-limiting', parts.state, at)
  const isProduct = target.kind === 'product'
  return {
    name,
    service: isProduct ? target.service : (target.service.name ?? target.service.id),
    target,
    isCredentialRequired: isProduct || jwt !== undefined,
    isAuthenticating: isProduct || jwt !== undefined,
    tokens: tokenRules(jwt, isProduct, parts.tokenMaxLifetimeSeconds),
    places: tokenPlaces(jwt, isProduct),
    windows: windows === undefined ? [] : [windowPlan(windows)],
    windowsOf: consumerWindows(parts.state, at),
    cors: corsPlan(pluginFor('cors', parts.state, at), isProduct ? parts.corsOrigins : []),
    acl: aclPlan(configOf('acl'), parts.state),
    ...sizePlan(configOf('request-size-limiting'), parts.maxBodyBytes),
  }
}

/** The plan for addresses of a service of the product that are not in the table. */
export function productPlan(service: string, name: string, parts: PlanParts): Plan {
  return planFor({ kind: 'product', service }, name, parts)
}

// The product's service behind an upstream host: `patient` for `patient` and `patient-service`.
function productOf(host: string, products: PlanParts['products']): string | undefined {
  const name = host.toLowerCase().replace(/-service$/, '')
  return products.find(({ service }) => service === name)?.service
}

const opened = (plan: Plan): Plan => ({ ...plan, isCredentialRequired: false, isAuthenticating: false, acl: undefined })

function productRules(parts: PlanParts): readonly RouteRule<Plan>[] {
  const publicRules = parts.publicPaths.flatMap((path) => {
    const owner = createRouteTable(
      parts.products.flatMap(({ service, paths }) => paths.map((prefix) => ruleOf(service, prefix, service))),
    ).match({ host: '', method: 'GET', path })
    if (owner === undefined) return []
    const plan = planFor({ kind: 'product', service: owner.target }, path, parts)
    const rule = ruleOf(`public:${path}`, path, opened(plan))
    return [{ ...rule, methods: ['GET', 'HEAD'], isExact: true }]
  })
  const rules = parts.products.flatMap(({ service, paths, openPaths = [] }) =>
    paths.map((prefix) => {
      const plan = planFor({ kind: 'product', service }, prefix, parts)
      return ruleOf(
        `product:${service}`,
        prefix,
        openPaths.includes(prefix) ? { ...opened(plan), cors: undefined } : plan,
      )
    }),
  )
  return [...publicRules, ...rules]
}

function ruleOf<Target>(id: string, prefix: string, target: Target): RouteRule<Target> {
  return { id: `${id} ${prefix}`, hosts: [], methods: [], prefix, isWholeSegments: true, rank: 0, target }
}

function definedRules(parts: PlanParts): readonly RouteRule<Plan>[] {
  const services = new Map(parts.state.services.map((service) => [service.id, service]))
  return parts.state.routes.flatMap((route) => {
    const service = route.service === null ? undefined : services.get(route.service.id)
    if (service?.enabled !== true) return []
    const product = productOf(service.host, parts.products)
    const target: PlanTarget =
      product === undefined
        ? { kind: 'upstream', service, route }
        : { kind: 'product', service: product, defined: { service, route } }
    const plan = planFor(target, route.name ?? route.id, parts)
    return (route.paths ?? ['/']).map((prefix) => ({
      id: `${route.created_at} ${route.id}`,
      hosts: route.hosts ?? [],
      methods: route.methods ?? [],
      prefix,
      isWholeSegments: false,
      rank: 1,
      target: plan,
    }))
  })
}

/** Compiles the whole table. A defined route wins over a product's own of the same length. */
export function compilePlans(parts: PlanParts): RouteTable<Plan> {
  return createRouteTable([...productRules(parts), ...definedRules(parts)])
}
