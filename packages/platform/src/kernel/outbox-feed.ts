// What a consumer reads. Why windows: a transaction's events become final when its id falls below the xmin of a snapshot, but
// two final transactions may have been made in another order than their ids. Within a window of final transactions the
// event ids give the order in which one key was changed, because a change publishes while it holds the lock of its record.
import type { DeliveredEvent } from './ports.ts'
import type { Queryable } from './sql.ts'

/** A batch of one partition: final events in order, and the window they come from. */
export interface Batch {
  readonly part: number
  readonly lo: string
  readonly hi: string
  readonly events: readonly DeliveredEvent[]
  /** Nothing is left in the window after these. */
  readonly isLast: boolean
}

interface EventRow {
  readonly part: number
  readonly lo: string
  readonly hi: string
  readonly id: number
  readonly topic: string
  readonly key: string
  readonly payload: string
  readonly at: Date
  readonly trace: string | null
}

// Topic by topic: asked for a list of topics, PostgreSQL's kept plan reads all events of the partition and drops most.
const fetchText = `
SELECT c.part, c.lo, w.hi, e.id, e.topic, e.key, e.payload, e.at, e.trace
FROM kernel.outbox_cursor c
CROSS JOIN LATERAL (SELECT CASE WHEN c.hi > c.lo THEN c.hi ELSE pg_snapshot_xmin(pg_current_snapshot()) END AS hi) w
CROSS JOIN LATERAL (
  SELECT o.* FROM unnest($3::text[]) AS t(topic)
  CROSS JOIN LATERAL (
    SELECT o.id, o.topic, o.key, o.payload, o.at, o.trace
    FROM kernel.outbox o
    WHERE o.part = c.part AND o.topic = t.topic AND o.txid >= c.lo AND o.txid < w.hi AND o.id > c.after_id
    ORDER BY o.id
    LIMIT $4
  ) o
  ORDER BY o.id
  LIMIT $4
) e
WHERE c.consumer = $1 AND c.holder = $2 AND c.lease_until > now() AND c.part <> ALL($5::smallint[])
ORDER BY c.part, e.id`

/** What to fetch. */
export interface FetchRequest {
  readonly consumer: string
  readonly holder: string
  readonly topics: readonly string[]
  readonly perPartition: number
  /** Partitions being worked on. */
  readonly except: readonly number[]
}

/** The next final events of every partition that the holder leases. */
export async function fetchBatches(sql: Queryable, request: FetchRequest): Promise<readonly Batch[]> {
  const { consumer, holder, topics, perPartition, except } = request
  const rows = await sql.query<EventRow>({
    name: 'kernel.outbox.fetch',
    text: fetchText,
    values: [consumer, holder, topics, perPartition, except],
  })
  return [...Map.groupBy(rows, (row) => row.part).values()].map((group) => ({
    part: group[0]?.part ?? 0,
    lo: group[0]?.lo ?? '0',
    hi: group[0]?.hi ?? '0',
    isLast: group.length < perPartition,
    events: group.map(({ id, topic, key, payload, at, trace }) => ({
      id,
      topic,
      key,
      at,
      attempt: 1,
      ...(trace === null ? {} : { trace }),
      payload: JSON.parse(payload) as Record<string, unknown>, // written by insertEvents
    })),
  }))
}

/** Moves a cursor past `lastId`; false when the lease was lost meanwhile. A lost flush only delivers again, so it need not sync. */
export async function advance(
  sql: Queryable,
  holder: { readonly consumer: string; readonly holder: string },
  batch: Batch,
  lastId: number,
): Promise<boolean> {
  const isDone = batch.isLast && lastId === batch.events.at(-1)?.id
  const rows = await sql.query({
    name: 'kernel.outbox.advance',
    text: `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
           UPDATE kernel.outbox_cursor SET lo = $4::xid8, hi = $5::xid8, after_id = $6 FROM quick
           WHERE consumer = $1 AND holder = $2 AND part = $3 RETURNING part`,
    values: [holder.consumer, holder.holder, batch.part, isDone ? batch.hi : batch.lo, batch.hi, isDone ? 0 : lastId],
  })
  return rows.length === 1
}

/** Closes windows in which nothing is left for the consumer; says whether there were any. */
export async function closeWindows(sql: Queryable, request: Omit<FetchRequest, 'perPartition'>): Promise<boolean> {
  const { consumer, holder, topics, except } = request
  const rows = await sql.query({
    name: 'kernel.outbox.close',
    text: `UPDATE kernel.outbox_cursor c SET lo = hi, after_id = 0
           WHERE consumer = $1 AND holder = $2 AND hi > lo AND part <> ALL($4::smallint[]) AND NOT EXISTS (
             SELECT 1 FROM kernel.outbox o
             WHERE o.part = c.part AND o.txid >= c.lo AND o.txid < c.hi AND o.id > c.after_id AND o.topic = ANY($3))
           RETURNING part`,
    values: [consumer, holder, topics, except],
  })
  return rows.length > 0
}

/** Moves cursors past events of other consumers, so that a consumer of rare topics keeps nobody's events from being swept. */
export async function passOver(sql: Queryable, request: Omit<FetchRequest, 'perPartition'>): Promise<void> {
  const { consumer, holder, topics, except } = request
  await sql.query({
    name: 'kernel.outbox.pass-over',
    text: `UPDATE kernel.outbox_cursor c SET lo = w.hi, hi = w.hi, after_id = 0
           FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS hi) w
           WHERE consumer = $1 AND holder = $2 AND c.hi <= c.lo AND c.lo < w.hi AND part <> ALL($4::smallint[])
             AND NOT EXISTS (SELECT 1 FROM unnest($3::text[]) AS t(topic), LATERAL (SELECT 1 FROM kernel.outbox o
               WHERE o.part = c.part AND o.topic = t.topic AND o.txid >= c.lo AND o.txid < w.hi LIMIT 1) AS found)`,
    values: [consumer, holder, topics, except],
  })
}
