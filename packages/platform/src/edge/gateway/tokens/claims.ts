// When a token is valid by its claims (RFC 7519; pure).

/** What a route asks of claims. */
export interface ClaimRules {
  readonly isExpiryRequired: boolean
  readonly isNotBeforeRequired: boolean
  /** Longest time from issue (else from now) to `exp`, in seconds; 0 means any. */
  readonly maxLifetimeSeconds: number
  /** A token that names audiences must name this one. */
  readonly audience: string
}

/** Why a token's claims are refused; for the log, never for the answer. */
export type ClaimFault =
  | 'claim-type'
  | 'no-exp'
  | 'no-nbf'
  | 'expired'
  | 'not-yet'
  | 'issued-later'
  | 'too-long'
  | 'audience'

type Claims = Readonly<Record<string, unknown>>

/** Clocks may differ by so much. */
export const clockSkewSeconds = 5

const timeClaims = ['exp', 'nbf', 'iat'] as const

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0)
}

function audienceFits(aud: unknown, audience: string): boolean {
  if (aud === undefined) return true
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience
}

function seconds(claims: Claims, name: string): number | undefined {
  const value = claims[name]
  return typeof value === 'number' ? value : undefined
}

/** The first fault of the claims at a moment, or undefined when they are in order. */
export function claimFault(claims: Claims, rules: ClaimRules, nowSeconds: number): ClaimFault | undefined {
  if (!timeClaims.every((name) => isTime(claims[name]))) return 'claim-type'
  const exp = seconds(claims, 'exp')
  const nbf = seconds(claims, 'nbf')
  const iat = seconds(claims, 'iat')
  if (exp === undefined && rules.isExpiryRequired) return 'no-exp'
  if (nbf === undefined && rules.isNotBeforeRequired) return 'no-nbf'
  if (exp !== undefined && nowSeconds >= exp + clockSkewSeconds) return 'expired'
  if (nbf !== undefined && nowSeconds < nbf - clockSkewSeconds) return 'not-yet'
  if (iat !== undefined && nowSeconds < iat - clockSkewSeconds) return 'issued-later'
  if (!audienceFits(claims.aud, rules.audience)) return 'audience'
  if (rules.maxLifetimeSeconds > 0) {
    const from = Math.min(iat ?? nowSeconds, nowSeconds)
    if (exp === undefined || exp - from > rules.maxLifetimeSeconds + clockSkewSeconds) return 'too-long'
  }
  return undefined
}
