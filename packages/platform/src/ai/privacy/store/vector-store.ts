// SQL of encrypted vectors, and of blobs that no row names.
import type { Queryable, Tx } from '../../../kernel/sql.ts'
import type { PrivateVector } from '../types.ts'
import { toVector, type VectorRow, vectorColumns } from './rows.ts'

const pageSize = 200
// 100 jobs of a page with 16 outputs at most
const resultPageSize = 1600
const looseMinutes = 15
const sweepSize = 500

/** Inserts a vector. */
export async function insertVector(tx: Tx, vector: PrivateVector): Promise<void> {
  const { id, contextId, owner, label, patient, jobId, output, size, primesLeft, scale } = vector
  await tx.query({
    name: 'privacy.vector.insert',
    text: `INSERT INTO privacy.vector (id, context_id, owner, label, patient, job_id, output, size, primes_left, scale, blob, size_bytes, sha256, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    values: [
      ...[id, contextId, owner, label, patient ?? null, jobId ?? null, output ?? null, size, primesLeft, scale],
      ...[vector.blob, vector.sizeBytes, vector.sha256, vector.createdAt],
    ],
  })
}

/** The vectors with these ids. */
export async function findVectors(sql: Queryable, ids: readonly string[]): Promise<readonly PrivateVector[]> {
  const rows = await sql.query<VectorRow>({
    name: 'privacy.vector.find',
    text: `SELECT ${vectorColumns} FROM privacy.vector WHERE id = ANY($1) ORDER BY id`,
    values: [ids],
  })
  return rows.map(toVector)
}

/** The newest vectors of a context, at most 200: all, or those of one sender and no results. */
export async function listVectors(
  sql: Queryable,
  contextId: string,
  sender: string | undefined,
): Promise<readonly PrivateVector[]> {
  const rows = await sql.query<VectorRow>({
    name: 'privacy.vector.list',
    text: `SELECT ${vectorColumns} FROM privacy.vector
           WHERE context_id = $1 AND ($2::text IS NULL OR (owner = $2 AND job_id IS NULL))
           ORDER BY created_at DESC, id LIMIT ${pageSize}`,
    values: [contextId, sender ?? null],
  })
  return rows.map(toVector)
}

/** The results of jobs, in the order of their names. */
export async function resultsOf(sql: Queryable, jobIds: readonly string[]): Promise<readonly PrivateVector[]> {
  const rows = await sql.query<VectorRow>({
    name: 'privacy.vector.results',
    text: `SELECT ${vectorColumns} FROM privacy.vector WHERE job_id = ANY($1) ORDER BY job_id, output LIMIT ${resultPageSize}`,
    values: [jobIds],
  })
  return rows.map(toVector)
}

/** Removes a vector; false when it is gone already. */
export async function deleteVector(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query({
    name: 'privacy.vector.delete',
    text: 'DELETE FROM privacy.vector WHERE id = $1 RETURNING id',
    values: [id],
  })
  return rows.length > 0
}

/** Notes bytes that are about to be written, or that nothing names any more. */
export async function noteLoose(sql: Queryable, blobs: readonly string[]): Promise<void> {
  if (blobs.length === 0) return
  await sql.query({
    name: 'privacy.loose.note',
    text: 'INSERT INTO privacy.loose_blob (blob) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING',
    values: [blobs],
  })
}

/** Takes bytes that a row names now off the list. */
export async function claimLoose(tx: Tx, blobs: readonly string[]): Promise<void> {
  await tx.query({
    name: 'privacy.loose.claim',
    text: 'DELETE FROM privacy.loose_blob WHERE blob = ANY($1)',
    values: [blobs],
  })
}

/** Moves vectors older than so many days onto the list of loose bytes; gives how many. */
export async function expireVectors(tx: Tx, days: number): Promise<number> {
  const rows = await tx.query<{ blob: string }>({
    name: 'privacy.vector.expire',
    text: `DELETE FROM privacy.vector WHERE id IN (
             SELECT id FROM privacy.vector WHERE created_at < now() - make_interval(days => $1) LIMIT ${sweepSize})
           RETURNING blob`,
    values: [days],
  })
  const blobs = rows.map(({ blob }) => blob)
  await noteLoose(tx, blobs)
  return blobs.length
}

/** Loose bytes that nobody is writing any more. */
export async function oldLoose(sql: Queryable): Promise<readonly string[]> {
  const rows = await sql.query<{ blob: string }>({
    name: 'privacy.loose.old',
    text: `SELECT blob FROM privacy.loose_blob WHERE since < now() - make_interval(mins => ${looseMinutes}) ORDER BY since LIMIT ${sweepSize}`,
  })
  return rows.map(({ blob }) => blob)
}

/** Forgets loose bytes that were removed. */
export async function forgetLoose(sql: Queryable, blobs: readonly string[]): Promise<void> {
  await sql.query({
    name: 'privacy.loose.forget',
    text: 'DELETE FROM privacy.loose_blob WHERE blob = ANY($1)',
    values: [blobs],
  })
}
