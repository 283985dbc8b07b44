// Leases of the outbox: each partition of a consumer belongs to one process at a time, shared out evenly.
import { partitions } from './outbox-store.ts'
import type { Sql, Tx } from './sql.ts'

/** How long a silent process keeps its partitions. */
export const leaseSeconds = 10

/** Who leases for which consumer. */
export interface LeaseHolder {
  readonly consumer: string
  readonly holder: string
}

async function ensureCursors(tx: Tx, consumer: string): Promise<void> {
  await tx.query({
    text: `INSERT INTO kernel.outbox_cursor (consumer, part) SELECT $1, generate_series(0, $2::int - 1)
           ON CONFLICT DO NOTHING`,
    values: [consumer, partitions],
  })
}

/**
 * Puts a database that was restored into another cluster right: transaction ids begin anew there, so stored ones could
 * lie in the future for ever. Every kept event becomes final; consumers go on at their first undelivered event.
 */
export async function rebaseAfterRestore(sql: Sql): Promise<boolean> {
  return sql.transaction(async (tx) => {
    await tx.query({ text: "SELECT pg_advisory_xact_lock(hashtext('xinglin.outbox'))" })
    const [found] = await tx.query<{ isForeign: boolean }>({
      text: `SELECT GREATEST((SELECT max(txid) FROM kernel.outbox), (SELECT max(hi) FROM kernel.outbox_cursor))
                    >= pg_snapshot_xmax(pg_current_snapshot()) AS "isForeign"`,
    })
    if (found?.isForeign !== true) return false
    await tx.query({
      text: `UPDATE kernel.outbox_cursor c SET lo = '0', hi = pg_snapshot_xmin(pg_current_snapshot()), after_id = COALESCE(
               (SELECT min(o.id) - 1 FROM kernel.outbox o
                WHERE o.part = c.part AND (o.txid >= c.hi OR (o.txid >= c.lo AND o.id > c.after_id))),
               (SELECT max(o.id) FROM kernel.outbox o WHERE o.part = c.part), 0)`,
    })
    await tx.query({ text: "UPDATE kernel.outbox SET txid = '3'" }) // the first normal transaction id
    return true
  })
}

/**
 * Renews this process's leases, takes free ones up to a fair share and gives up what is above it; the first time it makes
 * the cursors that are missing.
 * @returns how many partitions it holds
 */
export async function renewLeases(sql: Sql, { consumer, holder }: LeaseHolder, isFirst: boolean): Promise<number> {
  return sql.transaction(async (tx) => {
    await tx.query({ text: 'SELECT pg_advisory_xact_lock(hashtext($1))', values: [`xinglin.outbox.${consumer}`] })
    if (isFirst) await ensureCursors(tx, consumer)
    const [members] = await tx.query<{ count: number }>({
      name: 'kernel.outbox.members',
      text: `WITH me AS (
               INSERT INTO kernel.outbox_member (consumer, holder, seen_until)
               VALUES ($1, $2, now() + make_interval(secs => $3))
               ON CONFLICT (consumer, holder) DO UPDATE SET seen_until = EXCLUDED.seen_until),
             gone AS (DELETE FROM kernel.outbox_member WHERE consumer = $1 AND holder <> $2 AND seen_until <= now())
             SELECT 1 + count(*)::int AS count FROM kernel.outbox_member
             WHERE consumer = $1 AND holder <> $2 AND seen_until > now()`,
      values: [consumer, holder, leaseSeconds],
    })
    const share = Math.ceil(partitions / (members?.count ?? 1))
    const rows = await tx.query<{ isMine: boolean }>({
      name: 'kernel.outbox.renew',
      text: `WITH wanted AS (
               SELECT part, row_number() OVER (ORDER BY (holder = $2) DESC NULLS LAST, part) <= $3 AS "isMine"
               FROM kernel.outbox_cursor
               WHERE consumer = $1 AND (holder = $2 OR holder IS NULL OR lease_until <= now()))
             UPDATE kernel.outbox_cursor c
             SET holder = CASE WHEN w."isMine" THEN $2 END,
                 lease_until = CASE WHEN w."isMine" THEN now() + make_interval(secs => $4) ELSE '-infinity' END
             FROM wanted w WHERE c.consumer = $1 AND c.part = w.part RETURNING w."isMine"`,
      values: [consumer, holder, share, leaseSeconds],
    })
    return rows.filter((row) => row.isMine).length
  })
}

/** Gives all partitions back at a clean stop. */
export async function releaseLeases(sql: Sql, { consumer, holder }: LeaseHolder): Promise<void> {
  await sql.query({
    text: `WITH left_out AS (DELETE FROM kernel.outbox_member WHERE consumer = $1 AND holder = $2)
           UPDATE kernel.outbox_cursor SET holder = NULL, lease_until = '-infinity' WHERE consumer = $1 AND holder = $2`,
    values: [consumer, holder],
  })
}
