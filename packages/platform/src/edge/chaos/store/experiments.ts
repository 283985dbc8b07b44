// Experiments in PostgreSQL: who started which, when, and what it showed.
import type { Queryable } from '../../../kernel/sql.ts'
import type { ExperimentReport } from '../run/report.ts'

/** Where an experiment stands. */
export type ExperimentState = 'running' | ExperimentReport['outcome'] | 'failed'

/** An experiment as it is listed. */
export interface StoredExperiment {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly title: string
  readonly state: ExperimentState
  /** Why it failed or was ended, in English. */
  readonly reason: string | null
  readonly startedBy: string
  /** Made on a system of its own, or on this one. */
  readonly place: 'stage' | 'system'
  readonly startedAt: Date
  readonly endedAt: Date | null
}

const columns = `id, name, kind, title, state, reason, started_by AS "startedBy", place,
  started_at AS "startedAt", ended_at AS "endedAt"`

/** Stores an experiment that begins. */
export async function insertExperiment(
  sql: Queryable,
  experiment: Omit<StoredExperiment, 'state' | 'reason' | 'endedAt'>,
): Promise<void> {
  const { id, name, kind, title, startedBy, place, startedAt } = experiment
  await sql.query({
    text: `INSERT INTO chaos.experiment (id, name, kind, title, state, started_by, place, started_at)
           VALUES ($1, $2, $3, $4, 'running', $5, $6, $7)`,
    values: [id, name, kind, title, startedBy, place, startedAt],
  })
}

/** Stores how an experiment ended. */
export async function endExperiment(
  sql: Queryable,
  id: string,
  end: {
    readonly state: ExperimentState
    readonly at: Date
    readonly reason?: string
    readonly report?: ExperimentReport
  },
): Promise<void> {
  await sql.query({
    text: `UPDATE chaos.experiment SET state = $2, ended_at = $3, reason = $4, report = $5
           WHERE id = $1 AND state = 'running'`,
    values: [id, end.state, end.at, end.reason ?? null, end.report === undefined ? null : JSON.stringify(end.report)],
  })
}

/** Ends what a process left running that was killed. */
export async function endForgotten(sql: Queryable, at: Date): Promise<void> {
  await sql.query({
    text: `UPDATE chaos.experiment SET state = 'failed', ended_at = $1, reason = 'the process that ran it has ended'
           WHERE state = 'running' AND place = 'system'`,
    values: [at],
  })
}

/** A page, newest first; `before` is the id of the last one of the page before. */
export function listExperiments(
  sql: Queryable,
  page: { readonly count: number; readonly before?: string | undefined },
): Promise<readonly StoredExperiment[]> {
  return sql.query<StoredExperiment>({
    text: `SELECT ${columns} FROM chaos.experiment
           WHERE $2::uuid IS NULL
              OR (started_at, id) < (SELECT started_at, id FROM chaos.experiment WHERE id = $2)
           ORDER BY started_at DESC, id DESC LIMIT $1`,
    values: [page.count, page.before ?? null],
  })
}

/** One experiment with its report. */
export async function readExperiment(
  sql: Queryable,
  id: string,
): Promise<(StoredExperiment & { readonly report: ExperimentReport | null }) | undefined> {
  const [row] = await sql.query<StoredExperiment & { readonly report: ExperimentReport | null }>({
    text: `SELECT ${columns}, report FROM chaos.experiment WHERE id = $1`,
    values: [id],
  })
  return row
}

/** Keeps the report of an experiment that was made elsewhere. */
export async function keepReport(
  sql: Queryable,
  report: ExperimentReport,
  given: { readonly id: string; readonly startedBy: string; readonly endedAt: Date },
): Promise<void> {
  const { id, startedBy, endedAt } = given
  const { name, kind, title, outcome, reasons } = report
  await insertExperiment(sql, {
    id,
    name,
    kind,
    title,
    startedBy,
    place: 'stage',
    startedAt: new Date(report.startedAt),
  })
  const reason = reasons.length === 0 ? {} : { reason: reasons.join('; ') }
  await endExperiment(sql, id, { state: outcome, at: endedAt, report, ...reason })
}
