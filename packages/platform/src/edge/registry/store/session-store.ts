// SQL of sessions: they hold locks on keys, and lose them when they end.

import type { Sql, Tx } from '../../../kernel/sql.ts'
import { ConsulError } from '../consul-error.ts'
import type { Change } from './changes.ts'
import { buryKeys, isUuid } from './kv-rows.ts'

/** A session to create. */
export interface NewSession {
  readonly name: string
  readonly behavior: 'release' | 'delete'
  readonly lockDelayMs: number
  /** As sent; '' means none. */
  readonly ttl: string
  readonly ttlMs: number | undefined
  readonly nodeChecks: readonly string[]
  readonly serviceChecks: readonly string[]
}

/** A session. */
export interface Session extends NewSession {
  readonly id: string
  readonly createIndex: number
  readonly modifyIndex: number
}

/** The check that every node has; it never fails here. */
export const serfHealth = 'serfHealth'

const maxSessions = 10_000
const columns = `id, name, behavior, lock_delay_ms AS "lockDelayMs", ttl, ttl_ms AS "ttlMs",
  node_checks AS "nodeChecks", service_checks AS "serviceChecks",
  create_index AS "createIndex", modify_index AS "modifyIndex"`

async function checkChecks(tx: Tx, session: NewSession): Promise<void> {
  const wanted = [...session.nodeChecks, ...session.serviceChecks].filter((id) => id !== serfHealth)
  if (wanted.length === 0) return
  const rows = await tx.query<{ id: string; status: string }>({
    text: 'SELECT id, status FROM registry.health_check WHERE id = ANY($1::text[])',
    values: [wanted],
  })
  const statusById = new Map(rows.map(({ id, status }) => [id, status]))
  for (const id of wanted) {
    const status = statusById.get(id)
    if (status === undefined) throw new ConsulError(400, `Missing check '${id}' registration`)
    if (status === 'critical') throw new ConsulError(400, `Check '${id}' is in critical state`)
  }
}

/** Creates a session under the given id. @throws ConsulError 400 when a check is missing or critical */
export async function createSession(change: Change, id: string, session: NewSession): Promise<void> {
  await checkChecks(change.tx, session)
  const [row] = await change.tx.query<{ count: number }>({ text: 'SELECT count(*) AS count FROM registry.session' })
  if ((row?.count ?? 0) >= maxSessions)
    throw new ConsulError(429, `There are ${maxSessions} sessions; destroy some first`)
  await change.tx.query({
    text: `INSERT INTO registry.session (id, name, behavior, lock_delay_ms, ttl, ttl_ms, expires_at, node_checks,
             service_checks, create_index, modify_index)
           VALUES ($1, $2, $3, $4, $5, $6::float8, clock_timestamp() + $6::float8 * interval '1 ms', $7, $8, $9, $9)`,
    values: [
      id,
      session.name,
      session.behavior,
      session.lockDelayMs,
      session.ttl,
      session.ttlMs,
      session.nodeChecks,
      session.serviceChecks,
      await change.index(),
    ],
  })
  change.touch('sessions')
}

/** Reads sessions by id, or all. */
export async function readSessions(sql: Pick<Sql, 'query'>, id?: string): Promise<readonly Session[]> {
  if (id !== undefined && !isUuid(id)) return []
  return sql.query<Session>({
    text: `SELECT ${columns} FROM registry.session WHERE ($1::uuid IS NULL OR id = $1) ORDER BY id LIMIT ${maxSessions}`,
    values: [id],
  })
}

/** Gives a session its whole time again. */
export async function renewSession(sql: Pick<Sql, 'query'>, id: string): Promise<readonly Session[]> {
  if (!isUuid(id)) return []
  return sql.query<Session>({
    text: `UPDATE registry.session SET expires_at = clock_timestamp() + ttl_ms * interval '1 ms'
           WHERE id = $1 AND (expires_at IS NULL OR expires_at >= clock_timestamp()) RETURNING ${columns}`,
    values: [id],
  })
}

// Its keys are released or deleted, and may not be taken again before the lock delay is over.
async function endSession(change: Change, session: Session): Promise<void> {
  const held = await change.tx.query<{ key: string }>({
    text: 'SELECT key FROM registry.kv WHERE session = $1 ORDER BY key',
    values: [session.id],
  })
  const keys = held.map(({ key }) => key)
  if (keys.length > 0 && session.behavior === 'delete') await buryKeys(change, keys)
  if (keys.length > 0 && session.behavior === 'release') {
    await change.tx.query({
      text: 'UPDATE registry.kv SET session = NULL, modify_index = $2 WHERE session = $1',
      values: [session.id, await change.index()],
    })
  }
  if (keys.length > 0 && session.lockDelayMs > 0) {
    await change.tx.query({
      text: `INSERT INTO registry.lock_delay (key, until)
             SELECT unnest($1::text[]), clock_timestamp() + $2::float8 * interval '1 ms'
             ON CONFLICT (key) DO UPDATE SET until = EXCLUDED.until`,
      values: [keys, session.lockDelayMs],
    })
  }
  await change.tx.query({ text: 'DELETE FROM registry.session WHERE id = $1', values: [session.id] })
  await change.index()
  change.touch('sessions')
  for (const key of keys) change.touchKey(key)
}

/** Ends a session and gives its keys free; one that is not there is fine. */
export async function destroySession(change: Change, id: string): Promise<void> {
  for (const session of await readSessions(change.tx, id)) await endSession(change, session)
}

/** Ends the sessions that stand on any of these checks. */
export async function destroySessionsOfChecks(change: Change, checkIds: readonly string[]): Promise<void> {
  if (checkIds.length === 0) return
  const sessions = await change.tx.query<Session>({
    text: `SELECT ${columns} FROM registry.session
           WHERE node_checks && $1::text[] OR service_checks && $1::text[] ORDER BY id`,
    values: [checkIds],
  })
  for (const session of sessions) await endSession(change, session)
}

/** Ends the sessions whose time ran out. @returns how many */
export async function expireSessions(change: Change): Promise<number> {
  const late = await change.tx.query<Session>({
    text: `SELECT ${columns} FROM registry.session WHERE expires_at < clock_timestamp() ORDER BY id LIMIT 500`,
  })
  for (const session of late) await endSession(change, session)
  await change.tx.query({ text: 'DELETE FROM registry.lock_delay WHERE until < clock_timestamp()' })
  return late.length
}

/** Says whether `expireSessions` has something to do. */
export async function hasLateSessions(sql: Pick<Sql, 'query'>): Promise<boolean> {
  const rows = await sql.query({
    name: 'registry.late-sessions',
    text: `SELECT 1 FROM registry.session WHERE expires_at < clock_timestamp()
           UNION ALL SELECT 1 FROM registry.lock_delay WHERE until < clock_timestamp() LIMIT 1`,
  })
  return rows.length > 0
}
