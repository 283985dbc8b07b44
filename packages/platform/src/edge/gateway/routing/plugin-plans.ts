// What the plugins that apply to a route mean: limits, CORS, tokens, groups (pure).
import type { KongPlugin, KongState } from '../kong/entities.ts'
import { periods, type WindowLimit } from '../limits/window-count.ts'
import type { TokenRules } from '../tokens/token-verifier.ts'

/** A route and its service, where they were defined at the admin port. */
export interface PluginPlace {
  readonly routeId: string | undefined
  readonly serviceId: string | undefined
}

/** Where a token may stand. */
export interface TokenPlaces {
  readonly headers: readonly string[]
  readonly cookies: readonly string[]
  readonly parameters: readonly string[]
}

/** A limit of Kong's rate-limiting plugin. */
export interface WindowPlan {
  readonly id: string
  /** The shortest period first. */
  readonly limits: readonly WindowLimit[]
  readonly by: 'consumer' | 'credential' | 'ip' | 'service'
  readonly isHidden: boolean
  readonly message: string
}

/** Which groups may call (Kong's plugin acl). */
export interface AclPlan {
  /** Groups of which a caller must have one; none means all but {@link deny}. */
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  /** Whether the upstream is not told the groups. */
  readonly isHidden: boolean
  readonly groupsOf: (consumerId: string) => readonly string[]
}

/** The largest body that a route takes. */
export interface SizePlan {
  readonly maxBodyBytes: number
  readonly isLengthRequired: boolean
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

// Entities that were stored before there were groups have no such field.
const groupOf = (one: KongPlugin): string | undefined => (one.consumer_group ?? undefined)?.id
const isOfClients = (one: KongPlugin): boolean => one.consumer !== null || groupOf(one) !== undefined

/** Finds the plugin that applies: of the route, else of the service, else the global one. */
export function pluginFor(name: string, state: KongState, at: PluginPlace): KongPlugin | undefined {
  const all = state.plugins.filter((one) => one.name === name && one.enabled && !isOfClients(one))
  const isAt = (one: KongPlugin, route: string | undefined, service: string | undefined): boolean =>
    one.route?.id === route && one.service?.id === service
  const { routeId, serviceId } = at
  return (
    all.find((one) => routeId !== undefined && one.route?.id === routeId) ??
    all.find((one) => serviceId !== undefined && isAt(one, undefined, serviceId)) ??
    all.find((one) => isAt(one, undefined, undefined))
  )
}

/** The limit that a plugin rate-limiting sets. */
export function windowPlan(plugin: KongPlugin): WindowPlan {
  const { config } = plugin
  const limits = periods.flatMap((period) => {
    const quota = config[period]
    return typeof quota === 'number' ? [{ period, quota }] : []
  })
  return {
    id: plugin.id,
    limits,
    by: config.limit_by as WindowPlan['by'], // checked when it was defined
    isHidden: config.hide_client_headers === true,
    message: String(config.error_message ?? 'API rate limit exceeded'),
  }
}

// The consumers that a plugin is for: its own one, or the members of its group.
function consumersOf(plugin: KongPlugin, state: KongState): readonly string[] {
  if (plugin.consumer !== null) return [plugin.consumer.id]
  const group = groupOf(plugin)
  return state.consumer_group_consumers.flatMap(({ consumer, consumer_group: { id } }) =>
    id === group ? [consumer.id] : [],
  )
}

/** The limits of single consumers by their ids; a consumer's own goes before that of its group. */
export function consumerWindows(state: KongState, at: PluginPlace): ReadonlyMap<string, WindowPlan> {
  const fits = state.plugins.filter(
    (one) =>
      one.name === 'rate-limiting' &&
      one.enabled &&
      isOfClients(one) &&
      (one.route === null || one.route.id === at.routeId) &&
      (one.service === null || one.service.id === at.serviceId),
  )
  const ofGroups = fits.filter((one) => one.consumer === null)
  const own = fits.filter((one) => one.consumer !== null)
  return new Map(
    [...ofGroups, ...own].flatMap((one) =>
      consumersOf(one, state).map((id): [string, WindowPlan] => [id, windowPlan(one)]),
    ),
  )
}

/** Which pages of other origins may call: as the plugin cors says, else those of the setting. */
export function corsPlan(plugin: KongPlugin | undefined, origins: readonly string[]): CorsPlan | undefined {
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

/** What a token must be like. */
export function tokenRules(config: Config | undefined, isProduct: boolean, maxLifetimeSeconds: number): TokenRules {
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

/** Where a token may stand; one in an address ends up in logs, so our own services take it from headers only. */
export function tokenPlaces(config: Config | undefined, isProduct: boolean): TokenPlaces {
  if (config === undefined) return bearerOnly
  return {
    headers: texts(config.header_names).map((header) => header.toLowerCase()),
    cookies: isProduct ? [] : texts(config.cookie_names),
    parameters: isProduct ? [] : texts(config.uri_param_names),
  }
}

/** The largest body: that of the gateway, or less where the plugin says so. */
export function sizePlan(config: Config | undefined, maxBodyBytes: number): SizePlan {
  if (config === undefined) return { maxBodyBytes, isLengthRequired: false }
  const bytes = Number(config.allowed_payload_size ?? 0) * (unitBytes[String(config.size_unit)] ?? 0)
  return { maxBodyBytes: Math.min(maxBodyBytes, bytes), isLengthRequired: config.require_content_length === true }
}

// Consumer's id → the names of its groups.
function groupsByConsumer(state: KongState, hasConsumerGroups: boolean): ReadonlyMap<string, readonly string[]> {
  const names = new Map(state.consumer_groups.map(({ id, name }) => [id, name]))
  const memberships = hasConsumerGroups ? state.consumer_group_consumers : []
  const all = [
    ...state.acls.map(({ consumer, group }) => ({ id: consumer.id, group })),
    ...memberships.map(({ consumer, consumer_group: { id } }) => ({ id: consumer.id, group: names.get(id) ?? id })),
  ]
  const byConsumer = Map.groupBy(all, ({ id }) => id)
  return new Map([...byConsumer].map(([id, some]) => [id, [...new Set(some.map(({ group }) => group))]]))
}

/** Which groups may call; everybody where there is no plugin. */
export function aclPlan(config: Config | undefined, state: KongState): AclPlan | undefined {
  if (config === undefined) return undefined
  const groups = groupsByConsumer(state, config.include_consumer_groups === true)
  return {
    allow: texts(config.allow),
    deny: texts(config.deny),
    isHidden: config.hide_groups_header === true,
    groupsOf: (consumerId) => groups.get(consumerId) ?? [],
  }
}

/** Says whether one who is in these groups may call. */
export function aclAdmits({ allow, deny }: AclPlan, groups: readonly string[]): boolean {
  if (groups.some((group) => deny.includes(group))) return false
  return allow.length === 0 || groups.some((group) => allow.includes(group))
}
