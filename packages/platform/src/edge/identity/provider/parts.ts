// What the OpenID provider of this system is made of; its parts share these shapes.
import type { Adapter, KoaContextWithOIDC } from 'oidc-provider'
import type { Settings } from '../../../kernel/config.ts'
import type { Audit, Clock, Events, Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import type { Sealing } from '../sealing.ts'
import type { identitySettings } from '../settings.ts'

/** A provider as `oidc-provider` makes it. */
export type OidcProvider = import('oidc-provider').default

/** Writes the page of an error that cannot go back to the app. */
export interface ErrorPages {
  renderError(ctx: KoaContextWithOIDC, out: Readonly<Record<string, unknown>>): void
}

/** What the provider of this system is made of. */
export interface ProviderParts {
  readonly sql: Sql
  readonly events: Pick<Events, 'publish'>
  readonly audit: Audit
  readonly clock: Clock
  readonly log: Logger
  readonly sealing: Sealing
  readonly settings: Settings<typeof identitySettings>
  /** Address of the system as clients see it; the issuer. */
  readonly issuer: string
  readonly fhirBase: string
  readonly isDemo: boolean
  /** Whether key sets may lie at link-local and cloud metadata addresses. */
  readonly allowsLinkLocal: boolean
  readonly isFirstParty: (clientId: string) => boolean
  readonly cookieKeys: readonly string[]
  readonly pages: ErrorPages
  readonly adapter: (model: string) => Adapter
}

/** The parts that the outside gives; the rest is made here. */
export type ProviderOptions = Omit<ProviderParts, 'adapter' | 'cookieKeys'> & { readonly secret: Uint8Array }
