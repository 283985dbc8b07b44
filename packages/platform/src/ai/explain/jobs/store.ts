// SQL of explanation jobs: who holds one, how far it is, and the samples that are done.
import type { ErrorCode } from '@xinglin/core/errors'
import type { Sql } from '../../../kernel/sql.ts'
import type { Explained, RowResult } from '../answer.ts'
import type { ExplainRequest } from '../plan.ts'

/** What a job can be. */
export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'

/** Why a job failed. */
export interface JobProblem {
  readonly code: ErrorCode
  readonly detail: string
}

/** A job as it is kept; `done` and `total` count predictions. */
export interface Job {
  readonly id: string
  readonly owner: string
  readonly request: ExplainRequest
  /** What is explained, as it was served when the job began. */
  readonly explained: Explained
  readonly state: JobState
  readonly done: number
  readonly total: number
  readonly attempts: number
  readonly problem: JobProblem | null
  readonly createdAt: Date
  readonly endedAt: Date | null
}

const columns =
  'id, owner, request, explained, state, done, total, attempts, problem, created_at AS "createdAt", ended_at AS "endedAt"'
const openStates = "('waiting', 'running')"

/** Keeps a new job; false when so many of this owner are open already. */
export async function insertJob(
  sql: Sql,
  job: Pick<Job, 'id' | 'owner' | 'request' | 'explained' | 'total'>,
  mostOpen: number,
): Promise<boolean> {
  return sql.transaction(async (tx) => {
    await tx.query({ text: 'SELECT pg_advisory_xact_lock(hashtext($1))', values: [`explain.${job.owner}`] })
    const rows = await tx.query({
      text: `INSERT INTO explain.job (id, owner, request, explained, state, total)
             SELECT $1, $2, $3, $4, 'waiting', $5
             WHERE (SELECT count(*) FROM explain.job WHERE owner = $2 AND state IN ${openStates}) < $6 RETURNING id`,
      values: [job.id, job.owner, JSON.stringify(job.request), JSON.stringify(job.explained), job.total, mostOpen],
    })
    return rows.length === 1
  })
}

/** Reads a job. */
export async function readJob(sql: Sql, id: string): Promise<Job | undefined> {
  const [job] = await sql.query<Job>({ text: `SELECT ${columns} FROM explain.job WHERE id = $1`, values: [id] })
  return job
}

/** Takes the oldest job that nobody works on, for so many seconds. */
export async function claimJob(sql: Sql, holder: string, leaseSeconds: number): Promise<Job | undefined> {
  const [job] = await sql.query<Job>({
    text: `UPDATE explain.job SET state = 'running', holder = $1, attempts = attempts + 1,
                  lease_until = now() + make_interval(secs => $2)
           WHERE id = (SELECT id FROM explain.job WHERE state IN ${openStates} AND lease_until < now()
                       ORDER BY created_at, id FOR UPDATE SKIP LOCKED LIMIT 1)
           RETURNING ${columns}`,
    values: [holder, leaseSeconds],
  })
  return job
}

/** Renews the lease and tells how far the job is; false when it was cancelled, or is somebody else's now. */
export async function renewJob(
  sql: Sql,
  held: { readonly id: string; readonly holder: string; readonly done: number; readonly leaseSeconds: number },
): Promise<boolean> {
  const rows = await sql.query({
    text: `UPDATE explain.job SET lease_until = now() + make_interval(secs => $4), done = GREATEST(done, $3)
           WHERE id = $1 AND holder = $2 AND state = 'running' RETURNING id`,
    values: [held.id, held.holder, held.done, held.leaseSeconds],
  })
  return rows.length === 1
}

/** Gives a job back unfinished: another process, or this one after its restart, goes on. */
export async function releaseJob(sql: Sql, id: string, holder: string): Promise<void> {
  await sql.query({
    text: `UPDATE explain.job SET state = 'waiting', holder = NULL, lease_until = '-infinity', attempts = attempts - 1
           WHERE id = $1 AND holder = $2 AND state = 'running'`,
    values: [id, holder],
  })
}

/** Keeps a finished sample; a repeated one changes nothing. Attempts count anew, for the job gets on. */
export async function insertRow(sql: Sql, row: { job: string; sample: number; result: RowResult }): Promise<void> {
  await sql.query({
    text: `WITH kept AS (INSERT INTO explain.job_row (job, sample, result) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING)
           UPDATE explain.job SET attempts = 1 WHERE id = $1`,
    values: [row.job, row.sample, JSON.stringify(row.result)],
  })
}

/** The finished samples in order. */
export async function readRows(sql: Sql, job: string): Promise<readonly { sample: number; result: RowResult }[]> {
  return sql.query({
    text: 'SELECT sample, result FROM explain.job_row WHERE job = $1 ORDER BY sample',
    values: [job],
  })
}

/** Ends a job that this holder works on. */
export async function endJob(
  sql: Sql,
  id: string,
  end: { readonly holder: string; readonly state: 'done' | 'failed'; readonly problem?: JobProblem },
): Promise<void> {
  await sql.query({
    text: `UPDATE explain.job SET state = $3, problem = $4, holder = NULL, ended_at = now(),
                  done = CASE WHEN $3 = 'done' THEN total ELSE done END
           WHERE id = $1 AND holder = $2 AND state = 'running'`,
    values: [id, end.holder, end.state, end.problem === undefined ? null : JSON.stringify(end.problem)],
  })
}

/** Cancels a job; false when it had ended already. */
export async function cancelJob(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql.query({
    text: `UPDATE explain.job SET state = 'cancelled', ended_at = now(), holder = NULL
           WHERE id = $1 AND state IN ${openStates} RETURNING id`,
    values: [id],
  })
  return rows.length === 1
}

/** Removes jobs that ended so many days ago. */
export async function removeOldJobs(sql: Sql, days: number): Promise<void> {
  await sql.query({
    text: 'DELETE FROM explain.job WHERE ended_at < now() - make_interval(days => $1)',
    values: [days],
  })
}
