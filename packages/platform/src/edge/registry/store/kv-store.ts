// SQL of keys and values: read one, many, or names; write with check-and-set or a lock; delete.
import type { Queryable } from '../../../kernel/sql.ts'
import { ConsulError } from '../consul-error.ts'
import { type Change, keysTopic } from './changes.ts'
import { addToKeyCount, buryKeys, isUuid } from './kv-rows.ts'

/** A key with its value. */
export interface KeyValue {
  readonly key: string
  readonly value: Buffer
  /** Unsigned 64 bit, as decimal digits. */
  readonly flags: string
  readonly session: string | null
  readonly lockIndex: number
  readonly createIndex: number
  readonly modifyIndex: number
}

/** How a key is written. */
export interface KeyWrite {
  readonly key: string
  readonly value: Buffer
  readonly flags: string
  /** Write only when the key's index is this; 0: only when there is no key. */
  readonly cas?: number
  /** The session that takes the lock. */
  readonly acquire?: string
  /** The session that gives the lock back. */
  readonly release?: string
}

/** The most keys there may be. */
export const maxKeys = 100_000
/** The most entries of one listing with values, and the most bytes of them. */
export const maxListed = 10_000
const maxListedBytes = 67_108_864
const maxNamesBytes = 16_777_216

const columns = `k.key, k.value, k.flags::text AS flags, k.session, k.lock_index AS "lockIndex",
  k.create_index AS "createIndex", k.modify_index AS "modifyIndex"`

/** Reads one key, and the index at which it came or changed; where there is none, the newest index of any key, as Consul. */
export async function readKey(
  sql: Queryable,
  key: string,
): Promise<{ readonly index: number; readonly entry: KeyValue | undefined }> {
  const [row] = await sql.query<KeyValue & { readonly index: number; readonly key: string | null }>({
    name: 'registry.kv-read',
    text: `SELECT ${columns}, coalesce(k.modify_index, greatest(t.index, a.index, f.index)) AS index
           FROM registry.topic f
           LEFT JOIN registry.topic a ON a.topic = $2
           LEFT JOIN registry.kv k ON k.key = $1
           LEFT JOIN registry.kv_tombstone t ON t.key = $1
           WHERE f.topic = 'floor/kv'`,
    values: [key, keysTopic],
  })
  return { index: row?.index ?? 1, entry: row === undefined || row.key === null ? undefined : row }
}

/**
 * The newest index of anything under a prefix, also of what was deleted; where nothing ever was, the newest of any key,
 * as Consul: Spring Cloud asks for several prefixes in turn and would wait for the missing ones alone. Read it before the rows.
 */
export async function prefixIndex(sql: Queryable, prefix: string): Promise<number> {
  const [row] = await sql.query<{ index: number }>({
    text: `SELECT greatest(coalesce(greatest((SELECT max(modify_index) FROM registry.kv WHERE key ^@ $1),
                                             (SELECT max(index) FROM registry.kv_tombstone WHERE key ^@ $1)),
                                    (SELECT index FROM registry.topic WHERE topic = $2)),
                           (SELECT index FROM registry.topic WHERE topic = 'floor/kv')) AS index`,
    values: [prefix, keysTopic],
  })
  return row?.index ?? 1
}

async function refuseLong(sql: Queryable, prefix: string, withValues: boolean): Promise<void> {
  const [row] = await sql.query<{ bytes: number; keys: number }>({
    text: `SELECT coalesce(sum(octet_length(key) + CASE WHEN $2 THEN octet_length(value) ELSE 0 END), 0)::int8 AS bytes,
                  count(*) AS keys
           FROM registry.kv WHERE key ^@ $1`,
    values: [prefix, withValues],
  })
  const { bytes = 0, keys = 0 } = row ?? {}
  const isLong = withValues ? keys > maxListed || bytes > maxListedBytes : bytes > maxNamesBytes
  if (isLong) throw new ConsulError(413, `${keys} keys of ${bytes} bytes begin with this prefix; ask for a longer one`)
}

/** Reads the keys under a prefix with their values. @throws ConsulError 413 when there are too many */
export async function readPrefix(sql: Queryable, prefix: string): Promise<readonly KeyValue[]> {
  await refuseLong(sql, prefix, true)
  return sql.query<KeyValue>({
    text: `SELECT ${columns} FROM registry.kv k WHERE k.key ^@ $1 ORDER BY k.key LIMIT ${maxListed}`,
    values: [prefix],
  })
}

/** Reads the names of the keys under a prefix, cut after the first separator beyond it. */
export async function readKeyNames(sql: Queryable, prefix: string, separator: string): Promise<readonly string[]> {
  await refuseLong(sql, prefix, false)
  const rows = await sql.query<{ key: string }>({
    text: `SELECT DISTINCT key FROM (
             SELECT CASE WHEN $2 = '' OR strpos(substr(key, length($1) + 1), $2) = 0 THEN key
                         ELSE substr(key, 1, length($1) + strpos(substr(key, length($1) + 1), $2) + length($2) - 1)
                    END COLLATE "C" AS key
             FROM registry.kv WHERE key ^@ $1) AS names
           ORDER BY key LIMIT ${maxKeys}`,
    values: [prefix, separator],
  })
  return rows.map(({ key }) => key)
}

async function mayTake(change: Change, write: KeyWrite, before: KeyValue | undefined): Promise<boolean> {
  const session = write.acquire ?? ''
  const isKnown =
    isUuid(session) &&
    (await change.tx.query({ text: 'SELECT 1 FROM registry.session WHERE id = $1', values: [session] })).length > 0
  if (!isKnown) throw new ConsulError(500, `invalid session ${JSON.stringify(session.slice(0, 64))}`)
  if ((before?.session ?? null) !== null) return before?.session === session.toLowerCase()
  const delayed = await change.tx.query({
    text: 'SELECT 1 FROM registry.lock_delay WHERE key = $1 AND until > clock_timestamp()',
    values: [write.key],
  })
  return delayed.length === 0
}

async function mayWrite(change: Change, write: KeyWrite, before: KeyValue | undefined): Promise<boolean> {
  if (write.cas !== undefined) return write.cas === (before?.modifyIndex ?? 0)
  if (write.acquire !== undefined) return mayTake(change, write, before)
  if (write.release !== undefined) {
    const holder = before?.session ?? null
    return holder !== null && holder === write.release.toLowerCase()
  }
  return true
}

function holderAfter(write: KeyWrite, before: KeyValue | undefined): Pick<KeyValue, 'session' | 'lockIndex'> {
  const session = before?.session ?? null
  const lockIndex = before?.lockIndex ?? 0
  if (write.release !== undefined) return { session: null, lockIndex }
  if (write.acquire === undefined || session !== null) return { session, lockIndex }
  return { session: write.acquire.toLowerCase(), lockIndex: lockIndex + 1 }
}

async function countNewKey(change: Change): Promise<void> {
  const count = await addToKeyCount(change, 1)
  if (count > maxKeys) throw new ConsulError(429, `There are ${maxKeys} keys; delete some first`)
}

/** Writes a key; false when the condition does not hold. @throws ConsulError 500 for a session that is not there */
export async function writeKey(change: Change, write: KeyWrite): Promise<boolean> {
  const { entry: before } = await readKey(change.tx, write.key)
  if (!(await mayWrite(change, write, before))) return false
  const { session, lockIndex } = holderAfter(write, before)
  const isSame =
    before !== undefined &&
    before.session === session &&
    before.flags === write.flags &&
    before.value.equals(write.value)
  if (isSame) return true // as Consul: nothing changed, so nobody is woken
  if (before === undefined) await countNewKey(change)
  await change.tx.query({
    text: `INSERT INTO registry.kv (key, value, flags, session, lock_index, create_index, modify_index)
           VALUES ($1, $2, $3::numeric, $4, $5, $6, $6)
           ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, flags = EXCLUDED.flags,
             session = EXCLUDED.session, lock_index = EXCLUDED.lock_index, modify_index = EXCLUDED.modify_index`,
    values: [write.key, write.value, write.flags, session, lockIndex, await change.index()],
  })
  change.touchKey(write.key)
  return true
}

/** Deletes a key; with `cas` only when its index is that. A key that is not there counts as deleted. */
export async function deleteKey(change: Change, key: string, cas?: number): Promise<boolean> {
  const { entry } = await readKey(change.tx, key)
  if (entry === undefined) return true
  if (cas !== undefined && cas !== entry.modifyIndex) return false
  await buryKeys(change, [key])
  change.touchKey(key)
  return true
}

/** Deletes everything under a prefix. */
export async function deletePrefix(change: Change, prefix: string): Promise<void> {
  const rows = await change.tx.query<{ key: string }>({
    text: 'SELECT key FROM registry.kv WHERE key ^@ $1 ORDER BY key',
    values: [prefix],
  })
  if (rows.length === 0) return
  await buryKeys(
    change,
    rows.map(({ key }) => key),
  )
  change.touchPrefix(prefix)
}
