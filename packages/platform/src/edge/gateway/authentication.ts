// Who is asking: a bearer token of a consumer, or the console's session.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../kernel/caller.ts'
import { emergencyHeader, inEmergency } from '../../kernel/emergency.ts'
import type { Asked } from './exchange.ts'
import { cookieValue } from './proxy/headers.ts'
import type { Plan } from './routing/plan.ts'
import type { TokenPlaces } from './routing/plugin-plans.ts'
import { csrfFits, type Sessions, sessionCookie } from './session/sessions.ts'
import type { Issuers } from './tokens/issuers.ts'
import type { TokenVerifier, VerifiedToken } from './tokens/token-verifier.ts'

/** Who is asking, as the edge knows it. */
export interface Identity {
  readonly caller: Caller
  /** What requests are counted by. */
  readonly limitKey: string
  /** Of a consumer's token. */
  readonly token?: VerifiedToken
}

/** What authentication uses. */
export interface AuthenticationParts {
  readonly verifier: TokenVerifier
  readonly issuers: Issuers
  readonly sessions: Sessions
  readonly nowSeconds: number
}

const bearer = /^bearer +(\S+) *$/i
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

function parameterToken(query: string, names: readonly string[]): string | undefined {
  if (query === '' || names.length === 0) return undefined
  const parameters = new URLSearchParams(query)
  return names.map((name) => parameters.get(name)).find((value): value is string => value !== null && value !== '')
}

function headerToken(asked: Asked, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = asked.request.headers[name]
    if (typeof value !== 'string' || value === '') continue
    const [, token] = bearer.exec(value) ?? []
    if (token !== undefined) return token
    throw new AppError('unauthenticated', 'Send the credential as: Authorization: Bearer <token>', {
      cause: 'malformed',
    })
  }
  return undefined
}

function tokenOf(asked: Asked, places: TokenPlaces): string | undefined {
  const { cookie } = asked.request.headers
  return (
    headerToken(asked, places.headers) ??
    places.cookies.map((name) => cookieValue(cookie, name)).find((value) => value !== undefined) ??
    parameterToken(asked.target.query, places.parameters)
  )
}

// A remembered token mostly comes from the same address again.
const identities = new WeakMap<VerifiedToken, Identity>()

function fromToken(asked: Asked, token: string, plan: Plan, parts: AuthenticationParts): Identity {
  const verified = parts.verifier.verify(token, plan.tokens, parts.nowSeconds)
  const { address } = asked.client
  const known = identities.get(verified)
  if (known?.caller.address === address) return known
  const caller = Object.freeze({ ...verified.caller, address })
  const identity: Identity = Object.freeze({ caller, limitKey: `consumer ${verified.consumer.id}`, token: verified })
  identities.set(verified, identity)
  return identity
}

async function fromIssuer(asked: Asked, verified: ReturnType<Issuers['callerOf']> & object): Promise<Identity> {
  const caller = Object.freeze({ ...(await verified), address: asked.client.address })
  return { caller, limitKey: `subject ${caller.subject}` }
}

async function fromSession(asked: Asked, sessions: Sessions): Promise<Identity | undefined> {
  const { headers } = asked.request
  const id = cookieValue(headers.cookie, sessionCookie)
  const session = id === undefined ? undefined : await sessions.find(id)
  if (session === undefined) return undefined
  if (!safeMethods.has(asked.method) && !csrfFits(session, headers['x-csrf-token'])) {
    throw new AppError('forbidden', 'Send the session’s token in the header x-csrf-token', { cause: 'csrf' })
  }
  const caller = Object.freeze({ ...session.caller, address: asked.client.address })
  return { caller, limitKey: `session ${session.username}` }
}

type Known = Identity | undefined

function withEmergency(identity: Known, reason: string): Known {
  return identity === undefined
    ? undefined
    : { ...identity, caller: Object.freeze(inEmergency(identity.caller, reason)) }
}

/**
 * The identity of a request, or undefined when it brings no credential; with a stated emergency, where the request states
 * one. A promise only where something has to be asked for.
 * @throws AppError 'unauthenticated' or 'forbidden' when the credential cannot be accepted
 */
export function identify(asked: Asked, plan: Plan, parts: AuthenticationParts): Known | Promise<Known> {
  const found = holderOf(asked, plan, parts)
  const reason = asked.request.headers[emergencyHeader]
  if (reason === undefined) return found
  const stated = String(reason)
  return found instanceof Promise
    ? found.then((identity) => withEmergency(identity, stated))
    : withEmergency(found, stated)
}

function holderOf(asked: Asked, plan: Plan, parts: AuthenticationParts): Known | Promise<Known> {
  const token = tokenOf(asked, plan.places)
  if (token !== undefined) {
    const isProduct = plan.target.kind === 'product'
    const issued = isProduct ? parts.issuers.callerOf(token, parts.nowSeconds) : undefined
    return issued === undefined ? fromToken(asked, token, plan, parts) : fromIssuer(asked, issued)
  }
  // Only our own services take the session: to a foreign upstream the cookie is not shown either.
  return plan.target.kind === 'product' ? fromSession(asked, parts.sessions) : undefined
}
