// SQL of broken glasses: who opened the records of whom, why and until when.
import type { Queryable, Tx } from '../../kernel/sql.ts'
import { lockTexts } from '../store/heads.ts'

/** An emergency access: from `begins` to `ends` the person sees what is withheld about the patient, within the roles. */
export interface BrokenGlass {
  readonly id: string
  readonly subject: string
  readonly name: string
  /** Id of the Patient. */
  readonly patient: string
  readonly reason: string
  readonly begins: Date
  readonly ends: Date
}

const columns = 'grant_id AS id, subject, name, pat AS patient, reason, begins, ends'

/** How many glasses the subject broke in the last hour; others of the same subject wait until the transaction ends. */
export async function countRecent(tx: Tx, subject: string): Promise<number> {
  await lockTexts(tx, [`break-glass ${subject}`])
  const [row] = await tx.query<{ readonly count: number }>({
    text: `SELECT count(*)::int AS count FROM records.break_glass
      WHERE subject = $1 AND begins > now() - interval '1 hour'`,
    values: [subject],
  })
  return row?.count ?? 0
}

/** Adds one that ends after so many minutes. */
export async function addGlass(
  tx: Tx,
  glass: Pick<BrokenGlass, 'id' | 'subject' | 'name' | 'patient' | 'reason'>,
  minutes: number,
): Promise<BrokenGlass> {
  const [row] = await tx.query<BrokenGlass>({
    text: `INSERT INTO records.break_glass (grant_id, subject, name, pat, reason, begins, ends)
      VALUES ($1, $2, $3, $4, $5, now(), now() + make_interval(mins => $6)) RETURNING ${columns}`,
    values: [glass.id, glass.subject, glass.name, glass.patient, glass.reason, minutes],
  })
  if (row === undefined) throw new Error('An inserted row was not returned')
  return row
}

/** Who breaks a glass. */
export type GlassHolder = Pick<BrokenGlass, 'subject' | 'name'>

/** Ends what the person opened of the patient. */
export async function endGlasses(tx: Tx, { subject, name }: GlassHolder, patient: string): Promise<number> {
  const rows = await tx.query({
    text: `UPDATE records.break_glass SET ends = now() WHERE subject = $1 AND name = $2 AND pat = $3 AND ends > now()
      RETURNING grant_id`,
    values: [subject, name, patient],
  })
  return rows.length
}

/** The newest glasses broken for the patient, at most so many. */
export async function glassesOf(sql: Queryable, patient: string, limit: number): Promise<readonly BrokenGlass[]> {
  return await sql.query<BrokenGlass>({
    text: `SELECT ${columns} FROM records.break_glass WHERE pat = $1 ORDER BY begins DESC, grant_id DESC LIMIT $2`,
    values: [patient, limit],
  })
}

/** Until when the person's newest glass of the patient is broken, if it is. */
export async function openUntil(
  sql: Queryable,
  { subject, name }: GlassHolder,
  patient: string,
): Promise<Date | undefined> {
  const [row] = await sql.query<{ readonly ends: Date | null }>({
    text: `SELECT max(ends) AS ends FROM records.break_glass WHERE subject = $1 AND name = $2 AND pat = $3
      AND ends > now()`,
    values: [subject, name, patient],
  })
  return row?.ends ?? undefined
}
