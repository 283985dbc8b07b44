// SQL of public contexts and of what their callers have stored.
import type { Queryable, Tx } from '../../../kernel/sql.ts'
import type { KeptBytes, PrivateContext } from '../types.ts'
import { type ContextRow, contextColumns, toContext } from './rows.ts'

const pageSize = 100

/** Inserts a context. */
export async function insertContext(tx: Tx, context: PrivateContext, parametersHash: string): Promise<void> {
  const { id, owner, label, minContributors, facts, blob, sizeBytes, sha256, createdAt } = context
  await tx.query({
    name: 'privacy.context.insert',
    text: `INSERT INTO privacy.context (id, owner, label, min_contributors, facts, parameters_hash, blob, size_bytes, sha256, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [
      id,
      owner,
      label,
      minContributors,
      JSON.stringify(facts),
      parametersHash,
      blob,
      sizeBytes,
      sha256,
      createdAt,
    ],
  })
}

/** The context, and the hash of its parameters and public key. */
export async function findContext(sql: Queryable, id: string): Promise<PrivateContext | undefined> {
  const [row] = await sql.query<ContextRow>({
    name: 'privacy.context.find',
    text: `SELECT ${contextColumns} FROM privacy.context WHERE id = $1`,
    values: [id],
  })
  return row === undefined ? undefined : toContext(row)
}

/** The newest contexts, at most 100, made before the given time. */
export async function listContexts(sql: Queryable, before: Date | undefined): Promise<readonly PrivateContext[]> {
  const rows = await sql.query<ContextRow>({
    name: 'privacy.context.list',
    text: `SELECT ${contextColumns} FROM privacy.context WHERE created_at < $1 ORDER BY created_at DESC, id LIMIT ${pageSize}`,
    values: [before ?? new Date(8.64e15 / 10)],
  })
  return rows.map(toContext)
}

/** Gives a context other evaluation keys when parameters and public key are the same; the bytes before, or undefined. */
export async function replaceContextBytes(
  tx: Tx,
  context: Pick<PrivateContext, 'id' | 'facts'> & KeptBytes,
  parametersHash: string,
): Promise<string | undefined> {
  const { id, facts, blob, sizeBytes, sha256 } = context
  const [row] = await tx.query<{ blob: string }>({
    name: 'privacy.context.replace',
    text: `WITH old AS (SELECT id, blob FROM privacy.context WHERE id = $1 AND parameters_hash = $2 FOR UPDATE)
           UPDATE privacy.context c SET facts = $3, blob = $4, size_bytes = $5, sha256 = $6
           FROM old WHERE c.id = old.id RETURNING old.blob AS blob`,
    values: [id, parametersHash, JSON.stringify(facts), blob, sizeBytes, sha256],
  })
  return row?.blob
}

/** Removes a context with all that was made under it; gives the blobs that are of no use any more. */
export async function deleteContext(tx: Tx, id: string): Promise<readonly string[]> {
  const rows = await tx.query<{ blob: string }>({
    name: 'privacy.context.delete',
    text: `WITH vectors AS (SELECT blob FROM privacy.vector WHERE context_id = $1),
                gone AS (DELETE FROM privacy.context WHERE id = $1 RETURNING blob)
           SELECT blob FROM gone UNION ALL SELECT blob FROM vectors`,
    values: [id],
  })
  return rows.map(({ blob }) => blob)
}

/** Bytes that a caller has stored: contexts, contributions and results of own jobs. */
export async function storedBytes(sql: Queryable, owner: string): Promise<number> {
  const [row] = await sql.query<{ bytes: number }>({
    name: 'privacy.stored',
    text: `SELECT (SELECT coalesce(sum(size_bytes), 0) FROM privacy.context WHERE owner = $1)::float8
                + (SELECT coalesce(sum(size_bytes), 0) FROM privacy.vector WHERE owner = $1)::float8 AS bytes`,
    values: [owner],
  })
  return row?.bytes ?? 0
}
