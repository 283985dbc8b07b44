// Verifies tokens of trusted issuers (RFC 9068, OpenID Connect), remembering verified ones until they expire or are revoked.
import { AppError } from '@xinglin/core/errors'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import { frozenCaller } from '../../../kernel/attached-caller.ts'
import type { Caller } from '../../../kernel/caller.ts'
import type { CallService } from '../../../kernel/ports.ts'
import { clockSkewSeconds } from './claims.ts'
import { maxTokenCharacters, parseCompactToken } from './compact.ts'
import { issuerCaller } from './issuer-caller.ts'
import { keySetOf } from './key-sets.ts'
import type { RevocableToken, Revocations } from './revocations.ts'
import type { TrustedIssuer } from './trusted-issuers.ts'

/** Tokens of issuers. */
export interface Issuers {
  /**
   * The caller of a token; undefined when it is none of a trusted issuer.
   * @throws AppError 'unauthenticated', 'forbidden', or 'unavailable' when the issuer's keys cannot be had
   */
  callerOf(token: string, nowSeconds: number): Promise<Caller> | Caller | undefined
  /** The claims of an ID token of our own identity service. @throws AppError 'unauthenticated' */
  idToken(token: string, expected: { readonly audience: string; readonly nonce: string }): Promise<JWTPayload>
}

/** What is needed. */
export interface IssuerParts {
  readonly trusted: readonly TrustedIssuer[]
  readonly call: CallService
  readonly revocations: Pick<Revocations, 'isRevoked'>
  /** Longest life of a token that is accepted, in seconds; read at each use. */
  readonly maxLifetimeSeconds: () => number
}

interface Source {
  readonly trusted: TrustedIssuer
  readonly keys: JWTVerifyGetKey
}

interface Remembered extends RevocableToken {
  readonly caller: Caller
  readonly expiresAtSeconds: number
}

const cacheCharacters = 16_000_000
const entryOverhead = 1000
const retryAfterSeconds = 2

function refused(fault: string): AppError {
  return new AppError('unauthenticated', 'The token is not valid; get a new one', { cause: fault })
}

// jose tells faults of a token by codes of its own; anything else means that the keys could not be had.
function refusalOf(error: unknown): unknown {
  if (error instanceof AppError) return error
  const isToken = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)
  const isAnswer = error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC'
  if (isToken && !isAnswer) return refused(error.code)
  return new AppError('unavailable', 'The keys of the token’s issuer cannot be had now', {
    cause: error,
    retryAfterSeconds,
  })
}

function demandTimes({ exp, iat }: JWTPayload, maxLifetimeSeconds: number, nowSeconds: number): number {
  if (exp === undefined) throw refused('no-exp')
  if (maxLifetimeSeconds > 0 && exp - Math.min(iat ?? nowSeconds, nowSeconds) > maxLifetimeSeconds + clockSkewSeconds) {
    throw refused('too-long')
  }
  return exp
}

async function verifyNew(
  token: string,
  { trusted, keys }: Source,
  parts: IssuerParts,
  nowSeconds: number,
): Promise<Remembered> {
  const isOwn = trusted.jwksUrl === undefined
  const { payload } = await jwtVerify(token, keys, {
    issuer: trusted.issuer,
    audience: [...trusted.audiences],
    algorithms: [...trusted.algorithms],
    clockTolerance: clockSkewSeconds,
    currentDate: new Date(nowSeconds * 1000),
    requiredClaims: ['exp', 'sub'],
    ...(isOwn ? { typ: 'at+jwt' } : {}),
  })
  const expiresAtSeconds = demandTimes(payload, parts.maxLifetimeSeconds(), nowSeconds)
  const outcome = issuerCaller(payload, trusted)
  if ('fault' in outcome) {
    throw new AppError('forbidden', 'The token gives no role here, or asks for more than it may', {
      cause: outcome.fault,
    })
  }
  const { client_id: client, grant_id: grant, issued_at_ms: issuedAtMs, sub, iat } = payload
  return {
    caller: frozenCaller(outcome.caller),
    expiresAtSeconds,
    account: isOwn && grant !== undefined ? sub : undefined,
    client: isOwn && typeof client === 'string' ? client : undefined,
    grant: isOwn && typeof grant === 'string' ? grant : undefined,
    issuedAtMs: typeof issuedAtMs === 'number' ? issuedAtMs : (iat ?? 0) * 1000,
  }
}

/** Creates the verifier of issuers' tokens; key sets are fetched when the first token of an issuer comes. */
export function createIssuers(parts: IssuerParts): Issuers {
  const sources = new Map(
    parts.trusted.map((trusted): [string, Source] => [
      trusted.issuer,
      { trusted, keys: keySetOf(trusted, parts.call) },
    ]),
  )
  // Also who is no issuer's is remembered: consumers' tokens are taken apart once.
  const verified = new LRUCache<string, Remembered | 'not ours'>({
    maxSize: cacheCharacters,
    sizeCalculation: (_, key) => key.length + entryOverhead,
  })
  const demandValid = (known: Remembered, token: string, nowSeconds: number): Caller => {
    const isOver = nowSeconds >= known.expiresAtSeconds + clockSkewSeconds
    if (!isOver && !parts.revocations.isRevoked(known)) return known.caller
    verified.delete(token)
    throw refused(isOver ? 'expired' : 'revoked')
  }
  const verifyFirst = async (token: string, source: Source, nowSeconds: number): Promise<Caller> => {
    try {
      const known = await verifyNew(token, source, parts, nowSeconds)
      verified.set(token, known)
      return demandValid(known, token, nowSeconds)
    } catch (error) {
      throw refusalOf(error)
    }
  }
  return {
    callerOf(token, nowSeconds) {
      if (token.length > maxTokenCharacters) return undefined
      const known = verified.get(token)
      if (known === 'not ours') return undefined
      if (known !== undefined) return demandValid(known, token, nowSeconds)
      const issuer = parseCompactToken(token)?.claims['iss']
      const source = typeof issuer === 'string' ? sources.get(issuer) : undefined
      if (source !== undefined) return verifyFirst(token, source, nowSeconds)
      verified.set(token, 'not ours')
      return undefined
    },
    async idToken(token, { audience, nonce }) {
      const own = [...sources.values()].find(({ trusted }) => trusted.jwksUrl === undefined)
      if (own === undefined) throw refused('no-issuer')
      const { issuer } = own.trusted
      const { payload } = await jwtVerify(token, own.keys, { issuer, audience, algorithms: ['RS256'] }).catch(
        (error: unknown) => {
          throw refusalOf(error)
        },
      )
      if (payload['nonce'] !== nonce) throw refused('nonce')
      return payload
    },
  }
}
