// Kong's entities as the admin API shows them and as they are stored.

/** Kinds of entities, named as in the admin API's addresses. */
export const kinds = ['services', 'routes', 'plugins', 'consumers', 'jwt_secrets'] as const

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
  readonly protocol: 'http' | 'https'
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

/** Everything that is defined, by kind, oldest first. */
export interface KongState {
  readonly services: readonly KongService[]
  readonly routes: readonly KongRoute[]
  readonly plugins: readonly KongPlugin[]
  readonly consumers: readonly KongConsumer[]
  readonly jwt_secrets: readonly KongJwtSecret[]
}

/** Nothing defined. */
export const emptyState: KongState = Object.freeze({
  services: [],
  routes: [],
  plugins: [],
  consumers: [],
  jwt_secrets: [],
})
