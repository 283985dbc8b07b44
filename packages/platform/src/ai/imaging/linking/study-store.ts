// SQL of studies as other rooms and the worklist see them: whose they are, what they hold, who was told.
import type { Queryable, Tx } from '../../../kernel/sql.ts'
import type { ImagingAccess } from '../access.ts'
import { notWithheld } from '../store/withheld-sql.ts'
import type { Unassigned } from './find-patient.ts'

/** Whether the patient of a study is known. */
export type LinkState = 'waiting' | 'linked' | 'unassigned'

/** A study with the state of its link. */
export interface StudySummary {
  readonly studyInstanceUid: string
  /** Id of the Patient, once linked. */
  readonly patient: string | null
  readonly linkState: LinkState
  readonly linkReason: Unassigned | null
  readonly patientId: string
  readonly patientName: string
  readonly birthDate: string
  readonly sex: string
  readonly studyDate: string
  readonly studyTime: string
  readonly accession: string
  readonly description: string
  readonly modalities: readonly string[]
  readonly series: number
  readonly instances: number
  readonly received: string
}

/** A series of a study. */
export interface SeriesSummary {
  readonly seriesInstanceUid: string
  readonly modality: string
  readonly number: number | null
  readonly description: string
  readonly bodyPart: string
  readonly instances: number
}

/** What the worklist is narrowed by. */
export interface StudyFilter {
  readonly state?: LinkState | undefined
  readonly modality?: string | undefined
  /** `YYYYMMDD` */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Part of a name, or an identifier. */
  readonly text?: string | undefined
  readonly limit: number
  readonly offset: number
}

type StudyRow = Omit<StudySummary, 'received'> & { readonly received: Date }

const maxSeries = 500

const columns = `study_uid AS "studyInstanceUid", patient, link_state AS "linkState", link_reason AS "linkReason",
  patient_id AS "patientId", patient_name AS "patientName", birth_date AS "birthDate", sex, study_date AS "studyDate",
  study_time AS "studyTime", accession, description, modalities, series_count AS series, instance_count AS instances, received`

const summaryOf = (row: StudyRow): StudySummary => ({ ...row, received: row.received.toISOString() })

/** The studies of a worklist, newest first. */
export async function listStudies(
  sql: Queryable,
  filter: StudyFilter,
  { patient, withheld }: ImagingAccess,
): Promise<readonly StudySummary[]> {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${values.push(value)}`
  const conditions = ['instance_count > 0']
  if (patient !== undefined) conditions.push(`patient = ${bind(patient)}`)
  if (withheld.length > 0) conditions.push(notWithheld('study', bind(withheld)))
  if (filter.state !== undefined) conditions.push(`link_state = ${bind(filter.state)}`)
  if (filter.modality !== undefined) conditions.push(`modalities @> ARRAY[${bind(filter.modality)}]::text[]`)
  if (filter.from !== undefined) conditions.push(`study_date >= ${bind(filter.from)}`)
  if (filter.to !== undefined) conditions.push(`study_date <= ${bind(filter.to)}`)
  if (filter.text !== undefined) {
    const part = bind(`%${filter.text.replace(/[\\%_]/g, (character) => `\\${character}`)}%`)
    const whole = bind(filter.text)
    conditions.push(`(patient_name ILIKE ${part} OR patient_id = ${whole} OR accession = ${whole})`)
  }
  const rows = await sql.query<StudyRow>({
    text: `SELECT ${columns} FROM imaging.study WHERE ${conditions.join(' AND ')}
           ORDER BY study_date DESC, study_time DESC, study_uid LIMIT ${bind(filter.limit)} OFFSET ${bind(filter.offset)}`,
    values,
  })
  return rows.map(summaryOf)
}

/** One study; undefined when there is none that may be seen. */
export async function readStudy(
  sql: Queryable,
  studyUid: string,
  { patient, withheld }: ImagingAccess,
): Promise<StudySummary | undefined> {
  const [row] = await sql.query<StudyRow>({
    text: `SELECT ${columns} FROM imaging.study WHERE study_uid = $1 AND ($2::text IS NULL OR patient = $2)
             AND ${notWithheld('study', '$3')}`,
    values: [studyUid, patient ?? null, withheld],
  })
  return row === undefined ? undefined : summaryOf(row)
}

/** Milliseconds since a study last changed, by the database's clock; undefined when it is gone. */
export async function quietMs(sql: Queryable, studyUid: string): Promise<number | undefined> {
  const [row] = await sql.query<{ ms: number }>({
    text: 'SELECT extract(epoch FROM now() - changed)::float8 * 1000 AS ms FROM imaging.study WHERE study_uid = $1',
    values: [studyUid],
  })
  return row?.ms
}

/** The series of a study, in the order of their numbers; 500 at most. */
export async function listSeries(sql: Queryable, studyUid: string): Promise<readonly SeriesSummary[]> {
  return await sql.query<SeriesSummary>({
    text: `SELECT series_uid AS "seriesInstanceUid", modality, number, description, body_part AS "bodyPart",
             instance_count AS instances
           FROM imaging.series WHERE study_uid = $1 ORDER BY number, series_uid LIMIT ${maxSeries}`,
    values: [studyUid],
  })
}

/** Whose a study is, as it was found or set by hand. */
export interface Link {
  readonly patient: string | null
  readonly reason: Unassigned | null
}

/** Sets the link of a study, and notes that all changes so far are about to be told. */
export async function setLink(tx: Tx, studyUid: string, { patient, reason }: Link): Promise<StudySummary | undefined> {
  const [row] = await tx.query<StudyRow>({
    text: `UPDATE imaging.study SET patient = $2, link_reason = $3, linked_at = now(), told = change,
             link_state = CASE WHEN $2::text IS NULL THEN 'unassigned' ELSE 'linked' END
           WHERE study_uid = $1 RETURNING ${columns}`,
    values: [studyUid, patient, reason],
  })
  return row === undefined ? undefined : summaryOf(row)
}

/** Forgets a study that has no images any more. */
export async function forgetStudy(tx: Tx, studyUid: string): Promise<void> {
  await tx.query({
    text: 'DELETE FROM imaging.study WHERE study_uid = $1 AND instance_count = 0',
    values: [studyUid],
  })
}

/** Studies without a patient that were not looked at for a while, the longest waiting first. */
export async function staleUnassigned(sql: Queryable, afterSeconds: number, limit: number): Promise<readonly string[]> {
  const rows = await sql.query<{ study_uid: string }>({
    text: `SELECT study_uid FROM imaging.study
           WHERE link_state = 'unassigned' AND link_reason <> 'by-hand' AND linked_at < now() - make_interval(secs => $1)
           ORDER BY linked_at LIMIT $2`,
    values: [afterSeconds, limit],
  })
  return rows.map((row) => row.study_uid)
}
