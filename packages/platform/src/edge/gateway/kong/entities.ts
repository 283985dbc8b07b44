// Kong's entities as the admin API shows them and as they are stored.

/** Kinds of entities, named as in the admin API's addresses. */
export const kinds = [
  'services',
  'routes',
  'plugins',
  'consumers',
  'jwt_secrets',
  'acls',
  'consumer_groups',
  'consumer_group_consumers',
  'upstreams',
  'targets',
] as const

/** One of {@link kinds}. */
export type Kind = (typeof kinds)[number]

/** A reference to another entity. */
export interface Reference {
  readonly id: string
}

/** Any entity; the fields beyond these are those of its kind's schema. */
export interface Entity {
  readonly id: string
  readonly created_at: number
  readonly updated_at?: number
  readonly tags: readonly string[] | null
  readonly [field: string]: unknown
}

/** An upstream. */
export interface KongService extends Entity {
  readonly name: string | null
  readonly protocol: 'http' | 'https' | 'grpc' | 'grpcs'
  readonly host: string
  readonly port: number
  readonly path: string | null
  readonly retries: number
  readonly connect_timeout: number
  readonly read_timeout: number
  readonly write_timeout: number
  readonly enabled: boolean
}

/** A way to an upstream. */
export interface KongRoute extends Entity {
  readonly name: string | null
  readonly hosts: readonly string[] | null
  readonly methods: readonly string[] | null
  readonly paths: readonly string[] | null
  readonly strip_path: boolean
  readonly preserve_host: boolean
  readonly protocols: readonly string[]
  readonly service: Reference | null
}

/** A plugin, for all requests or those of a service, a route or a consumer. */
export interface KongPlugin extends Entity {
  readonly name: string
  readonly enabled: boolean
  readonly config: Readonly<Record<string, unknown>>
  readonly service: Reference | null
  readonly route: Reference | null
  readonly consumer: Reference | null
  readonly consumer_group: Reference | null
}

/** A client with credentials. */
export interface KongConsumer extends Entity {
  readonly username: string | null
  readonly custom_id: string | null
}

/** A credential: who signs with this secret (or the private half of this key) is that consumer. */
export interface KongJwtSecret extends Entity {
  readonly key: string
  readonly secret: string
  readonly algorithm: string
  readonly rsa_public_key: string | null
  readonly consumer: Reference
}

/** A consumer belongs to a group by its name, for the plugin acl. */
export interface KongAcl extends Entity {
  readonly group: string
  readonly consumer: Reference
}

/** A group of consumers, for plugins and for the plugin acl. */
export interface KongConsumerGroup extends Entity {
  readonly name: string
}

/** A consumer belongs to a consumer group. */
export interface KongMembership extends Entity {
  readonly consumer: Reference
  readonly consumer_group: Reference
}

/** What tells a healthy target from one that is not; counts of 0 switch a rule off. Intervals and timeouts in seconds. */
export interface KongHealthchecks {
  readonly active: {
    readonly type: 'http' | 'https' | 'tcp'
    readonly timeout: number
    readonly http_path: string
    readonly healthy: {
      readonly interval: number
      readonly successes: number
      readonly http_statuses: readonly number[]
    }
    readonly unhealthy: KongUnhealthyRule & { readonly interval: number }
  }
  readonly passive: {
    readonly healthy: { readonly successes: number; readonly http_statuses: readonly number[] }
    readonly unhealthy: KongUnhealthyRule
  }
  /** Percent of the weight that must be healthy for the upstream to be. */
  readonly threshold: number
}

/** How many failures of a kind make a target unhealthy. */
export interface KongUnhealthyRule {
  readonly http_failures: number
  readonly tcp_failures: number
  readonly timeouts: number
  readonly http_statuses: readonly number[]
}

/** A name behind which several targets share the requests. */
export interface KongUpstream extends Entity {
  readonly name: string
  readonly algorithm: 'round-robin' | 'least-connections'
  readonly host_header: string | null
  readonly healthchecks: KongHealthchecks
}

/** One target of an upstream: `host:port`, where the host may be a name that the registry knows. */
export interface KongTarget extends Entity {
  readonly target: string
  /** Its share; 0 takes it out of the turn. */
  readonly weight: number
  readonly upstream: Reference
}

/** Everything that is defined, by kind, oldest first. */
export interface KongState {
  readonly services: readonly KongService[]
  readonly routes: readonly KongRoute[]
  readonly plugins: readonly KongPlugin[]
  readonly consumers: readonly KongConsumer[]
  readonly jwt_secrets: readonly KongJwtSecret[]
  readonly acls: readonly KongAcl[]
  readonly consumer_groups: readonly KongConsumerGroup[]
  readonly consumer_group_consumers: readonly KongMembership[]
  readonly upstreams: readonly KongUpstream[]
  readonly targets: readonly KongTarget[]
}

/** Nothing defined. */
export const emptyState: KongState = Object.freeze({
  services: [],
  routes: [],
  plugins: [],
  consumers: [],
  jwt_secrets: [],
  acls: [],
  consumer_groups: [],
  consumer_group_consumers: [],
  upstreams: [],
  targets: [],
})
