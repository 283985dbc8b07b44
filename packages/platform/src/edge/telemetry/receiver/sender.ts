// Who may send to the receiver: whoever holds its token, where it has one.
import { createHash, timingSafeEqual } from 'node:crypto'

const bearer = /^bearer +(\S+)$/i
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Says whether a value of Authorization holds the token. */
export function holdsToken(authorization: string, token: string): boolean {
  const sent = bearer.exec(authorization)?.[1]
  return sent !== undefined && timingSafeEqual(digest(sent), digest(token))
}
