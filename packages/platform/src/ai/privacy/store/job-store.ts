// SQL of jobs: made, taken by one process at a time, kept alive, ended. A job whose process was killed is taken again.
import type { Queryable, Tx } from '../../../kernel/sql.ts'
import type { JobState, PrivateJob } from '../types.ts'
import { type JobRow, jobColumns, toJob } from './rows.ts'

const pageSize = 100
const holdSeconds = 15

/** Inserts a queued job with its inputs. */
export async function insertJob(tx: Tx, job: PrivateJob): Promise<void> {
  const { id, contextId, owner, label, inputs, program, total, contributors, approximations, createdAt } = job
  const askedAs = job.askedAs === undefined ? null : JSON.stringify(job.askedAs)
  await tx.query({
    name: 'privacy.job.insert',
    text: `INSERT INTO privacy.job (id, context_id, owner, label, inputs, program, state, total, contributors, approximations, created_at, asked_as)
           VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10, $11)`,
    values: [
      ...[id, contextId, owner, label, JSON.stringify(inputs), JSON.stringify(program), total, contributors],
      ...[JSON.stringify(approximations), createdAt, askedAs],
    ],
  })
  await tx.query({
    name: 'privacy.job.inputs',
    text: 'INSERT INTO privacy.job_input (job_id, vector_id) SELECT DISTINCT $1::uuid, unnest($2::uuid[])',
    values: [id, Object.values(inputs)],
  })
}

/** Ids among these vectors that went into a job that is open or done. */
export async function usedVectors(tx: Tx, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await tx.query<{ vector_id: string }>({
    name: 'privacy.job.used',
    text: `SELECT DISTINCT i.vector_id FROM privacy.job_input i JOIN privacy.job j ON j.id = i.job_id
           WHERE i.vector_id = ANY($1) AND j.state IN ('queued', 'running', 'done') ORDER BY 1`,
    values: [ids],
  })
  return rows.map(({ vector_id }) => vector_id)
}

/** Holds the vectors of a cohort until the end of the transaction, so that two totals cannot take them at once. */
export async function holdVectors(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.query({
    name: 'privacy.vector.hold',
    text: 'SELECT id FROM privacy.vector WHERE id = ANY($1) ORDER BY id FOR UPDATE',
    values: [ids],
  })
}

/** The job, or undefined. */
export async function findJob(sql: Queryable, id: string): Promise<PrivateJob | undefined> {
  const [row] = await sql.query<JobRow>({
    name: 'privacy.job.find',
    text: `SELECT ${jobColumns} FROM privacy.job WHERE id = $1`,
    values: [id],
  })
  return row === undefined ? undefined : toJob(row)
}

/** The newest jobs of a context, at most 100: all, or those of one caller. */
export async function listJobs(
  sql: Queryable,
  contextId: string,
  owner: string | undefined,
): Promise<readonly PrivateJob[]> {
  const rows = await sql.query<JobRow>({
    name: 'privacy.job.list',
    text: `SELECT ${jobColumns} FROM privacy.job WHERE context_id = $1 AND ($2::text IS NULL OR owner = $2)
           ORDER BY created_at DESC, id LIMIT ${pageSize}`,
    values: [contextId, owner ?? null],
  })
  return rows.map(toJob)
}

/** How many jobs of a caller are open. */
export async function openJobs(sql: Queryable, owner: string): Promise<number> {
  const [row] = await sql.query<{ count: number }>({
    name: 'privacy.job.open',
    text: "SELECT count(*)::int AS count FROM privacy.job WHERE owner = $1 AND state IN ('queued', 'running')",
    values: [owner],
  })
  return row?.count ?? 0
}

/** Takes the oldest job that nobody works at; its holder must keep it alive. */
export async function takeJob(sql: Queryable, holder: string): Promise<PrivateJob | undefined> {
  const [row] = await sql.query<JobRow>({
    name: 'privacy.job.take',
    text: `UPDATE privacy.job SET state = 'running', attempts = attempts + 1, done = 0, held_by = $1,
             held_until = now() + make_interval(secs => ${holdSeconds}), started_at = coalesce(started_at, now())
           WHERE id = (SELECT id FROM privacy.job
                       WHERE state = 'queued' OR (state = 'running' AND held_until < now())
                       ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING ${jobColumns}`,
    values: [holder],
  })
  return row === undefined ? undefined : toJob(row)
}

/** How a held job stands: `lost` when another process holds it. */
export type Held = 'held' | 'cancelled' | 'lost'

/** Keeps a job alive and notes how far it is. */
export async function keepJob(sql: Queryable, id: string, holder: string, done: number): Promise<Held> {
  const [row] = await sql.query<{ is_cancelled: boolean }>({
    name: 'privacy.job.keep',
    text: `UPDATE privacy.job SET held_until = now() + make_interval(secs => ${holdSeconds}), done = $3
           WHERE id = $1 AND held_by = $2 AND state = 'running' RETURNING is_cancelled`,
    values: [id, holder, done],
  })
  if (row === undefined) return 'lost'
  return row.is_cancelled ? 'cancelled' : 'held'
}

/** How a job ends. */
export interface JobEnd {
  readonly state: Extract<JobState, 'done' | 'failed' | 'cancelled'>
  readonly done: number
  readonly errorCode?: string
  readonly error?: string
}

/** Ends a held job; false when another process holds it. */
export async function endJob(tx: Queryable, id: string, holder: string, end: JobEnd): Promise<boolean> {
  const rows = await tx.query({
    name: 'privacy.job.end',
    text: `UPDATE privacy.job SET state = $3, done = $4, error_code = $5, error = $6, finished_at = now(), held_by = NULL, held_until = NULL
           WHERE id = $1 AND held_by = $2 AND state = 'running' RETURNING id`,
    values: [id, holder, end.state, end.done, end.errorCode ?? null, end.error ?? null],
  })
  return rows.length > 0
}

/** Gives a held job back to the queue; `counts` says whether the attempt counts. */
export async function returnJob(sql: Queryable, id: string, holder: string, counts: boolean): Promise<void> {
  await sql.query({
    name: 'privacy.job.return',
    text: `UPDATE privacy.job SET state = 'queued', done = 0, attempts = attempts - $3::int, held_by = NULL, held_until = NULL
           WHERE id = $1 AND held_by = $2 AND state = 'running'`,
    values: [id, holder, counts ? 0 : 1],
  })
}

/** Cancels a job that waits, or asks its holder to stop; gives the job, or undefined when it is finished. */
export async function cancelJob(tx: Tx, id: string): Promise<PrivateJob | undefined> {
  const [row] = await tx.query<JobRow>({
    name: 'privacy.job.cancel',
    text: `UPDATE privacy.job SET is_cancelled = true,
             state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END,
             finished_at = CASE WHEN state = 'queued' THEN now() END
           WHERE id = $1 AND state IN ('queued', 'running') RETURNING ${jobColumns}`,
    values: [id],
  })
  return row === undefined ? undefined : toJob(row)
}
