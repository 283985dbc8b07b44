// What an app or backend service may be registered as (pure), and how the OpenID provider is told of it.
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { AppError, type Issue } from '@xinglin/core/errors'
import { roles as allRoles, type Role } from '../../../kernel/caller.ts'
import { isBackendScope, isLaunchScope, openidScopes } from '../scopes.ts'

/** How a client proves who it is: not at all, by a secret, by a key; or a service that acts without a person. */
export const clientKinds = ['public', 'confidential', 'asymmetric', 'backend'] as const

/** A kind of {@link clientKinds}. */
export type ClientKind = (typeof clientKinds)[number]

/** A public key as JSON (RFC 7517). */
export type Jwk = Readonly<Record<string, unknown>>

/** A registered app or service. */
export interface Client {
  readonly id: string
  readonly name: string
  readonly kind: ClientKind
  readonly redirectUris: readonly string[]
  /** What it may ask for at most. */
  readonly scopes: readonly string[]
  /** Roles of a backend service. */
  readonly roles: readonly Role[]
  readonly jwks?: { readonly keys: readonly Jwk[] }
  readonly jwksUri?: string
}

/** A client as it is kept. */
export interface StoredClient extends Client {
  readonly secretHash: string | undefined
  readonly isFirstParty: boolean
  readonly isEnabled: boolean
  readonly version: number
  readonly createdAt: Date
  readonly changedAt: Date
}

/** Algorithms of client assertions (SMART App Launch 2.2, asymmetric authentication). */
export const assertionAlgorithms = ['RS384', 'ES384'] as const

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const namePattern = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .,'’·()_-]{0,79}$/u
const maxRedirects = 10
const maxScopes = 50
const maxKeys = 10
const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/
const privateParts = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']

function issue(expression: string, diagnostics: string): Issue {
  return { severity: 'error', code: 'value', expression, diagnostics: `${expression}: ${diagnostics}` }
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text) || text.length > 500) return false
  const { protocol, hostname, hash, username } = new URL(text)
  if (hash !== '' || username !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname))
}

/** Says whether a text can be the id of a client at all. */
export const isClientId = (text: string): boolean => idPattern.test(text)

// The provider refuses a client of which it cannot read one key, whichever signed.
function isSigningKey(key: Jwk): boolean {
  const isPublic = privateParts.every((part) => key[part] === undefined)
  const isFit = ['use', 'alg'].every((name) => key[name] === undefined || typeof key[name] === 'string')
  if (!isPublic || !isFit || typeof key['kid'] !== 'string') return false
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    if (asymmetricKeyType === 'ec') return asymmetricKeyDetails?.namedCurve === 'secp384r1'
    return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
  } catch {
    return false // no key at all
  }
}

function redirectIssues({ kind, redirectUris }: Client): readonly Issue[] {
  if (kind === 'backend') {
    return redirectUris.length === 0 ? [] : [issue('redirectUris', 'a backend service has none')]
  }
  if (redirectUris.length === 0 || redirectUris.length > maxRedirects) {
    return [issue('redirectUris', `1 to ${maxRedirects} addresses are needed`)]
  }
  return redirectUris.every(isWebAddress)
    ? []
    : [issue('redirectUris', 'each must be an https address without fragment (http on loopback only)')]
}

function scopeIssues({ kind, scopes }: Client): readonly Issue[] {
  if (scopes.length === 0 || scopes.length > maxScopes) return [issue('scopes', `1 to ${maxScopes} scopes are needed`)]
  const fits = (scope: string): boolean =>
    kind === 'backend' ? isBackendScope(scope) : openidScopes.includes(scope) || isLaunchScope(scope)
  const wrong = scopes.filter((scope) => !fits(scope))
  if (wrong.length === 0) return []
  const forms = kind === 'backend' ? 'system/*.rs' : 'openid, fhirUser, offline_access, launch/patient, patient/*.rs'
  return [issue('scopes', `${wrong.join(' ').slice(0, 200)} cannot be given to this kind; forms are ${forms}`)]
}

function keyIssues({ kind, jwks, jwksUri }: Client): readonly Issue[] {
  const isAsymmetric = kind === 'asymmetric' || kind === 'backend'
  if (!isAsymmetric) {
    return jwks === undefined && jwksUri === undefined ? [] : [issue('jwks', 'this kind of client has no keys')]
  }
  if ((jwks === undefined) === (jwksUri === undefined)) return [issue('jwks', 'give either jwks or jwksUri')]
  if (jwksUri !== undefined) {
    return isWebAddress(jwksUri) ? [] : [issue('jwksUri', 'must be an https address (http on loopback only)')]
  }
  const keys = jwks?.keys ?? []
  return keys.length > 0 && keys.length <= maxKeys && keys.every(isSigningKey)
    ? []
    : [issue('jwks', `1 to ${maxKeys} public keys with kid are needed: RSA of 2048 bits or more, or EC P-384`)]
}

function roleIssues({ kind, roles }: Client): readonly Issue[] {
  if (kind !== 'backend') return roles.length === 0 ? [] : [issue('roles', 'an app acts with the roles of its person')]
  const isFit =
    roles.length > 0 && roles.every((role) => allRoles.includes(role) && !['system', 'patient'].includes(role))
  return isFit ? [] : [issue('roles', 'a backend service needs at least one role, and neither system nor patient')]
}

/** @throws AppError 'unprocessable' naming every faulty field at once */
export function demandClient(client: Client): void {
  const issues = [
    ...(idPattern.test(client.id) ? [] : [issue('id', 'must be 1 to 64 letters, digits or . _ -')]),
    ...(namePattern.test(client.name) ? [] : [issue('name', 'must be a name of 1 to 80 characters')]),
    ...redirectIssues(client),
    ...scopeIssues(client),
    ...keyIssues(client),
    ...roleIssues(client),
  ]
  if (issues.length === 0) return
  throw new AppError('unprocessable', issues.map(({ diagnostics }) => diagnostics).join('; '), { issues })
}

const authMethods: Readonly<Record<ClientKind, string>> = {
  public: 'none',
  confidential: 'client_secret_basic',
  asymmetric: 'private_key_jwt',
  backend: 'private_key_jwt',
}

/** The client in the words of OpenID Connect Dynamic Client Registration. */
export function providerMetadata(client: StoredClient): Readonly<Record<string, unknown>> {
  const { id, name, kind, redirectUris, scopes, jwks, jwksUri, secretHash } = client
  const isBackend = kind === 'backend'
  const named = scopes.filter((scope) => openidScopes.includes(scope))
  const grants = ['authorization_code', ...(scopes.includes('offline_access') ? ['refresh_token'] : [])]
  return {
    client_id: id,
    client_name: name,
    // Whoever runs at a loopback address (an app on this machine) is asked for consent every time; the console is not.
    application_type: client.isFirstParty || redirectUris.every((uri) => uri.startsWith('https:')) ? 'web' : 'native',
    redirect_uris: redirectUris,
    response_types: isBackend ? [] : ['code'],
    grant_types: isBackend ? ['client_credentials'] : grants,
    token_endpoint_auth_method: authMethods[kind],
    // An empty list would mean any; fhirUser alone says nothing, since no ID token is given without openid.
    scope: [...(named.length === 0 ? ['fhirUser'] : named), ...(client.isFirstParty ? ['xinglin'] : [])].join(' '),
    ...(secretHash === undefined ? {} : { client_secret: secretHash }),
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
  }
}
