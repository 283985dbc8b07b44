// Which headers pass the edge, in and out (RFC 9110 7.6.1; pure).
import type { IncomingHttpHeaders } from 'node:http'

const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
])

// What the edge itself says about a request; nobody outside may say it.
const ownNames: ReadonlySet<string> = new Set([
  'x-credential-identifier',
  'x-anonymous-consumer',
  'x-real-ip',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
])

// Fields for all recipients cannot be options of a connection (RFC 9110, 7.6.1); without its length a body is no body.
const noOptions: ReadonlySet<string> = new Set(['', 'close', 'keep-alive', 'content-length', 'host'])

const isOwnWord = (name: string): boolean =>
  name.startsWith('x-xinglin-') || name.startsWith('x-consumer-') || ownNames.has(name)

/** Says whether a header is the edge's own word, so that it is dropped when it comes from outside. */
export function isEdgeHeader(name: string): boolean {
  if (!name.startsWith('x')) return name === 'forwarded'
  // Services behind CGI and its heirs take an underscore for a hyphen.
  return isOwnWord(name.includes('_') ? name.replaceAll('_', '-') : name)
}

function named(connection: string): readonly string[] {
  const names = connection.split(',').map((name) => name.trim().toLowerCase())
  return names.filter((name) => !noOptions.has(name))
}

/** Says whether a header is only for the next connection. */
export const isHopByHop = (name: string): boolean => hopByHop.has(name)

/** Further names that Connection declares to be so; undefined for none. */
export function connectionOptions(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return new Set(named(connection))
}

/** Removes the edge's own words from a request that stays in this process. */
export function dropEdgeHeaders(headers: IncomingHttpHeaders): void {
  for (const name in headers) if (isEdgeHeader(name)) delete headers[name]
}

/** A cookie header without the named cookie; undefined when nothing is left. */
export function withoutCookie(cookie: string, name: string): string | undefined {
  const kept = cookie.split(';').filter((part) => part.trim().split('=')[0] !== name)
  return kept.length === 0 ? undefined : kept.join(';').trim()
}

/** The value of a cookie. */
export function cookieValue(cookie: string | undefined, name: string): string | undefined {
  for (const part of cookie?.split(';') ?? []) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
