// Our FHIR base as the one resource that tokens are for, and which scopes a client gets of those it asks for.
import type { KoaContextWithOIDC, errors as providerErrors, ResourceServer } from 'oidc-provider'
import type { Sql } from '../../../kernel/sql.ts'
import { findClient } from '../clients/store.ts'
import { isBackendScope, isLaunchScope, isWithin, levelOf } from '../scopes.ts'

/** What is needed to say so. */
export interface ResourceParts {
  readonly sql: Sql
  readonly fhirBase: string
  readonly accessTokenSeconds: number
  readonly errors: typeof providerErrors
}

const maxScopes = 60

function askedIn({ oidc }: KoaContextWithOIDC): readonly string[] {
  const { AuthorizationCode: code, RefreshToken: refresh } = oidc.entities
  const texts = [oidc.params?.['scope'], code?.scope, refresh?.scope]
  const all = texts.flatMap((text) => (typeof text === 'string' ? text.split(' ') : []))
  return [...new Set(all)].slice(0, maxScopes)
}

/** The resource a token is for, with the scopes out of the request that this client may have. */
export async function resourceServer(
  { sql, fhirBase, accessTokenSeconds, errors }: ResourceParts,
  ctx: KoaContextWithOIDC,
  asked: { readonly resource: string; readonly clientId: string },
): Promise<ResourceServer> {
  if (asked.resource !== fhirBase) throw new errors.InvalidTarget(`Tokens are given for ${fhirBase} only`)
  const client = await findClient(sql, asked.clientId)
  const fits = client?.kind === 'backend' ? isBackendScope : isLaunchScope
  const scopes = askedIn(ctx).filter((scope) => fits(scope) && isWithin(scope, client?.scopes ?? []))
  if (ctx.oidc.params?.['grant_type'] === 'client_credentials' && scopes.length === 0) {
    throw new errors.InvalidScope('None of these scopes is allowed to this client', askedIn(ctx).join(' '))
  }
  return {
    scope: scopes.join(' '),
    audience: fhirBase,
    accessTokenTTL: accessTokenSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  }
}

/** Refuses a launch that means another server (`aud`), or one that begins in another system (`launch`). */
export function launchParameters({ fhirBase, errors }: Pick<ResourceParts, 'fhirBase' | 'errors'>) {
  return {
    aud: (ctx: KoaContextWithOIDC, value: string | undefined): void => {
      const isResourceAsked = askedIn(ctx).some((scope) => levelOf(scope) !== undefined)
      if (value === undefined && isResourceAsked) {
        throw new errors.InvalidRequest(`aud is required: the FHIR base that the app means, ${fhirBase}`)
      }
      if (value === undefined || value.replace(/\/+$/, '') === fhirBase) return
      throw new errors.InvalidRequest(`aud must be ${fhirBase}`)
    },
    launch: (_ctx: KoaContextWithOIDC, value: string | undefined): void => {
      if (value !== undefined) throw new errors.InvalidRequest('launch is not supported: apps are launched standalone')
    },
  }
}
