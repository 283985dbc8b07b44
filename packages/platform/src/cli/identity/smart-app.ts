// A SMART app as its maker writes it, by the standard alone: discovery, PKCE, the code, the tokens.
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { Page } from './browser.ts'

/** A registered app. */
export interface App {
  readonly clientId: string
  readonly redirectUri: string
  /** Of a confidential app. */
  readonly secret?: string
}

/** A launch that was begun. */
export interface Begun {
  readonly url: string
  readonly state: string
  readonly verifier: string
}

/** A token endpoint's answer. */
export interface TokenAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const limitMs = 20_000

const random = (): string => randomBytes(32).toString('base64url')
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

// The SMART configuration of a FHIR base.
async function discover(fhirBase: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`${fhirBase}/.well-known/smart-configuration`, { signal: AbortSignal.timeout(limitMs) })
  return (await answer.json()) as Readonly<Record<string, unknown>>
}

/** Begins a standalone launch. */
export async function begin(
  fhirBase: string,
  { clientId, redirectUri }: App,
  more: Readonly<Record<string, string>>,
): Promise<Begun> {
  const { authorization_endpoint: endpoint } = await discover(fhirBase)
  const [state, verifier] = [random(), random()]
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    aud: fhirBase,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  })
  return { url: `${endpoint}?${query}`, state, verifier }
}

/** What the redirect to the app says; faults of other response types come in the fragment. */
export function returned({ headers }: Page): URLSearchParams {
  const location = headers.get('location')
  if (location === null) return new URLSearchParams()
  const { searchParams, hash } = new URL(location)
  return hash === '' ? searchParams : new URLSearchParams(hash.slice(1))
}

/** Asks the token endpoint. */
export async function askToken(
  fhirBase: string,
  fields: Readonly<Record<string, string>>,
  app?: App,
): Promise<TokenAnswer> {
  const { token_endpoint: endpoint } = await discover(fhirBase)
  const basic = app?.secret === undefined ? undefined : Buffer.from(`${app.clientId}:${app.secret}`).toString('base64')
  const answer = await fetch(String(endpoint), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }),
    },
    body: new URLSearchParams({
      ...fields,
      ...(app === undefined || basic !== undefined ? {} : { client_id: app.clientId }),
    }).toString(),
    signal: AbortSignal.timeout(limitMs),
  })
  return { status: answer.status, body: (await answer.json()) as TokenAnswer['body'] }
}

/** Exchanges the code of a launch. */
export function exchange(fhirBase: string, app: App, given: { readonly code: string; readonly verifier: string }) {
  const fields = { grant_type: 'authorization_code', code: given.code, code_verifier: given.verifier }
  return askToken(fhirBase, { ...fields, redirect_uri: app.redirectUri }, app)
}

/** Signs a client assertion (RFC 7523) with ES384 or RS384. */
export function assertion(
  claims: Readonly<Record<string, unknown>>,
  key: { readonly privateKey: KeyObject; readonly kid: string },
): string {
  const isEc = key.privateKey.asymmetricKeyType === 'ec'
  const head = encode({ alg: isEc ? 'ES384' : 'RS384', kid: key.kid, typ: 'JWT' })
  const now = Math.floor(Date.now() / 1000)
  const signed = `${head}.${encode({ iat: now, exp: now + 120, jti: random(), ...claims })}`
  const signing = isEc ? ({ key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const) : key.privateKey
  return `${signed}.${sign('sha384', Buffer.from(signed), signing).toString('base64url')}`
}

/** Fields by which a backend service asks for a token. */
export function backendFields(clientAssertion: string, scope: string): Readonly<Record<string, string>> {
  return {
    grant_type: 'client_credentials',
    scope,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clientAssertion,
  }
}
