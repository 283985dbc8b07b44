// The console's cookie: for this site's own pages alone, and never read by a script.
import type { Exchange } from '../exchange.ts'
import { sessionCookie } from './sessions.ts'

/** The Set-Cookie header of a session; an age of 0 removes it. */
export function sessionCookieOf(value: string, { client }: Pick<Exchange, 'client'>, maxAgeSeconds: number): string {
  const secure = client.protocol === 'https' ? '; Secure' : ''
  return `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${secure}`
}
