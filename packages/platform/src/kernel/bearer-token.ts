// A token of a port's own that callers send as Bearer (RFC 6750), compared without telling anything by the time it takes.
import { createHash, timingSafeEqual } from 'node:crypto'

const bearer = /^bearer +(\S+)$/i
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The token in a value of `Authorization`; undefined where there is none. */
export const bearerOf = (authorization: string | undefined): string | undefined => bearer.exec(authorization ?? '')?.[1]

/** Says whether two secrets are the same; of digests, so that neither content nor length shows in the time it takes. */
export const isSameSecret = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))

/** Says whether a value of `Authorization` holds the token. */
export function holdsToken(authorization: string | undefined, token: string): boolean {
  const sent = bearerOf(authorization)
  return sent !== undefined && isSameSecret(sent, token)
}
