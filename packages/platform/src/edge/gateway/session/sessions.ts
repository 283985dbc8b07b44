// Console sessions: an opaque id in a cookie, its hash in the database, a CSRF token derived from it, idle and absolute expiry.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { frozenCaller } from '../../../kernel/attached-caller.ts'
import type { Caller } from '../../../kernel/caller.ts'
import type { Clock, Logger } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { type Account, addSession, findSession, pruneSessions, removeSession, touchSession } from './store.ts'

/** A session as requests use it. */
export interface Session {
  readonly caller: Caller
  readonly username: string
  readonly expiresAt: Date
  readonly csrfToken: string
}

/** The sessions of this gateway. */
export interface Sessions {
  /** Opens a session and gives the cookie's value. */
  open(account: Account): Promise<{ readonly id: string; readonly session: Session }>
  find(id: string): Promise<Session | undefined>
  end(id: string): Promise<void>
  /** Forgets what is remembered: of one session (hex of its hash), or of all. */
  forget(idHash?: string): void
  prune(): Promise<void>
}

/** What sessions need. */
export interface SessionParts {
  readonly sql: Sql
  readonly clock: Clock
  readonly log: Logger
  /** Whether demo accounts may hold sessions. */
  readonly isDemo: boolean
}

/** Name of the cookie. */
export const sessionCookie = 'xinglin_session'
/** A session ends after so long without a request. */
export const idleMinutes = 60
/** A session ends after so long in any case. */
export const sessionHours = 12

const idPattern = /^[A-Za-z0-9_-]{43}$/
const idBytes = 32
const rememberMs = 30_000
const touchAfterMs = 60_000
const maxRemembered = 10_000

const hashOf = (id: string): Buffer => createHash('sha256').update(id).digest()

/** The CSRF token of a session: only who knows the session's id can make it. */
export function csrfTokenOf(id: string): string {
  return createHmac('sha256', id).update('xinglin csrf').digest('base64url')
}

/** Says whether the sent CSRF token is the session's. */
export function csrfFits(session: Session, sent: string | readonly string[] | undefined): boolean {
  if (typeof sent !== 'string') return false
  const expected = Buffer.from(session.csrfToken)
  const given = Buffer.from(sent)
  return expected.length === given.length && timingSafeEqual(expected, given)
}

function callerOfAccount(account: Account): Caller {
  const { username, name, roles, patient, actor } = account
  return frozenCaller({
    subject: username,
    name,
    roles,
    scopes: [],
    purpose: 'TREAT',
    ...(patient === undefined ? {} : { patient }),
    ...(actor === undefined ? {} : { actor }),
  })
}

/** Creates sessions on the database; each is remembered for half a minute, and forgotten at once when it is ended. */
export function createSessions({ sql, clock, log, isDemo }: SessionParts): Sessions {
  const remembered = new LRUCache<string, Session>({ max: maxRemembered, ttl: rememberMs })
  // Ended while a request was still looking: what that request found must not be remembered afterwards.
  const ended = new LRUCache<string, true>({ max: maxRemembered, ttl: rememberMs })
  const drop = (key: string): void => {
    ended.set(key, true)
    remembered.delete(key)
  }
  const sessionOf = (id: string, account: Account, expiresAt: Date): Session => ({
    caller: callerOfAccount(account),
    username: account.username,
    expiresAt,
    csrfToken: csrfTokenOf(id),
  })
  const touch = (hash: Buffer): void => {
    touchSession(sql, hash).catch((error: unknown) => log.warn('gateway.session.untouched', { error }))
  }
  return {
    async open(account) {
      const id = randomBytes(idBytes).toString('base64url')
      const expiresAt = new Date(clock.now().getTime() + sessionHours * 3_600_000)
      await addSession(sql, hashOf(id), account.username, expiresAt)
      return { id, session: sessionOf(id, account, expiresAt) }
    },
    async find(id) {
      if (!idPattern.test(id)) return undefined
      const hash = hashOf(id)
      const key = hash.toString('hex')
      const known = remembered.get(key)
      if (known !== undefined && known.expiresAt > clock.now()) return known
      const open = await findSession(sql, hash, idleMinutes)
      if (open === undefined || ended.has(key) || (open.account.isDemo && !isDemo)) return undefined
      if (clock.now().getTime() - open.seenAt.getTime() > touchAfterMs) touch(hash)
      const session = sessionOf(id, open.account, open.expiresAt)
      remembered.set(key, session)
      return session
    },
    async end(id) {
      if (!idPattern.test(id)) return
      const hash = hashOf(id)
      drop(hash.toString('hex'))
      await removeSession(sql, hash)
    },
    forget(idHash) {
      if (idHash === undefined) remembered.clear()
      else drop(idHash)
    },
    prune: () => pruneSessions(sql, idleMinutes),
  }
}
