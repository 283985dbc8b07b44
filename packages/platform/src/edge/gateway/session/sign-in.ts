// Signing in and out of the console: POST /auth/sign-in, GET /auth/session, POST /auth/sign-out, GET /auth/personas.
import { AppError } from '@xinglin/core/errors'
import { LRUCache } from 'lru-cache'
import { isOwnRequest } from '../../../kernel/local-request.ts'
import type { Ports } from '../../../kernel/ports.ts'
import { answerError, answerJson, type Exchange } from '../exchange.ts'
import { readBody } from '../kong/request-body.ts'
import { type Bucket, takeToken } from '../limits/token-bucket.ts'
import { limitKeyOf } from '../proxy/client-address.ts'
import { cookieValue } from '../proxy/headers.ts'
import type { OidcSignIn } from './oidc-sign-in.ts'
import { passwordFits } from './passwords.ts'
import { personas } from './personas.ts'
import { sessionCookieOf } from './session-cookie.ts'
import { csrfFits, type Session, type Sessions, sessionCookie, sessionHours } from './sessions.ts'
import { type Account, findAccount } from './store.ts'

/** What signing in needs. */
export interface SignInParts {
  readonly ports: Pick<Ports, 'sql' | 'audit' | 'clock' | 'log'>
  readonly sessions: Sessions
  readonly isDemo: boolean
  readonly allowedHosts: readonly string[]
  /** Signing in by the identity service, where there is one. */
  readonly oidc?: OidcSignIn
}

/** Answers the addresses under `/auth`. */
export type SignIn = (exchange: Exchange) => Promise<void>

interface Wish {
  readonly username: string
  /** Undefined: a demo person asked for by name alone. */
  readonly password: string | undefined
}

// Signing out of the console also ends that the identity service knows the person in this browser.
const identityCookieGone = 'xinglin_idp=; Path=/oidc; HttpOnly; SameSite=Lax; Max-Age=0'
const maxBodyBytes = 4096
const maxTextLength = 200
// Five tries at once for a name from one address, fifty from all, twenty for an address whatever the name; then one every
// twelve, two and three seconds. Whoever guesses from one place so locks nobody out elsewhere.
const perNameThere = { ratePerSecond: 1 / 12, burst: 5 }
const perName = { ratePerSecond: 1 / 2, burst: 50 }
const perAddress = { ratePerSecond: 1 / 3, burst: 20 }

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= maxTextLength ? value : undefined
}

async function readWish({ request }: Exchange): Promise<Wish> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new AppError('unsupported-media-type', 'Send application/json with a persona, or a username and password')
  }
  const body = await readBody(request, maxBodyBytes)
  if (body === undefined) throw new AppError('too-large', `The body is larger than ${maxBodyBytes} bytes`)
  let sent: unknown
  try {
    sent = JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new AppError('malformed-body', 'The body is not JSON', { cause })
  }
  const { persona, username, password } = (typeof sent === 'object' && sent !== null ? sent : {}) as Readonly<
    Record<string, unknown>
  >
  const name = text(persona) ?? text(username)
  const secret = text(password)
  if (name === undefined || (persona === undefined && secret === undefined)) {
    throw new AppError('invalid-request', 'Send {"persona": …} or {"username": …, "password": …}')
  }
  return { username: name, password: secret }
}

function shown({ caller, csrfToken, expiresAt }: Session): Readonly<Record<string, unknown>> {
  const { subject, name, roles, patient, actor } = caller
  return { csrfToken, expiresAt, caller: { subject, name, roles, patient, actor } }
}

/** Bounds the tries to sign in. */
interface Throttle {
  /** @throws AppError 'too-many-requests' */
  count(username: string, address: string): void
  /** After a success: guesses are what is counted, not the busy day of a shared name. */
  forgive(username: string, address: string): void
}

function createThrottle(clock: Ports['clock']): Throttle {
  const buckets = new LRUCache<string, Bucket>({ max: 10_000 })
  return {
    count(username, address) {
      for (const [key, policy] of [
        [`address ${limitKeyOf(address)}`, perAddress],
        [`name there ${limitKeyOf(address)} ${username}`, perNameThere],
        [`name ${username}`, perName],
      ] as const) {
        const taking = takeToken(buckets.get(key), policy, clock.monotonicMs())
        buckets.set(key, taking.bucket)
        if (taking.isAllowed) continue
        const retryAfterSeconds = Math.ceil(taking.retryAfterMs / 1000)
        throw new AppError('too-many-requests', `Too many tries to sign in; wait ${retryAfterSeconds} seconds`, {
          retryAfterSeconds,
        })
      }
    },
    // The address keeps its count: with one account of their own nobody gets more guesses at others.
    forgive: (username, address) => void buckets.delete(`name there ${limitKeyOf(address)} ${username}`),
  }
}

async function accountFor(parts: SignInParts, wish: Wish): Promise<Account | undefined> {
  const account = await findAccount(parts.ports.sql, wish.username)
  const isAllowed = account !== undefined && (!account.isDemo || parts.isDemo)
  if (wish.password === undefined) return isAllowed && account.isDemo ? account : undefined
  const isRight = await passwordFits(wish.password, isAllowed ? account.password : undefined)
  return isRight && isAllowed ? account : undefined
}

async function signIn(parts: SignInParts, exchange: Exchange, throttle: Throttle): Promise<void> {
  const { request, response, client, traceId } = exchange
  const { host, origin } = request.headers
  const site = request.headers['sec-fetch-site']
  const asked = { host, origin, secFetchSite: typeof site === 'string' ? site : undefined }
  const isForeign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
  if (isForeign || site === 'cross-site') {
    throw new AppError('forbidden', 'Sign in from the console itself, not from another site')
  }
  const wish = await readWish(exchange)
  if (wish.password === undefined && !isOwnRequest(asked, parts.allowedHosts)) {
    throw new AppError(
      'forbidden',
      'A demo person can sign in without a password only on a local address; use the password',
    )
  }
  throttle.count(wish.username, client.address)
  const account = await accountFor(parts, wish)
  const common = { action: 'E', interaction: 'sign-in', traceId } as const
  if (account === undefined) {
    const caller = {
      subject: 'anonymous',
      name: 'Not identified',
      roles: [],
      scopes: [],
      purpose: 'TREAT',
      address: client.address,
    }
    await parts.ports.audit.record({ ...common, caller, outcome: 'refused', status: 401, reason: 'sign-in' })
    throw new AppError('unauthenticated', 'The name or the password is not right')
  }
  throttle.forgive(wish.username, client.address)
  const { id, session } = await parts.sessions.open(account)
  const caller = { ...session.caller, address: client.address }
  await parts.ports.audit.record({ ...common, caller, outcome: 'success', status: 200 })
  response.setHeader('set-cookie', sessionCookieOf(id, exchange, sessionHours * 3600))
  answerJson(response, 200, shown(session))
}

async function signOut(parts: SignInParts, exchange: Exchange): Promise<void> {
  const id = cookieValue(exchange.request.headers.cookie, sessionCookie)
  const session = id === undefined ? undefined : await parts.sessions.find(id)
  if (id !== undefined && session !== undefined) {
    if (!csrfFits(session, exchange.request.headers['x-csrf-token'])) {
      throw new AppError('forbidden', 'Send the session’s token in the header x-csrf-token')
    }
    await parts.sessions.end(id)
    const caller = { ...session.caller, address: exchange.client.address }
    const entry = { caller, action: 'E', interaction: 'sign-out', outcome: 'success', status: 204 } as const
    await parts.ports.audit.record({ ...entry, traceId: exchange.traceId })
  }
  exchange.response.setHeader('set-cookie', [sessionCookieOf('', exchange, 0), identityCookieGone])
  exchange.response.statusCode = 204
  exchange.response.end()
}

async function tellSession(parts: SignInParts, exchange: Exchange): Promise<void> {
  const id = cookieValue(exchange.request.headers.cookie, sessionCookie)
  const session = id === undefined ? undefined : await parts.sessions.find(id)
  if (session !== undefined) answerJson(exchange.response, 200, shown(session))
  // Told, not thrown: that nobody is signed in yet is no refused access, and the trail is not to fill up with it.
  else answerError(exchange, new AppError('unauthenticated', 'Nobody is signed in'))
}

/** Creates the handler of `/auth/…`. */
export function createSignIn(parts: SignInParts): SignIn {
  const throttle = createThrottle(parts.ports.clock)
  const actions: Readonly<Record<string, SignIn>> = {
    'POST /auth/sign-in': (exchange) => signIn(parts, exchange, throttle),
    'POST /auth/sign-out': (exchange) => signOut(parts, exchange),
    'GET /auth/session': (exchange) => tellSession(parts, exchange),
    'GET /auth/personas': async ({ response }) =>
      answerJson(response, 200, {
        demo: parts.isDemo,
        personas: parts.isDemo ? personas : [],
        oidc: parts.oidc !== undefined,
      }),
    ...(parts.oidc === undefined
      ? {}
      : { 'GET /auth/oidc/sign-in': parts.oidc.begin, 'GET /auth/oidc/callback': parts.oidc.end }),
  }
  return async (exchange) => {
    const action = actions[`${exchange.method} ${exchange.target.matchPath}`]
    if (action !== undefined) return action(exchange)
    const methods = Object.keys(actions).filter((key) => key.endsWith(` ${exchange.target.matchPath}`))
    if (methods.length === 0) throw new AppError('not-found', 'Nothing is known under this address')
    exchange.response.setHeader('allow', methods.map((key) => key.split(' ')[0]).join(', '))
    throw new AppError('method-not-allowed', 'This address does not take this method')
  }
}
