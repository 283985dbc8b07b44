// Enters received objects into the index: one transaction with the audit entry and the news for other rooms.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import type { Audit, Blobs, Events, Ids, Logger } from '../../../kernel/ports.ts'
import type { Sql, Tx } from '../../../kernel/sql.ts'
import { type Existing, insertInstances, upsertSeries, upsertStudies } from './ingest-store.ts'
import { type Incoming, type Received, type ReceiveOptions, type Refused, receive } from './receive.ts'

/** What became of one object. */
export interface Stored {
  readonly sopUid: string
  readonly sopClass: string
  readonly seriesUid: string
  readonly studyUid: string
  /** `known`: the same bytes were there already. */
  readonly outcome: 'stored' | 'known'
}

/** What became of a request's objects. */
export interface IngestResult {
  readonly stored: readonly Stored[]
  readonly refused: readonly Refused[]
}

/** The ports and limits of {@link ingest}. */
export interface IngestPorts {
  readonly sql: Sql
  readonly blobs: Blobs
  readonly audit: Audit
  readonly events: Events
  readonly ids: Ids
  readonly log: Logger
  readonly limits: Pick<ReceiveOptions, 'maxInstanceBytes' | 'maxInstances'>
}

/** On whose behalf objects are stored. */
export interface IngestRequest {
  readonly caller: Caller
  readonly traceId?: string
  /** The study that all objects must belong to. */
  readonly studyUid?: string
  readonly incoming: AsyncIterable<Incoming>
}

/** Topic that tells of new or deleted images: `{ studyUid }`. */
export const studyChanged = 'imaging.study-changed'

const maxAudited = 100

const conflict = (): AppError =>
  new AppError('conflict', 'Another object with this SOP Instance UID is stored already; it was left as it is')

// Objects that came twice in one request count once; of different ones with one UID the first is taken.
function withoutRepeats(received: readonly Received[]): {
  readonly unique: readonly Received[]
  readonly repeated: readonly Received[]
} {
  const first = new Map<string, Received>()
  const repeated: Received[] = []
  for (const one of received) {
    if (first.has(one.instance.sopUid)) repeated.push(one)
    else first.set(one.instance.sopUid, one)
  }
  return { unique: [...first.values()], repeated }
}

async function enter(tx: Tx, unique: readonly Received[], request: IngestRequest, ports: IngestPorts) {
  const { added, existing } = await insertInstances(tx, unique)
  if (added.length === 0) return existing
  await upsertSeries(tx, added)
  const studies = await upsertStudies(tx, added)
  await ports.events.publish(
    tx,
    studies
      .filter(({ isNews }) => isNews)
      .map(({ studyUid }) => ({ topic: studyChanged, key: studyUid, payload: { studyUid } })),
  )
  const { caller, traceId } = request
  const patients = studies.flatMap(({ patient }) => patient ?? [])
  await ports.audit.append(tx, [
    {
      ...{ caller, action: 'C', interaction: 'dicom-store', outcome: 'success', patients },
      entities: studies.map(({ studyUid }) => `ImagingStudy/${studyUid}`).slice(0, maxAudited),
      ...(traceId === undefined ? {} : { traceId }),
    },
  ])
  return existing
}

function judge(one: Received, existing: ReadonlyMap<string, Existing>): Stored | Refused {
  const { study, series, instance, sha256 } = one
  const { sopUid, sopClass } = instance
  const other = existing.get(sopUid)
  if (other !== undefined && other.sha256 !== sha256) return { sopUid, sopClass, error: conflict() }
  const place = { seriesUid: series.seriesUid, studyUid: study.studyUid }
  return { sopUid, sopClass, ...place, outcome: other === undefined ? 'stored' : 'known' }
}

/**
 * Stores the objects of a request: bytes first, then the index; idempotent by SOP Instance UID and bytes.
 * @throws AppError for the request as a whole; then nothing was stored
 */
export async function ingest(request: IngestRequest, ports: IngestPorts): Promise<IngestResult> {
  const { blobs, ids, limits, log } = ports
  const id = ids.uuid()
  const blob = `imaging/${id.slice(0, 5)}/${id}`
  const mark = ids.uuid()
  const { received, refused } = await receive(request.incoming, {
    ...{ blobs, blob, mark, ...limits },
    ...(request.studyUid === undefined ? {} : { studyUid: request.studyUid }),
  })
  if (received.length === 0) return { stored: [], refused }
  const { unique, repeated } = withoutRepeats(received)
  const forget = (): Promise<void> =>
    blobs.delete(blob).catch((error: unknown) => log.warn('imaging.blob.left', { blob, error }))
  try {
    const existing = await ports.sql.transaction((tx) => enter(tx, unique, request, ports))
    if (existing.size === unique.length) await forget()
    const first = new Map(unique.map(({ instance, sha256 }) => [instance.sopUid, { sha256 }]))
    const judged = [...unique.map((one) => judge(one, existing)), ...repeated.map((one) => judge(one, first))]
    return {
      stored: judged.filter((one) => 'outcome' in one),
      refused: [...refused, ...judged.filter((one) => 'error' in one)],
    }
  } catch (error) {
    await forget()
    throw error
  }
}
