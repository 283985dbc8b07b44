// The internal token: a caller verified at the edge, signed for the other processes, valid for at most a minute.
// A JWS in compact form (RFC 7515), HS256 with one fixed header, so that there is no algorithm to confuse.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '@xinglin/core/errors'
import { frozenCaller } from './attached-caller.ts'
import { type Caller, type Role, roles } from './caller.ts'

/** Header that carries the token between services; the edge strips it from outside. */
export const callerHeader = 'x-xinglin-caller'

const lifetimeSeconds = 60
const clockSkewSeconds = 5
const minKeyBytes = 32
const maxTokenCharacters = 8192
const issuer = 'xinglin-edge'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const header = encode({ alg: 'HS256', typ: 'JWT' })
const known: ReadonlySet<string> = new Set(roles)

function signature(signed: string, key: Uint8Array): Buffer {
  if (key.byteLength < minKeyBytes) throw new Error(`The internal key must have at least ${minKeyBytes} bytes`)
  return createHmac('sha256', key).update(signed).digest()
}

/** Signs a caller for 60 seconds. */
export function signInternalToken(caller: Caller, key: Uint8Array, now = new Date()): string {
  const issuedAt = Math.floor(now.getTime() / 1000)
  const signed = `${header}.${encode({ iss: issuer, iat: issuedAt, exp: issuedAt + lifetimeSeconds, caller })}`
  return `${signed}.${signature(signed, key).toString('base64url')}`
}

function refused(cause?: unknown): AppError {
  return new AppError('unauthenticated', 'The internal token is not valid', { cause })
}

function parsePayload(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw refused(cause)
  }
  throw refused()
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)

function parseCaller(value: unknown): Caller {
  if (typeof value !== 'object' || value === null) throw refused()
  const { subject, name, purpose, patient, actor, address, reason, ...lists } = value as Readonly<
    Record<string, unknown>
  >
  const { roles: heldRoles, scopes } = lists
  if (!isText(subject) || !isText(name) || !isText(purpose) || !isTexts(scopes)) throw refused()
  if (!isTexts(heldRoles) || !heldRoles.every((role) => known.has(role))) throw refused()
  return frozenCaller({
    subject,
    name,
    roles: heldRoles as readonly Role[], // each was looked up above
    scopes,
    purpose,
    ...(isText(patient) ? { patient } : {}),
    ...(isText(actor) ? { actor } : {}),
    ...(isText(address) ? { address } : {}),
    ...(isText(reason) ? { reason } : {}),
  })
}

/**
 * Verifies a token and gives its frozen caller.
 * @throws AppError 'unauthenticated' for any fault, without telling which
 */
export function verifyInternalToken(token: string, key: Uint8Array, now = new Date()): Caller {
  const [head, body, mac, ...rest] = token.length > maxTokenCharacters ? [] : token.split('.')
  if (head !== header || body === undefined || mac === undefined || rest.length > 0) throw refused()
  const expected = signature(`${head}.${body}`, key)
  const given = Buffer.from(mac, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw refused()
  const { iss, iat, exp, caller } = parsePayload(body)
  if (iss !== issuer || typeof iat !== 'number' || typeof exp !== 'number') throw refused()
  const seconds = now.getTime() / 1000
  const isFresh = exp - iat <= lifetimeSeconds && seconds < exp + clockSkewSeconds && seconds > iat - clockSkewSeconds
  if (!isFresh) throw refused()
  return parseCaller(caller)
}
