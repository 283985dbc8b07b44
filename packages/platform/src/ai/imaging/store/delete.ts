// Deletes images: the index in one transaction with the audit entry and the news, then the bytes that nothing points to.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import type { Tx } from '../../../kernel/sql.ts'
import type { ImageAddress } from '../wado/instance-store.ts'
import { type IngestPorts, studyChanged } from './ingest.ts'

/** Who deletes what. */
export interface DeleteRequest {
  readonly caller: Caller
  readonly traceId?: string
  readonly address: ImageAddress
}

interface Gone {
  readonly blob: string
  readonly series_uid: string
}

const maxDeletedMs = 120_000

async function deleteInstances(tx: Tx, { study, series, instance }: ImageAddress): Promise<readonly Gone[]> {
  return await tx.query<Gone>({
    text: `DELETE FROM imaging.instance WHERE study_uid = $1 AND ($2::text IS NULL OR series_uid = $2)
             AND ($3::text IS NULL OR sop_uid = $3) RETURNING blob, series_uid`,
    values: [study, series ?? null, instance ?? null],
  })
}

// The study itself stays, empty, until the other rooms were told of it; then it goes too.
async function recount(tx: Tx, studyUid: string): Promise<boolean> {
  await tx.query({
    text: `UPDATE imaging.series s SET instance_count = (SELECT count(*) FROM imaging.instance i WHERE i.series_uid = s.series_uid)
           WHERE study_uid = $1`,
    values: [studyUid],
  })
  await tx.query({
    text: 'DELETE FROM imaging.series WHERE study_uid = $1 AND instance_count = 0',
    values: [studyUid],
  })
  const [row] = await tx.query<{ is_news: boolean }>({
    text: `UPDATE imaging.study t SET change = change + 1, changed = now(),
             series_count = (SELECT count(*) FROM imaging.series s WHERE s.study_uid = t.study_uid),
             instance_count = (SELECT count(*) FROM imaging.instance i WHERE i.study_uid = t.study_uid),
             modalities = ARRAY(SELECT DISTINCT modality FROM imaging.series s WHERE s.study_uid = t.study_uid ORDER BY 1)
           WHERE study_uid = $1 RETURNING change = told + 1 AS is_news`,
    values: [studyUid],
  })
  return row?.is_news === true
}

/**
 * Deletes what an address names.
 * @throws AppError 'not-found' when nothing is there
 */
export async function deleteImages({ caller, traceId, address }: DeleteRequest, ports: IngestPorts): Promise<void> {
  const { sql, audit, events, blobs, log } = ports
  const left = await sql.transaction(
    async (tx) => {
      const [study] = await tx.query<{ patient: string | null }>({
        text: 'SELECT patient FROM imaging.study WHERE study_uid = $1 FOR UPDATE',
        values: [address.study],
      })
      const gone = await deleteInstances(tx, address)
      if (study === undefined || gone.length === 0) throw new AppError('not-found', 'Nothing is stored there')
      if (await recount(tx, address.study)) {
        const payload = { studyUid: address.study }
        await events.publish(tx, [{ topic: studyChanged, key: address.study, payload }])
      }
      await audit.append(tx, [
        {
          ...{ caller, action: 'D', interaction: 'dicom-delete', outcome: 'success' },
          entities: [`ImagingStudy/${address.study}`],
          patients: study.patient === null ? [] : [study.patient],
          ...(traceId === undefined ? {} : { traceId }),
        },
      ])
      const touched = [...new Set(gone.map(({ blob }) => blob))]
      const kept = await tx.query<{ blob: string }>({
        text: 'SELECT DISTINCT blob FROM imaging.instance WHERE blob = ANY($1)',
        values: [touched],
      })
      const still = new Set(kept.map(({ blob }) => blob))
      return touched.filter((blob) => !still.has(blob))
    },
    { timeoutMs: maxDeletedMs },
  )
  for (const blob of left) {
    await blobs.delete(blob).catch((error: unknown) => log.warn('imaging.blob.left', { blob, error }))
  }
}
