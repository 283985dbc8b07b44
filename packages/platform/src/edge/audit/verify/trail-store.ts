// SQL of verification: sealed rows with their events in pages, and what has no seal.
import type { Queryable } from '../../../kernel/sql.ts'

/** A seal with its event; the event's columns are null when the event is gone. */
export interface SealedRow {
  readonly seq: number
  readonly eventId: number
  readonly commitment: Buffer
  readonly chain: Buffer
  readonly nodes: Buffer
  readonly recordedUs: number | null
  readonly salt: string | null
  readonly payload: string | null
  readonly keys: readonly number[] | null
}

/** Events without a seal within a page. */
export interface UnsealedPage {
  readonly lastId: number | null
  readonly count: number
  readonly oldest: Date | null
  /** The first event whose turn had passed, so that it will never be sealed: it was put there afterwards. */
  readonly strangerId: number | null
}

/** Seals from `from` to before `to`, at most `limit`, in the order of their places. */
export async function sealedRows(
  sql: Queryable,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
): Promise<readonly SealedRow[]> {
  return sql.query<SealedRow>({
    text: `SELECT s.seq, s.event_id AS "eventId", s.commitment, s.chain, s.nodes,
                  (extract(epoch FROM e.recorded) * 1000000)::bigint AS "recordedUs", e.salt, e.payload, e.keys
           FROM (SELECT * FROM audit.seal WHERE seq >= $1 AND seq < $2 ORDER BY seq LIMIT $3) s
           LEFT JOIN audit.event e ON e.id = s.event_id ORDER BY s.seq`,
    values: [from, to, limit],
  })
}

/** The first seal outside the chain, which must not be; state and seals are of one snapshot. */
export async function sealOutside(sql: Queryable): Promise<{ seq: number; eventId: number } | undefined> {
  const [row] = await sql.query<{ seq: number; eventId: number }>({
    text: `(SELECT seq, event_id AS "eventId" FROM audit.seal WHERE seq < 0 ORDER BY seq LIMIT 1)
           UNION ALL
           (SELECT seq, event_id FROM audit.seal WHERE seq >= (SELECT size FROM audit.state) ORDER BY seq LIMIT 1)`,
  })
  return row
}

/** The events without a seal among the next `limit` after an id. */
export async function unsealedPage(sql: Queryable, afterId: number, limit: number): Promise<UnsealedPage> {
  const [page] = await sql.query<UnsealedPage>({
    text: `SELECT max(e.id) AS "lastId", count(*) FILTER (WHERE s.seq IS NULL)::int AS count,
                  min(e.recorded) FILTER (WHERE s.seq IS NULL) AS oldest,
                  min(e.id) FILTER (WHERE s.seq IS NULL AND (e.txid, e.id) <= (st.after_txid, st.after_id)) AS "strangerId"
           FROM (SELECT id, txid, recorded FROM audit.event WHERE id > $1 ORDER BY id LIMIT $2) e
           CROSS JOIN audit.state st
           LEFT JOIN audit.seal s ON s.event_id = e.id`,
    values: [afterId, limit],
  })
  return page ?? { lastId: null, count: 0, oldest: null, strangerId: null }
}

/** Payloads of events under all these keys. */
export async function payloadsUnder(sql: Queryable, keys: readonly number[]): Promise<readonly string[]> {
  const rows = await sql.query<{ payload: string }>({
    text: 'SELECT payload FROM audit.event WHERE keys @> $1::bigint[] AND payload IS NOT NULL ORDER BY id LIMIT 1000',
    values: [keys],
  })
  return rows.map((row) => row.payload)
}

/** The number of the newest checkpoint in the database. */
export async function newestNumber(sql: Queryable): Promise<number> {
  const [row] = await sql.query<{ number: number }>({
    text: 'SELECT coalesce(max(number), -1) AS number FROM audit.checkpoint',
  })
  return row?.number ?? -1
}

/** Lines of checkpoints by number, after one number and up to another. */
export async function checkpointLines(
  sql: Queryable,
  { after, upTo, limit }: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<readonly { readonly number: number; readonly line: string }[]> {
  return sql.query<{ number: number; line: string }>({
    text: 'SELECT number, line FROM audit.checkpoint WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3',
    values: [after, upTo, limit],
  })
}
