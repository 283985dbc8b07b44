// SQL of storing: instances, then their series, then their studies, always in the order of their UIDs so that no two writers lock each other.
import type { Tx } from '../../../kernel/sql.ts'
import type { Received } from './receive.ts'

/** An instance that was there before. */
export interface Existing {
  readonly sha256: string
}

/** A study after the change. */
export interface ChangedStudy {
  readonly studyUid: string
  readonly patient: string | null
  /** True when the other rooms know of no earlier change that they have not seen yet. */
  readonly isNews: boolean
}

const byUid = (a: Received, b: Received): number => (a.instance.sopUid < b.instance.sopUid ? -1 : 1)

/** Inserts instances; those whose UID is taken are left alone and told. */
export async function insertInstances(
  tx: Tx,
  received: readonly Received[],
): Promise<{ readonly added: readonly Received[]; readonly existing: ReadonlyMap<string, Existing> }> {
  const rows = received.toSorted(byUid)
  const column = <T>(value: (one: Received) => T): readonly T[] => rows.map(value)
  const inserted = await tx.query<{ sop_uid: string }>({
    name: 'imaging.instance.insert',
    text: `INSERT INTO imaging.instance (sop_uid, series_uid, study_uid, sop_class, number, sha256, blob, blob_start, size_bytes,
             transfer_syntax, frames, frame_bytes, pixel_start, pixel_bytes, attributes, metadata)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[], $8::bigint[],
             $9::bigint[], $10::text[], $11::int[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::text[])
           ON CONFLICT (sop_uid) DO NOTHING RETURNING sop_uid`,
    values: [
      column(({ instance }) => instance.sopUid),
      column(({ series }) => series.seriesUid),
      column(({ study }) => study.studyUid),
      column(({ instance }) => instance.sopClass),
      column(({ instance }) => instance.number),
      column(({ sha256 }) => sha256),
      column(({ blob }) => blob),
      column(({ blobStart }) => blobStart),
      column(({ sizeBytes }) => sizeBytes),
      column(({ instance }) => instance.transferSyntax),
      column(({ instance }) => instance.frames),
      column(({ instance }) => instance.frameBytes),
      column(({ instance }) => instance.pixelStart),
      column(({ instance }) => instance.pixelBytes),
      column(({ instance }) => instance.attributes),
      column(({ instance }) => instance.metadata),
    ],
  })
  const fresh = new Set(inserted.map((row) => row.sop_uid))
  const added = rows.filter(({ instance }) => fresh.has(instance.sopUid))
  if (added.length === rows.length) return { added, existing: new Map() }
  const others = rows.filter(({ instance }) => !fresh.has(instance.sopUid)).map(({ instance }) => instance.sopUid)
  const known = await tx.query<{ sop_uid: string; sha256: string }>({
    text: 'SELECT sop_uid, sha256 FROM imaging.instance WHERE sop_uid = ANY($1)',
    values: [others],
  })
  return { added, existing: new Map(known.map(({ sop_uid: uid, sha256 }) => [uid, { sha256 }])) }
}

/** Enters the series of new instances, or counts these in. */
export async function upsertSeries(tx: Tx, added: readonly Received[]): Promise<void> {
  const groups = [...Map.groupBy(added, ({ series }) => series.seriesUid)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [uid, members] of groups) {
    const [first] = members
    if (first === undefined) continue
    const { series, study } = first
    await tx.query({
      name: 'imaging.series.upsert',
      text: `INSERT INTO imaging.series (series_uid, study_uid, modality, number, description, body_part, performed_date,
               performed_time, step_ids, request_ids, instance_count, attributes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (series_uid) DO UPDATE SET instance_count = series.instance_count + excluded.instance_count`,
      values: [
        ...[uid, study.studyUid, series.modality, series.number, series.description, series.bodyPart],
        ...[series.performedDate, series.performedTime, series.stepIds, series.requestIds],
        ...[members.length, series.attributes],
      ],
    })
  }
}

// The upsert locks the study's row, so that its series, counted after it, are those of all earlier writers too.
const upsertText = `
INSERT INTO imaging.study AS known (study_uid, patient_id, patient_name, birth_date, sex, study_date, study_time, accession,
  study_id, description, referring, modalities, series_count, instance_count, attributes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (study_uid) DO UPDATE SET change = known.change + 1, changed = now(),
  instance_count = known.instance_count + excluded.instance_count,
  modalities = ARRAY(SELECT DISTINCT unnest(known.modalities || excluded.modalities) ORDER BY 1)
RETURNING patient, change = told + 1 AS is_news`

/** Enters the studies of new instances, or counts these in. */
export async function upsertStudies(tx: Tx, added: readonly Received[]): Promise<readonly ChangedStudy[]> {
  const groups = [...Map.groupBy(added, ({ study }) => study.studyUid)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const changed: ChangedStudy[] = []
  for (const [studyUid, members] of groups) {
    const [first] = members
    if (first === undefined) continue
    const { study } = first
    const modalities = [...new Set(members.map(({ series }) => series.modality))].toSorted()
    const [row] = await tx.query<{ patient: string | null; is_news: boolean }>({
      name: 'imaging.study.upsert',
      text: upsertText,
      values: [
        ...[studyUid, study.patientId, study.patientName, study.birthDate, study.sex, study.studyDate, study.studyTime],
        ...[study.accession, study.studyId, study.description, study.referring, modalities, 0, members.length],
        study.attributes,
      ],
    })
    changed.push({ studyUid, patient: row?.patient ?? null, isNews: row?.is_news === true })
  }
  await tx.query({
    name: 'imaging.study.count',
    text: `UPDATE imaging.study SET series_count =
             (SELECT count(*) FROM imaging.series WHERE series.study_uid = study.study_uid)
           WHERE study_uid = ANY($1)`,
    values: [changed.map(({ studyUid }) => studyUid)],
  })
  return changed
}
