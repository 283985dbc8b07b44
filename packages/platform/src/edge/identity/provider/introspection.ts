// Token introspection (RFC 7662) for confidential clients. The provider itself answers for refresh tokens; our access tokens are JWTs,
// which it refuses to look at: whether one still holds is told here, by its signature and by what it was given for.
import { createLocalJWKSet, type JWTPayload, jwtVerify } from 'jose'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { findClient } from '../clients/store.ts'
import type { PrivateJwk } from '../keys/signing-keys.ts'
import { levelOf, needsPatient } from '../scopes.ts'
import { findLaunch, type Launch } from './artifacts.ts'
import type { OidcProvider, ProviderParts } from './parts.ts'
import { activeAccount } from './people.ts'

type Answer = Readonly<Record<string, unknown>>
type Parts = Pick<ProviderParts, 'sql' | 'clock' | 'isDemo' | 'issuer' | 'fhirBase'>

const inactive: Answer = { active: false }

const publicPart = ({ kty, crv, x, y, n, e, kid, alg, use }: PrivateJwk): Answer => ({
  ...{ kty, kid, alg, use },
  ...(kty === 'RSA' ? { n, e } : { crv, x, y }),
})

/** Verifies an access token of ours. */
function createVerifier({ clock, issuer, fhirBase }: Parts, keys: readonly PrivateJwk[]) {
  const keySet = createLocalJWKSet({ keys: keys.map(publicPart) as { kty: string }[] })
  return async (token: string): Promise<JWTPayload | undefined> => {
    const rules = { issuer, audience: fhirBase, algorithms: ['ES256'], typ: 'at+jwt', currentDate: clock.now() }
    const verified = await jwtVerify(token, keySet, rules).catch(() => undefined) // whatever is wrong with it: inactive
    return verified?.payload
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

// A service acts without a person: what changed about it ends the tokens that it had.
async function isServiceWell({ sql }: Parts, claims: JWTPayload): Promise<boolean> {
  const client = await findClient(sql, textOf(claims['client_id']) ?? '')
  const issuedAtMs = Number(claims['issued_at_ms'])
  return client?.isEnabled === true && client.kind === 'backend' && client.changedAt.getTime() < issuedAtMs
}

// Whose grant it is, while it holds: what was given to an app ends with it, as it does with every change of the person or the app.
async function accountOfGrant(parts: Parts, provider: OidcProvider, claims: JWTPayload) {
  const { sub = '' } = claims
  const [clientId, grantId] = [textOf(claims['client_id']) ?? '', textOf(claims['grant_id']) ?? '']
  const [grant, client, account] = await Promise.all([
    provider.Grant.find(grantId),
    findClient(parts.sql, clientId),
    activeAccount(parts, sub),
  ])
  const isTheirs = grant !== undefined && grant.clientId === clientId && grant.accountId === sub
  return isTheirs && client?.isEnabled === true ? account : undefined
}

interface Given {
  readonly launch: Launch | undefined
  readonly account: Awaited<ReturnType<typeof activeAccount>>
}

// As the token endpoint told it: all that was granted, and the patient in context.
function contextOf({ fhirBase }: Parts, claims: JWTPayload, { launch, account }: Given): Answer {
  const own = (launch?.scopes ?? []).filter((scope) => levelOf(scope) === undefined)
  const scopes = [...own, ...(textOf(claims['scope']) ?? '').split(' ')].filter((scope) => scope !== '')
  const isNamed = scopes.includes('fhirUser') && account?.actor !== undefined
  return {
    scope: [...new Set(scopes)].join(' '),
    ...(launch?.patient !== undefined && needsPatient(scopes) ? { patient: launch.patient } : {}),
    ...(isNamed ? { fhirUser: `${fhirBase}/${account.actor}` } : {}),
  }
}

/** Tells of an access token whether it holds now, and if so what SMART App Launch 2.2 asks for. */
export function createIntrospection(parts: Parts, provider: OidcProvider, keys: readonly PrivateJwk[]) {
  const verify = createVerifier(parts, keys)
  return async (token: string): Promise<Answer> => {
    const claims = await verify(token)
    if (claims === undefined) return inactive
    const grantId = textOf(claims['grant_id'])
    const account = grantId === undefined ? undefined : await accountOfGrant(parts, provider, claims)
    const isWell = grantId === undefined ? await isServiceWell(parts, claims) : account !== undefined
    if (!isWell) return inactive
    const launch = grantId === undefined ? undefined : await findLaunch(parts.sql, grantId)
    const { iss, sub, aud, exp, iat, jti, client_id } = claims
    return {
      ...{ active: true, token_type: 'Bearer', client_id, iss, sub, aud, exp, iat, jti },
      ...contextOf(parts, claims, { launch, account }),
    }
  }
}

const route = 'introspection'

/** Middleware that answers for access tokens where the provider, having authenticated the client, would not. */
export function introspectAccessTokens(introspect: (token: string) => Promise<Answer>) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next()
    if (ctx.oidc?.route !== route || ctx.method !== 'POST') return
    const { client, params } = ctx.oidc
    if (client === undefined) return
    if (client.clientAuthMethod === 'none') {
      ctx.status = 401
      ctx.body = { error: 'invalid_client', error_description: 'introspection is for clients that prove who they are' }
      return
    }
    const token = textOf(params?.['token'])
    if ((ctx.body as Answer | undefined)?.['error'] !== 'unsupported_token_type' || token === undefined) return
    ctx.body = await introspect(token)
    ctx.status = 200
  }
}
