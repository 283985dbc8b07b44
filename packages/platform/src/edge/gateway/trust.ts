// Whose tokens the gateway believes besides consumers': our own identity service's and those of issuers outside; put together.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { GatewayExtra } from './extra.ts'
import { createOidcSignIn, type OidcSignIn } from './session/oidc-sign-in.ts'
import type { Sessions } from './session/sessions.ts'
import type { gatewaySettings } from './settings.ts'
import { createIssuers, type Issuers } from './tokens/issuers.ts'
import { createRevocations } from './tokens/revocations.ts'
import { ownIssuer, parseTrustedIssuers } from './tokens/trusted-issuers.ts'

/** What the gateway believes. */
export interface Trust {
  readonly issuers: Issuers
  /** Signing in to the console by our own identity service; none where there is no such service. */
  readonly oidc: OidcSignIn | undefined
  /** Follows revocations; returns what ends it. */
  start(): Promise<() => Promise<void>>
}

/** What it takes. */
export interface TrustParts {
  readonly ports: Ports
  readonly settings: Settings<typeof gatewaySettings>
  readonly publicUrl: GatewayExtra['publicUrl']
  readonly sessions: Sessions
}

/** Puts it together. @throws AppError 'invalid-parameter' when the setting TRUSTED_ISSUERS is faulty */
export function createTrust({ ports, settings, publicUrl, sessions }: TrustParts): Trust {
  const { sql, events, log, call } = ports
  const own = publicUrl === undefined ? [] : [ownIssuer(publicUrl)]
  const revocations = createRevocations({ sql, events, log })
  const issuers = createIssuers({
    trusted: [...own, ...parseTrustedIssuers(settings.trustedIssuers)],
    call,
    revocations,
    maxLifetimeSeconds: () => settings.tokenMaxLifetimeSeconds,
  })
  return {
    issuers,
    oidc: publicUrl === undefined ? undefined : createOidcSignIn({ ports, sessions, issuers, call, publicUrl }),
    start: () => revocations.follow(() => sessions.forget()),
  }
}
