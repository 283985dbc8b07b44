// What the gateway does with a request of one route: target, credentials, limits, CORS; compiled from product routes and Kong's (pure).
import type { KongPlugin, KongRoute, KongService, KongState } from '../kong/entities.ts'
import { periods, type WindowLimits } from '../limits/window-count.ts'
import type { TokenRules } from '../tokens/token-verifier.ts'
import { createRouteTable, type RouteRule, type RouteTable } from './route-table.ts'

/** Where a request goes. */
export type PlanTarget =
  | {
      readonly kind: 'product'
      readonly service: string
      readonly defined?: { readonly service: KongService; readonly route: KongRoute }
    }
  | { readonly kind: 'upstream'; readonly service: KongService; readonly route: KongRoute }

/** Where a token may stand. */
export interface TokenPlaces {
  readonly headers: readonly string[]
  readonly cookies: readonly string[]
  readonly parameters: readonly string[]
}

/** A limit of Kong's rate-limiting plugin. */
export interface WindowPlan {
  readonly id: string
  readonly limits: WindowLimits
  readonly by: 'consumer' | 'credential' | 'ip' | 'service'
  readonly isHidden: boolean
  readonly message: string
}

/** Which pages of other origins may call. */
export interface CorsPlan {
  readonly origins: 'all' | readonly string[]
  readonly methods: readonly string[]
  /** None: what the browser asks for is allowed. */
  readonly headers: readonly string[] | null
  readonly exposed: readonly string[]
  readonly hasCredentials: boolean
  readonly maxAgeSeconds: number | undefined
}

/** Everything about one route. */
export interface Plan {
  readonly name: string
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
  readonly maxBodyBytes: number
  readonly isLengthRequired: boolean
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

const audience = 'xinglin'
const unitBytes: Readonly<Record<string, number>> = { megabytes: 1_048_576, kilobytes: 1024, bytes: 1 }
const corsMethods = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE']
const corsExposed = [
  'etag',
  'location',
  'last-modified',
  'x-request-id',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
]
const bearerOnly: TokenPlaces = { headers: ['authorization'], cookies: [], parameters: [] }

type Config = Readonly<Record<string, unknown>>

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [])

/** Finds the plugin that applies: of the route, else of the service, else the global one. */
function pluginFor(
  name: string,
  state: KongState,
  at: { routeId: string | undefined; serviceId: string | undefined },
): KongPlugin | undefined {
  const all = state.plugins.filter((one) => one.name === name && one.enabled && one.consumer === null)
  const isAt = (one: KongPlugin, route: string | undefined, service: string | undefined): boolean =>
    one.route?.id === route && one.service?.id === service
  const { routeId, serviceId } = at
  return (
    all.find((one) => routeId !== undefined && one.route?.id === routeId) ??
    all.find((one) => serviceId !== undefined && isAt(one, undefined, serviceId)) ??
    all.find((one) => isAt(one, undefined, undefined))
  )
}

function windowPlan(plugin: KongPlugin): WindowPlan {
  const { config } = plugin
  const given = periods.flatMap((period) => (typeof config[period] === 'number' ? [[period, config[period]]] : []))
  return {
    id: plugin.id,
    limits: Object.fromEntries(given),
    by: config.limit_by as WindowPlan['by'], // checked when it was defined
    isHidden: config.hide_client_headers === true,
    message: String(config.error_message ?? 'API rate limit exceeded'),
  }
}

function consumerWindows(
  state: KongState,
  at: { routeId: string | undefined; serviceId: string | undefined },
): ReadonlyMap<string, WindowPlan> {
  const own = state.plugins.filter((one) => one.name === 'rate-limiting' && one.enabled && one.consumer !== null)
  const fits = own.filter(
    (one) =>
      (one.route === null || one.route.id === at.routeId) && (one.service === null || one.service.id === at.serviceId),
  )
  return new Map(fits.map((one) => [one.consumer?.id ?? '', windowPlan(one)]))
}

function corsPlan(plugin: KongPlugin | undefined, origins: readonly string[]): CorsPlan | undefined {
  if (plugin === undefined) {
    if (origins.length === 0) return undefined
    return {
      origins,
      methods: corsMethods,
      headers: null,
      exposed: corsExposed,
      hasCredentials: false,
      maxAgeSeconds: 600,
    }
  }
  const { config } = plugin
  const named = config.origins === null ? ['*'] : texts(config.origins)
  return {
    origins: named.includes('*') ? 'all' : named,
    methods: texts(config.methods),
    headers: config.headers === null ? null : texts(config.headers),
    exposed: texts(config.exposed_headers),
    hasCredentials: config.credentials === true,
    maxAgeSeconds: typeof config.max_age === 'number' ? config.max_age : undefined,
  }
}

function tokenRules(config: Config | undefined, isProduct: boolean, maxLifetimeSeconds: number): TokenRules {
  const verified = texts(config?.claims_to_verify)
  const configured = Number(config?.maximum_expiration ?? 0)
  const limits = [isProduct ? maxLifetimeSeconds : 0, configured].filter((limit) => limit > 0)
  return {
    isExpiryRequired: isProduct || verified.includes('exp'),
    isNotBeforeRequired: verified.includes('nbf'),
    maxLifetimeSeconds: limits.length === 0 ? 0 : Math.min(...limits),
    audience,
    keyClaim: typeof config?.key_claim_name === 'string' ? config.key_claim_name : 'iss',
    isSecretBase64: config?.secret_is_base64 === true,
  }
}

function planFor(target: PlanTarget, name: string, parts: PlanParts): Plan {
  const defined = target.kind === 'upstream' ? target : target.defined
  const at = { routeId: defined?.route.id, serviceId: defined?.service.id }
  const find = (plugin: string): KongPlugin | undefined => pluginFor(plugin, parts.state, at)
  const jwt = find('jwt')
  const windows = find('rate-limiting')
  const size = find('request-size-limiting')
  const isProduct = target.kind === 'product'
  const sizeBytes = Number(size?.config.allowed_payload_size ?? 0) * (unitBytes[String(size?.config.size_unit)] ?? 0)
  return {
    name,
    target,
    isCredentialRequired: isProduct || jwt !== undefined,
    isAuthenticating: isProduct || jwt !== undefined,
    tokens: tokenRules(jwt?.config, isProduct, parts.tokenMaxLifetimeSeconds),
    // A token in an address ends up in logs, so our own services take it from headers only.
    places:
      jwt === undefined
        ? bearerOnly
        : {
            headers: texts(jwt.config.header_names).map((header) => header.toLowerCase()),
            cookies: isProduct ? [] : texts(jwt.config.cookie_names),
            parameters: isProduct ? [] : texts(jwt.config.uri_param_names),
          },
    windows: windows === undefined ? [] : [windowPlan(windows)],
    windowsOf: consumerWindows(parts.state, at),
    cors: corsPlan(find('cors'), isProduct ? parts.corsOrigins : []),
    maxBodyBytes: size === undefined ? parts.maxBodyBytes : Math.min(parts.maxBodyBytes, sizeBytes),
    isLengthRequired: size?.config.require_content_length === true,
  }
}

/** The product's service behind an upstream host: `patient` for `patient` and `patient-service`. */
export function productOf(host: string, products: PlanParts['products']): string | undefined {
  const name = host.toLowerCase().replace(/-service$/, '')
  return products.find(({ service }) => service === name)?.service
}

const opened = (plan: Plan): Plan => ({ ...plan, isCredentialRequired: false, isAuthenticating: false })

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
      return ruleOf(`product:${service}`, prefix, openPaths.includes(prefix) ? opened(plan) : plan)
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
