// Verifies bearer tokens against the defined credentials, remembering verified ones until they expire or anything changes.
import { AppError } from '@xinglin/core/errors'
import { LRUCache } from 'lru-cache'
import { frozenCaller } from '../../../kernel/attached-caller.ts'
import type { Caller } from '../../../kernel/caller.ts'
import type { KongConsumer, KongJwtSecret, KongState } from '../kong/entities.ts'
import type { Algorithm } from '../kong/schemas.ts'
import { callerOf } from './caller-of.ts'
import { type ClaimFault, type ClaimRules, claimFault } from './claims.ts'
import { type CompactToken, maxTokenCharacters, parseCompactToken } from './compact.ts'
import { createSignatureCheck, type SignatureCheck } from './signature.ts'

/** What a route asks of a token. */
export interface TokenRules extends ClaimRules {
  /** Claim (else header) that names the credential. */
  readonly keyClaim: string
  readonly isSecretBase64: boolean
}

/** A verified token. */
export interface VerifiedToken {
  readonly consumer: KongConsumer
  readonly credential: KongJwtSecret
  readonly caller: Caller
}

/** Why a token is refused; for the log and the audit trail, never for the answer. */
export type TokenFault = ClaimFault | 'malformed' | 'unknown-key' | 'signature' | 'role' | 'patient' | 'scope'

/** The verifier of one state of the credentials; a changed state makes a new one, which forgets every token. */
export interface TokenVerifier {
  /** @throws AppError 'unauthenticated' or 'forbidden' (claims beyond the consumer), whose cause is the {@link TokenFault} */
  verify(token: string, rules: TokenRules, nowSeconds: number): VerifiedToken
}

interface Credential {
  readonly entity: KongJwtSecret
  readonly consumer: KongConsumer
  readonly check: SignatureCheck
  readonly checkBase64: SignatureCheck
}

interface Remembered {
  readonly token: VerifiedToken
  readonly claims: CompactToken['claims']
}

const cacheCharacters = 16_000_000
const entryOverhead = 1000

function refused(fault: TokenFault): AppError {
  return new AppError('unauthenticated', 'The token is not valid; get a new one', { cause: fault })
}

function compile(state: KongState): ReadonlyMap<string, Credential> {
  const consumers = new Map(state.consumers.map((consumer) => [consumer.id, consumer]))
  return new Map(
    state.jwt_secrets.flatMap((entity): [string, Credential][] => {
      const consumer = consumers.get(entity.consumer.id)
      if (consumer === undefined) return []
      const algorithm = entity.algorithm as Algorithm // checked when it was defined
      const material = { algorithm, publicKey: entity.rsa_public_key }
      const check = createSignatureCheck({ ...material, secret: Buffer.from(entity.secret) })
      const checkBase64 = createSignatureCheck({ ...material, secret: Buffer.from(entity.secret, 'base64') })
      return [[entity.key, { entity, consumer, check, checkBase64 }]]
    }),
  )
}

function verifyNew(credentials: ReadonlyMap<string, Credential>, text: string, rules: TokenRules): Remembered {
  const token = parseCompactToken(text)
  if (token === undefined) throw refused('malformed')
  const key = token.claims[rules.keyClaim] ?? token.header[rules.keyClaim]
  const credential = typeof key === 'string' ? credentials.get(key) : undefined
  if (credential === undefined) throw refused('unknown-key')
  const check = rules.isSecretBase64 ? credential.checkBase64 : credential.check
  if (!check(token)) throw refused('signature')
  const outcome = callerOf(credential.consumer, token.claims)
  if ('fault' in outcome) {
    throw new AppError('forbidden', 'The token asks for more than its consumer may have', { cause: outcome.fault })
  }
  const { consumer, entity } = credential
  return { claims: token.claims, token: { consumer, credential: entity, caller: frozenCaller(outcome.caller) } }
}

/** Creates a verifier for the given state. */
export function createTokenVerifier(state: KongState): TokenVerifier {
  const credentials = compile(state)
  // Bounded by size; times are checked at each use, so an entry never outlives its token.
  const verified = new LRUCache<string, Remembered>({
    maxSize: cacheCharacters,
    sizeCalculation: (_, key) => key.length + entryOverhead,
  })
  return {
    verify(text, rules, nowSeconds) {
      if (text.length > maxTokenCharacters) throw refused('malformed')
      const cacheKey =
        rules.isSecretBase64 || rules.keyClaim !== 'iss' ? `${rules.keyClaim} ${rules.isSecretBase64} ${text}` : text
      const remembered = verified.get(cacheKey)
      const known = remembered ?? verifyNew(credentials, text, rules)
      const fault = claimFault(known.claims, rules, nowSeconds)
      if (fault !== undefined) {
        verified.delete(cacheKey)
        throw refused(fault)
      }
      if (remembered === undefined) verified.set(cacheKey, known)
      return known.token
    },
  }
}
