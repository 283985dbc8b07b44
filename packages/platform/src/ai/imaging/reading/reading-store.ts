// SQL of readings: asked for, leased by one process at a time, told how far they are, decided and signed.
import type { MeasuredNodule } from '@xinglin/core/dicom/nodule'
import type { Queryable, Sql, Tx } from '../../../kernel/sql.ts'
import { notWithheld } from '../store/withheld-sql.ts'
import type { Decision, Reading, ReadingNodule, ReadingState, ReadingStep, ReadingSummary } from './reading.ts'

/** Seconds that a process keeps a reading without saying anything. */
export const leaseSeconds = 30

const columns = `id, study_uid AS "studyUid", series_uid AS "seriesUid", state, step, done, total,
  is_cancelling AS "isCancelling", attempts, failure_code AS "failureCode", failure, requested_by AS "requestedBy", model,
  model_version AS "modelVersion", patient, summary, seg_uid AS "segUid", report_id AS "reportId", created, finished, signed,
  signed_by AS "signedBy", version`

/** Adds a reading of a series; when one of it is queued, running or waiting to be signed, that one is given. */
export async function addReading(
  sql: Sql,
  fresh: Pick<Reading, 'id' | 'studyUid' | 'seriesUid' | 'requestedBy' | 'model' | 'created'>,
): Promise<{ readonly reading: Reading; readonly isNew: boolean }> {
  const [added] = await sql.query<Reading>({
    text: `INSERT INTO imaging.reading (id, study_uid, series_uid, state, step, requested_by, model, created)
           VALUES ($1, $2, $3, 'queued', 'waiting', $4, $5, $6)
           ON CONFLICT (series_uid) WHERE state IN ('queued', 'running', 'ready') DO NOTHING RETURNING ${columns}`,
    values: [fresh.id, fresh.studyUid, fresh.seriesUid, fresh.requestedBy, fresh.model, fresh.created],
  })
  if (added !== undefined) return { reading: added, isNew: true }
  const [known] = await sql.query<Reading>({
    text: `SELECT ${columns} FROM imaging.reading WHERE series_uid = $1 AND state IN ('queued', 'running', 'ready')`,
    values: [fresh.seriesUid],
  })
  return known === undefined ? addReading(sql, fresh) : { reading: known, isNew: false }
}

/** Reads one, locked when asked for. */
export async function readReading(sql: Queryable, id: string, isLocked = false): Promise<Reading | undefined> {
  const [row] = await sql.query<Reading>({
    text: `SELECT ${columns} FROM imaging.reading WHERE id = $1${isLocked ? ' FOR UPDATE' : ''}`,
    values: [id],
  })
  return row
}

/** The newest readings, of one study or in one state, before the id `before`. */
export async function listReadings(
  sql: Sql,
  asked: {
    readonly study?: string
    readonly state?: string
    readonly before?: string
    readonly count: number
    /** Whose readings are left out, as in the access. */
    readonly withheld: readonly string[]
  },
): Promise<readonly Reading[]> {
  return sql.query<Reading>({
    text: `SELECT ${columns} FROM imaging.reading
           WHERE ($1::text IS NULL OR study_uid = $1) AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR id < $3)
             AND ${notWithheld('reading', '$5')} AND NOT EXISTS (SELECT 1 FROM imaging.study t
               WHERE t.study_uid = reading.study_uid AND NOT ${notWithheld('t', '$5')})
           ORDER BY id DESC LIMIT $4`,
    values: [asked.study ?? null, asked.state ?? null, asked.before ?? null, asked.count, asked.withheld],
  })
}

/** Takes the oldest reading that nobody works on, also one whose process died. */
export async function leaseReading(sql: Sql, owner: string): Promise<Reading | undefined> {
  const [row] = await sql.query<Reading>({
    text: `UPDATE imaging.reading SET state = 'running', attempts = attempts + 1, lease_owner = $1,
             lease_until = now() + make_interval(secs => ${leaseSeconds})
           WHERE id = (SELECT id FROM imaging.reading
             WHERE state = 'queued' OR (state = 'running' AND lease_until <= now())
             ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING ${columns}`,
    values: [owner],
  })
  return row
}

/** Tells how far a reading is and keeps its lease; false when it was cancelled or belongs to another process now. */
export async function tellProgress(
  sql: Sql,
  owner: string,
  told: Pick<Reading, 'id' | 'step' | 'done' | 'total'>,
): Promise<boolean> {
  const [row] = await sql.query<{ is_cancelling: boolean }>({
    name: 'imaging.reading.progress',
    text: `UPDATE imaging.reading SET step = $3, done = $4, total = $5,
             lease_until = now() + make_interval(secs => ${leaseSeconds})
           WHERE id = $1 AND lease_owner = $2 AND state = 'running' RETURNING is_cancelling`,
    values: [told.id, owner, told.step, told.done, told.total],
  })
  return row !== undefined && !row.is_cancelling
}

/** Keeps what the model marked on a slice. */
export async function keepSlice(sql: Sql, reading: string, slice: number, probabilities: Uint8Array): Promise<void> {
  await sql.query({
    name: 'imaging.reading.slice',
    text: `INSERT INTO imaging.reading_slice (reading, slice, probabilities) VALUES ($1, $2, $3)
           ON CONFLICT (reading, slice) DO NOTHING`,
    values: [reading, slice, Buffer.from(probabilities)],
  })
}

/** Slices that are marked already. */
export async function keptSlices(sql: Sql, reading: string): Promise<ReadonlySet<number>> {
  const rows = await sql.query<{ slice: number }>({
    text: 'SELECT slice FROM imaging.reading_slice WHERE reading = $1',
    values: [reading],
  })
  return new Set(rows.map(({ slice }) => slice))
}

/** What the model marked on one slice, deflated. */
export async function keptSlice(sql: Sql, reading: string, slice: number): Promise<Uint8Array | undefined> {
  const [row] = await sql.query<{ probabilities: Buffer }>({
    name: 'imaging.reading.slice.read',
    text: 'SELECT probabilities FROM imaging.reading_slice WHERE reading = $1 AND slice = $2',
    values: [reading, slice],
  })
  return row?.probabilities
}

/** Replaces the nodules of a reading that is still being worked on. */
export async function putNodules(
  tx: Tx,
  reading: string,
  nodules: readonly Pick<ReadingNodule, 'number' | 'measures' | 'runs'>[],
): Promise<void> {
  await tx.query({ text: 'DELETE FROM imaging.reading_nodule WHERE reading = $1', values: [reading] })
  for (const { number, measures, runs } of nodules) {
    await tx.query({
      text: 'INSERT INTO imaging.reading_nodule (reading, number, measures, runs) VALUES ($1, $2, $3, $4)',
      values: [reading, number, JSON.stringify(measures satisfies MeasuredNodule), JSON.stringify(runs)],
    })
  }
}

/** The nodules of a reading in their order. */
export async function nodulesOf(sql: Queryable, reading: string): Promise<readonly ReadingNodule[]> {
  return sql.query<ReadingNodule>({
    text: `SELECT number, measures, runs, decision, decided, decided_by AS "decidedBy"
           FROM imaging.reading_nodule WHERE reading = $1 ORDER BY number`,
    values: [reading],
  })
}

/** What ends a piece of work on a reading. */
export interface Ending {
  readonly state: ReadingState
  readonly step?: ReadingStep
  readonly failureCode?: string
  readonly failure?: string
  readonly patient?: string
  readonly summary?: ReadingSummary
  readonly segUid?: string
  readonly reportId?: string
  readonly modelVersion?: string
}

/** Ends the work of `owner`; false when the reading is not its own any more. */
export async function endReading(tx: Queryable, owner: string, id: string, ending: Ending): Promise<boolean> {
  const rows = await tx.query({
    text: `UPDATE imaging.reading SET state = $3, step = coalesce($4, step),
             done = CASE $4 WHEN 'done' THEN total ELSE done END, failure_code = $5, failure = $6,
             patient = coalesce($7, patient), summary = coalesce($8, summary), seg_uid = coalesce($9, seg_uid),
             report_id = coalesce($10, report_id), model_version = coalesce($11, model_version), finished = now(),
             lease_owner = NULL, lease_until = NULL, is_cancelling = false
           WHERE id = $1 AND lease_owner = $2 RETURNING id`,
    values: [
      ...[id, owner, ending.state, ending.step ?? null, ending.failureCode ?? null, ending.failure ?? null],
      ...[ending.patient ?? null, ending.summary === undefined ? null : JSON.stringify(ending.summary)],
      ...[ending.segUid ?? null, ending.reportId ?? null, ending.modelVersion ?? null],
    ],
  })
  return rows.length === 1
}

/** Gives a reading back before its work is done: another look finds it after so many seconds. */
export async function postponeReading(sql: Sql, owner: string, id: string, seconds: number): Promise<void> {
  await sql.query({
    text: `UPDATE imaging.reading SET lease_owner = NULL, lease_until = now() + make_interval(secs => $3)
           WHERE id = $1 AND lease_owner = $2 AND state = 'running'`,
    values: [id, owner, seconds],
  })
}

/** Asks to cancel: a waiting reading ends at once, a running one at its next step. */
export async function cancelReading(tx: Tx, id: string): Promise<void> {
  await tx.query({
    text: `UPDATE imaging.reading SET is_cancelling = state = 'running',
             state = CASE state WHEN 'running' THEN state ELSE 'cancelled' END,
             finished = CASE state WHEN 'running' THEN finished ELSE now() END, version = version + 1
           WHERE id = $1`,
    values: [id],
  })
}

/** Puts a reading that failed or was cancelled back into the queue; marked slices are kept. */
export async function requeueReading(tx: Tx, id: string): Promise<void> {
  await tx.query({
    text: `UPDATE imaging.reading SET state = 'queued', step = 'waiting', done = 0, total = 0, attempts = 0, failure_code = NULL,
             failure = NULL, finished = NULL, is_cancelling = false, version = version + 1 WHERE id = $1`,
    values: [id],
  })
}

/** Notes a radiologist's decision about a nodule; false when there is no such nodule. */
export async function decideNodule(
  tx: Tx,
  nodule: { readonly reading: string; readonly number: number },
  decided: { readonly decision: Decision; readonly at: Date; readonly by: string },
): Promise<boolean> {
  const rows = await tx.query({
    text: `UPDATE imaging.reading_nodule SET decision = $3, decided = $4, decided_by = $5
           WHERE reading = $1 AND number = $2 RETURNING number`,
    values: [nodule.reading, nodule.number, decided.decision, decided.at, decided.by],
  })
  await tx.query({ text: 'UPDATE imaging.reading SET version = version + 1 WHERE id = $1', values: [nodule.reading] })
  return rows.length === 1
}

/** Closes a draft as signed. */
export async function signReading(
  tx: Tx,
  id: string,
  by: { readonly at: Date; readonly name: string; readonly patient: string; readonly report: string },
): Promise<void> {
  await tx.query({
    text: `UPDATE imaging.reading SET state = 'signed', signed = $2, signed_by = $3, patient = $4, report_id = $5,
             version = version + 1 WHERE id = $1`,
    values: [id, by.at, by.name, by.patient, by.report],
  })
}
