// SQL of interviews: one row each, locked while it changes.
import type { Interview, Urgency } from '@xinglin/core/triage'
import type { Queryable, Tx } from '../../../kernel/sql.ts'

/** Where an interview stands. */
export type InterviewStatus = 'open' | 'finishing' | 'finished' | 'abandoned'

/** The references of what a finished interview left in the records. */
export type WrittenRecords = Readonly<Record<string, string>>

/** What finishing decided, kept before it is written so that a crash in between changes nothing. */
export interface Outcome {
  readonly level: Urgency
  readonly bundle: unknown
  readonly concludedAt: string
  readonly records?: WrittenRecords
}

/** A row. */
export interface InterviewRow {
  readonly id: string
  readonly owner: string
  readonly patient: string | undefined
  readonly knowledgeVersion: number
  readonly revision: number
  readonly status: InterviewStatus
  readonly state: Interview
  readonly outcome: Outcome | undefined
  readonly createdAt: Date
  readonly changedAt: Date
}

interface StoredRow extends Omit<InterviewRow, 'patient' | 'outcome'> {
  readonly patient: string | null
  readonly outcome: Outcome | null
}

const columns = `id, owner, patient, knowledge_version AS "knowledgeVersion", revision, status, state, outcome,
  created_at AS "createdAt", changed_at AS "changedAt"`

const fromStored = ({ patient, outcome, ...row }: StoredRow): InterviewRow => ({
  ...row,
  patient: patient ?? undefined,
  outcome: outcome ?? undefined,
})

/** Stores a new interview. */
export async function insertInterview(tx: Tx, row: InterviewRow): Promise<void> {
  await tx.query({
    text: `INSERT INTO triage.interview
        (id, owner, patient, knowledge_version, revision, status, state, created_at, changed_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
    values: [
      row.id,
      row.owner,
      row.patient ?? null,
      row.knowledgeVersion,
      row.revision,
      row.status,
      JSON.stringify(row.state),
      row.createdAt,
    ],
  })
}

/** Reads an interview; with `lock` it stays as it is until the transaction ends. */
export async function readInterview(sql: Queryable, id: string, lock = false): Promise<InterviewRow | undefined> {
  const rows = await sql.query<StoredRow>({
    text: `SELECT ${columns} FROM triage.interview WHERE id = $1${lock ? ' FOR UPDATE' : ''}`,
    values: [id],
  })
  return rows[0] === undefined ? undefined : fromStored(rows[0])
}

/** Stores a changed interview under its next revision. */
export async function updateInterview(
  tx: Tx,
  row: Pick<InterviewRow, 'id' | 'status' | 'state' | 'outcome'>,
  at: Date,
): Promise<InterviewRow> {
  const rows = await tx.query<StoredRow>({
    text: `UPDATE triage.interview
      SET status = $2, state = $3, outcome = $4, changed_at = $5, revision = revision + 1
      WHERE id = $1 RETURNING ${columns}`,
    values: [row.id, row.status, JSON.stringify(row.state), row.outcome ? JSON.stringify(row.outcome) : null, at],
  })
  if (rows[0] === undefined) throw new Error(`The interview ${row.id} vanished while it was locked`)
  return fromStored(rows[0])
}

/** Which interviews are listed. */
export interface InterviewList {
  readonly patient: string | undefined
  readonly owner: string | undefined
  /** Who asks, and the ids of patients whose interviews are left out, but for the caller's own that are under way. */
  readonly caller: string
  readonly withheld: readonly string[]
  readonly status: InterviewStatus | undefined
  readonly before: Date | undefined
  readonly limit: number
}

/** The newest interviews first. */
export async function listInterviews(sql: Queryable, list: InterviewList): Promise<readonly InterviewRow[]> {
  const rows = await sql.query<StoredRow>({
    text: `SELECT ${columns} FROM triage.interview
      WHERE ($1::text IS NULL OR patient = $1) AND ($2::text IS NULL OR owner = $2)
        AND ($3::text IS NULL OR status = $3) AND ($4::timestamptz IS NULL OR created_at < $4)
        AND (patient IS NULL OR patient <> ALL($6::text[]) OR (owner = $7 AND status <> 'finished'))
      ORDER BY created_at DESC, id LIMIT $5`,
    values: [
      ...[list.patient ?? null, list.owner ?? null, list.status ?? null, list.before ?? null, list.limit],
      ...[list.withheld, list.caller],
    ],
  })
  return rows.map(fromStored)
}
