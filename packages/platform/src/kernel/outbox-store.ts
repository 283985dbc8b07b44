// SQL of the outbox: where events are written, with the change they tell of, and where they are removed once all have had them.
import type { OutboxEvent } from './ports.ts'
import type { OwnedSql, Queryable, Tx } from './sql.ts'

/** Partitions of the outbox. */
export const partitions = 64

/** The kernel's own tables. */
export const kernelSql: OwnedSql = { schema: 'kernel', folder: new URL('./sql/', import.meta.url) }

// The partition of a key: FNV-1a over its UTF-16 units.
function partitionOf(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  return (hash >>> 0) % partitions
}

/** Inserts events into the open transaction; `trace` is the traceparent of the change, where it is traced. */
export async function insertEvents(tx: Tx, events: readonly OutboxEvent[], trace?: string): Promise<void> {
  if (events.length === 0) return
  await tx.query({
    name: 'kernel.outbox.insert',
    text: 'INSERT INTO kernel.outbox (part, topic, key, payload, trace) SELECT *, $5 FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[])',
    values: [
      events.map(({ key }) => partitionOf(key)),
      events.map(({ topic }) => topic),
      events.map(({ key }) => key),
      events.map(({ payload }) => JSON.stringify(payload)),
      trace ?? null,
    ],
  })
}

const sweptAtOnce = 5000

/** Deletes events that every consumer of their partition has had, and after a week those that nobody waits for. */
export async function sweep(sql: Queryable): Promise<number> {
  for (let removed = 0; ; ) {
    const rows = await sql.query({
      text: `DELETE FROM kernel.outbox WHERE id IN (
             SELECT o.id FROM kernel.outbox o
             LEFT JOIN (SELECT part, min(lo) AS lo FROM kernel.outbox_cursor GROUP BY part) c USING (part)
             WHERE o.txid < c.lo OR (c.lo IS NULL AND o.at < now() - interval '7 days')
             LIMIT ${sweptAtOnce}) RETURNING id`,
    })
    removed += rows.length
    if (rows.length < sweptAtOnce) return removed
  }
}
