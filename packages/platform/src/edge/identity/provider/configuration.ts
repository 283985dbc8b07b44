// The OpenID provider's configuration: PKCE always, codes only, refresh tokens of one use, keys and methods as SMART asks.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Configuration, KoaContextWithOIDC, errors as providerErrors } from 'oidc-provider'
import { assertionAlgorithms } from '../clients/client.ts'
import type { PrivateJwk } from '../keys/signing-keys.ts'
import { needsPatient, openidScopes } from '../scopes.ts'
import { createKeySetFetch } from './key-set-fetch.ts'
import type { ProviderParts } from './parts.ts'
import { accessTokenClaims, claimsByScope, providerAccount } from './people.ts'
import { launchParameters, resourceServer } from './resource.ts'

type ProviderModule = typeof import('oidc-provider')

const interactionSeconds = 900
const codeSeconds = 60
const clockToleranceSeconds = 5
const maxAssertionSeconds = 300
const maxJwksBytes = 65_536

/** Says whether a secret sent is the one whose hash is kept; in constant time. */
export function secretFits(sent: string, keptHash: string | undefined): boolean {
  const expected = Buffer.from(keptHash ?? '', 'base64url')
  const actual = createHash('sha256').update(sent).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

const scopesOf = (ctx: KoaContextWithOIDC): readonly string[] => {
  const scope = ctx.oidc.params?.['scope']
  return typeof scope === 'string' ? scope.split(' ') : []
}

// SMART App Launch 2.2, "Client Authentication: Asymmetric": sub is the client, at most five minutes ahead, kid named.
function demandAssertion(
  errors: typeof providerErrors,
  nowSeconds: () => number,
): Configuration['assertJwtClientAuthClaimsAndHeader'] {
  return (_ctx, claims, header, client) => {
    if (claims['sub'] !== client.clientId) throw new errors.InvalidClientAuth('sub must be the client_id')
    if (typeof header['kid'] !== 'string') throw new errors.InvalidClientAuth('kid must be in the header')
    const ahead = Number(claims['exp']) - nowSeconds()
    if (ahead > maxAssertionSeconds + clockToleranceSeconds) {
      throw new errors.InvalidClientAuth('exp must be at most five minutes in the future')
    }
  }
}

function interactionRules({ interactionPolicy }: ProviderModule): NonNullable<Configuration['interactions']> {
  const policy = interactionPolicy.base()
  const { Check } = interactionPolicy
  // A patient is chosen at every launch: the grant of an earlier one is about another patient.
  const patient = new Check('patient_context', 'a patient must be in context', 'interaction_required', (ctx) => {
    const isMissing = needsPatient(scopesOf(ctx)) && ctx.oidc.result?.consent === undefined
    return isMissing ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT
  })
  policy.get('consent')?.checks.add(patient)
  return { policy, url: (_ctx, { uid }) => `/oidc/interaction/${uid}` }
}

// The console is part of the platform: nobody is asked whether it may know them.
async function firstPartyGrant(ctx: KoaContextWithOIDC) {
  const { client, provider, session } = ctx.oidc
  const accountId = session?.accountId
  if (client === undefined || accountId === undefined) return undefined
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope('openid profile fhirUser xinglin')
  await grant.save()
  return grant
}

async function existingGrant(ctx: KoaContextWithOIDC, isFirstParty: (id: string) => boolean) {
  const { client, provider, session, result } = ctx.oidc
  if (client === undefined) return undefined
  if (isFirstParty(client.clientId)) return firstPartyGrant(ctx)
  const given = result?.consent?.grantId
  if (given === undefined && needsPatient(scopesOf(ctx))) return undefined
  const grantId = given ?? session?.grantIdFor(client.clientId)
  return grantId === undefined ? undefined : provider.Grant.find(grantId)
}

function features(parts: ProviderParts, errors: typeof providerErrors): NonNullable<Configuration['features']> {
  const { sql, fhirBase, settings } = parts
  const resources = { sql, fhirBase, accessTokenSeconds: settings.accessTokenSeconds, errors }
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false }, // the ID token says it all, and access tokens are for the FHIR base
    rpInitiatedLogout: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    dPoP: { enabled: false },
    clientCredentials: { enabled: true },
    // Of refresh tokens; of access tokens see introspection.ts.
    introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => fhirBase,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource, client) =>
        resourceServer(resources, ctx, { resource, clientId: client.clientId }),
    },
  }
}

// Seconds.
function lifetimes(settings: ProviderParts['settings']) {
  const grantSeconds = settings.refreshTokenDays * 86_400
  return {
    AccessToken: settings.accessTokenSeconds,
    ClientCredentials: settings.accessTokenSeconds,
    AuthorizationCode: codeSeconds,
    IdToken: settings.accessTokenSeconds,
    Interaction: interactionSeconds,
    Grant: grantSeconds,
    RefreshToken: grantSeconds,
    Session: settings.sessionHours * 3600,
  }
}

/** The configuration of a provider with these keys. */
export function configurationOf(
  parts: ProviderParts,
  module: ProviderModule,
  keys: readonly PrivateJwk[],
): Configuration {
  const { settings, clock, pages } = parts
  const { errors } = module
  return {
    adapter: parts.adapter,
    jwks: { keys: [...keys] } as NonNullable<Configuration['jwks']>, // made as JWK by our own key store
    claims: claimsByScope,
    scopes: [...openidScopes, 'xinglin'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientAuthMethods: ['none', 'client_secret_basic', 'private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    enabledJWA: {
      clientAuthSigningAlgValues: [...assertionAlgorithms],
      idTokenSigningAlgValues: ['RS256', 'ES256'],
    },
    assertJwtClientAuthClaimsAndHeader: demandAssertion(errors, () => clock.now().getTime() / 1000),
    clockTolerance: clockToleranceSeconds,
    conformIdTokenClaims: false,
    extraParams: launchParameters({ fhirBase: parts.fhirBase, errors }),
    extraTokenClaims: (_ctx, token) => accessTokenClaims(parts, token),
    features: features(parts, errors),
    findAccount: (_ctx, sub) => providerAccount(parts, sub),
    loadExistingGrant: (ctx) => existingGrant(ctx, parts.isFirstParty),
    rotateRefreshToken: () => true,
    interactions: interactionRules(module),
    renderError: async (ctx, out) => pages.renderError(ctx, { ...out }),
    clientBasedCORS: (_ctx, origin, client) =>
      client.clientAuthMethod === 'none' &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    discovery: {
      capabilities: undefined,
      ui_locales_supported: ['en', 'zh-CN'],
      service_documentation: undefined,
    },
    cookies: {
      names: { session: 'xinglin_idp', interaction: 'xinglin_idp_interaction', resume: 'xinglin_idp_resume' },
      keys: [...parts.cookieKeys],
      long: { httpOnly: true, sameSite: 'lax', signed: true, path: '/oidc' },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    routes: {
      authorization: '/oidc/auth',
      end_session: '/oidc/session/end',
      introspection: '/oidc/token/introspection',
      jwks: '/oidc/jwks',
      revocation: '/oidc/token/revocation',
      token: '/oidc/token',
    },
    ttl: lifetimes(settings),
    // Only registered clients' key sets are fetched; the provider's own dispatcher would refuse private networks.
    fetch: createKeySetFetch({ allowsLinkLocal: parts.allowsLinkLocal }),
    fetchResponseBodyLimits: { jwks_uri: maxJwksBytes },
  }
}
