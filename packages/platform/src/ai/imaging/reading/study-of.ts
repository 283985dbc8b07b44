// Whose study a reading is about, and when it was made.
import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from '../../../kernel/sql.ts'
import { everyStudy } from '../access.ts'
import { readStudy, type StudySummary } from '../linking/study-store.ts'
import type { Reading } from './reading.ts'
import type { ReportedStudy } from './report.ts'

const everyone = everyStudy
const lookEveryMs = 250

function whenMade({ studyDate, studyTime }: StudySummary, fallback: Date): string {
  const date = /^(\d{4})(\d{2})(\d{2})$/.exec(studyDate)
  if (date === null) return fallback.toISOString()
  const day = date.slice(1).join('-')
  // DICOM names no zone here; the hour is given as UTC.
  const time = /^(\d{2})(\d{2})(\d{2})?/.exec(studyTime)
  return time === null ? day : `${day}T${time[1]}:${time[2]}:${time[3] ?? '00'}Z`
}

/** The study as the report names it; undefined while it belongs to no patient. */
export async function reportedStudy(
  sql: Queryable,
  { studyUid, created }: Pick<Reading, 'studyUid' | 'created'>,
): Promise<ReportedStudy | undefined> {
  const study = await readStudy(sql, studyUid, everyone)
  if (study === undefined || study.patient === null) return undefined
  return { patient: study.patient, at: whenMade(study, created) }
}

/** The same, but waits for a while when the patient of a fresh study is still being looked for. */
export async function awaitReportedStudy(
  sql: Queryable,
  reading: Pick<Reading, 'studyUid' | 'created'>,
  { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal },
): Promise<ReportedStudy | undefined> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += lookEveryMs) {
    const study = await readStudy(sql, reading.studyUid, everyone)
    if (study?.linkState !== 'waiting') break
    await delay(lookEveryMs, undefined, { signal })
  }
  return await reportedStudy(sql, reading)
}
