// SQL of signing keys.
import type { Queryable } from '../../../kernel/sql.ts'

/** A kept key. */
export interface KeptKey {
  readonly kid: string
  readonly algorithm: string
  readonly sealed: Buffer
  readonly createdAt: Date
}

interface KeyRow {
  readonly kid: string
  readonly algorithm: string
  readonly sealed: Buffer
  readonly created_at: Date
}

/** Every key, newest first. */
export async function listKeys(sql: Queryable): Promise<readonly KeptKey[]> {
  const rows = await sql.query<KeyRow>({
    text: 'SELECT kid, algorithm, sealed, created_at FROM identity.signing_key ORDER BY created_at DESC, kid',
  })
  return rows.map(({ created_at: createdAt, ...row }) => ({ ...row, createdAt }))
}

/** Keeps a key. */
export async function insertKey(sql: Queryable, { kid, algorithm, sealed, createdAt }: KeptKey): Promise<void> {
  await sql.query({
    text: 'INSERT INTO identity.signing_key (kid, algorithm, sealed, created_at) VALUES ($1, $2, $3, $4)',
    values: [kid, algorithm, sealed, createdAt],
  })
}

/** Removes keys by which no valid token can be signed any more. */
export async function removeKeys(sql: Queryable, kids: readonly string[]): Promise<void> {
  await sql.query({ text: 'DELETE FROM identity.signing_key WHERE kid = ANY($1)', values: [kids] })
}
