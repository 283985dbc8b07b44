// Signing in to the console by our own identity service: the code flow of OpenID Connect with PKCE, ended here on the server.
import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import type { JWTPayload } from 'jose'
import { roles as allRoles, type Role } from '../../../kernel/caller.ts'
import type { CallService, Ports } from '../../../kernel/ports.ts'
import type { Exchange } from '../exchange.ts'
import { cookieValue } from '../proxy/headers.ts'
import type { Issuers } from '../tokens/issuers.ts'
import { sessionCookieOf } from './session-cookie.ts'
import { type Sessions, sessionHours } from './sessions.ts'
import { type Account, putAccount } from './store.ts'

/** What signing in needs. */
export interface OidcSignInParts {
  readonly ports: Pick<Ports, 'sql' | 'audit'>
  readonly sessions: Sessions
  readonly issuers: Issuers
  readonly call: CallService
  /** Address of the system as clients see it. */
  readonly publicUrl: string
}

/** Both halves of the flow. */
export interface OidcSignIn {
  begin(exchange: Exchange): Promise<void>
  end(exchange: Exchange): Promise<void>
}

const clientId = 'xinglin-console'
const flowCookie = 'xinglin_oidc'
const flowPath = '/auth/oidc'
const flowSeconds = 900
const exchangeMs = 10_000

const random = (): string => randomBytes(32).toString('base64url')

function flowCookieOf(value: string, { client }: Exchange, maxAgeSeconds: number): string {
  const secure = client.protocol === 'https' ? '; Secure' : ''
  return `${flowCookie}=${value}; Path=${flowPath}; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${secure}`
}

function redirect({ response }: Exchange, location: string, cookies: readonly string[]): void {
  response.setHeader('set-cookie', [...cookies])
  response.writeHead(302, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).end()
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function accountOf(claims: JWTPayload): Account {
  const roles = Array.isArray(claims['roles']) ? claims['roles'] : []
  const [patient, actor] = [text(claims['patient']), text(claims['actor'])]
  return {
    username: claims.sub ?? '',
    name: text(claims['name']) ?? claims.sub ?? '',
    roles: allRoles.filter((role): role is Role => role !== 'system' && roles.includes(role)),
    password: '', // fits nothing: this account signs in at the identity service
    isDemo: claims['is_demo'] === true,
    ...(patient === undefined ? {} : { patient }),
    ...(actor === undefined ? {} : { actor }),
  }
}

async function exchangeCode(
  { call, publicUrl }: OidcSignInParts,
  given: { readonly code: string; readonly verifier: string },
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: clientId,
    code: given.code,
    code_verifier: given.verifier,
    redirect_uri: `${publicUrl}${flowPath}/callback`,
  })
  const answer = await call('identity')('/oidc/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
    timeoutMs: exchangeMs,
  })
  const told = (await answer.json()) as Readonly<Record<string, unknown>>
  const token = text(told['id_token'])
  if (answer.ok && token !== undefined) return token
  throw new AppError('unauthenticated', 'The sign-in was not completed; begin again', { cause: 'code' })
}

/** Creates both halves. */
export function createOidcSignIn(parts: OidcSignInParts): OidcSignIn {
  const { publicUrl, sessions, issuers, ports } = parts
  return {
    async begin(exchange) {
      // Cookies belong to a name: the way out and back must be at the one that the service comes back to.
      const { host, pathname } = new URL(`${publicUrl}${flowPath}/sign-in`)
      if (exchange.request.headers.host !== host) return redirect(exchange, `${publicUrl}${pathname}`, [])
      const [state, nonce, verifier] = [random(), random(), random()]
      const query = new URLSearchParams({
        client_id: clientId,
        response_type: 'code',
        redirect_uri: `${publicUrl}${flowPath}/callback`,
        scope: 'openid profile fhirUser xinglin',
        state,
        nonce,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        prompt: 'login', // a shared workstation: whoever signed out of the console must not be let in again unasked
      })
      redirect(exchange, `${publicUrl}/oidc/auth?${query}`, [
        flowCookieOf(`${state}.${nonce}.${verifier}`, exchange, flowSeconds),
      ])
    },
    async end(exchange) {
      const query = new URLSearchParams(exchange.target.query)
      const cookie = cookieValue(exchange.request.headers.cookie, flowCookie)
      const [state, nonce = '', verifier = ''] = cookie?.split('.') ?? []
      const over = flowCookieOf('', exchange, 0)
      if (query.get('error') === 'access_denied') return redirect(exchange, '/app/sign-in', [over])
      const code = query.get('code')
      if (state === undefined || query.get('state') !== state || code === null) {
        throw new AppError('unauthenticated', 'The sign-in was begun elsewhere or took too long; begin again', {
          cause: 'state',
        })
      }
      const token = await exchangeCode(parts, { code, verifier })
      const account = accountOf(await issuers.idToken(token, { audience: clientId, nonce }))
      if (account.roles.length === 0) throw new AppError('forbidden', 'This account has no role here')
      await putAccount(ports.sql, account)
      const { id, session } = await sessions.open(account)
      const caller = { ...session.caller, address: exchange.client.address }
      const entry = { caller, action: 'E', interaction: 'sign-in', outcome: 'success', status: 302 } as const
      await ports.audit.record({ ...entry, traceId: exchange.traceId })
      redirect(exchange, '/app/', [over, sessionCookieOf(id, exchange, sessionHours * 3600)])
    },
  }
}
