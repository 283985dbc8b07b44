// SQL of writing small sets: versions, heads and all index rows in one prepared statement.
import type { Tx } from '../../kernel/sql.ts'
import type { IndexBatch } from './index-batch.ts'
import type { VersionBatch } from './version-batch.ts'

const upsertHead = `ON CONFLICT (type, id) DO UPDATE SET rid = excluded.rid, ver = excluded.ver, deleted = excluded.deleted,
      at = excluded.at, dt = excluded.dt, pat = excluded.pat, pats = excluded.pats, lbl = excluded.lbl, tok = excluded.tok`

const headColumns = 'type, id, rid, ver, deleted, at, dt, pat, pats, lbl, tok'

const text = `WITH new AS (
    SELECT n.rid, n.type, n.id, n.ver, n.at, n.method, n.pat, n.pats::text[] AS pats, n.lbl::bigint[] AS lbl, n.content,
      n.dt, n.tok::bigint[] AS tok
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
      $9::text[], $10::text[], $11::timestamptz[], $12::text[])
      AS n(rid, type, id, ver, at, method, pat, pats, lbl, content, dt, tok)),
  versions AS (INSERT INTO records.version (rid, type, id, ver, at, method, pat, pats, lbl, content)
    SELECT rid, type, id, ver, at, method, pat, pats, lbl, content FROM new),
  heads AS (INSERT INTO records.resource (${headColumns})
    SELECT type, id, rid, ver, method = 'DELETE', at, dt, pat, pats, lbl, tok FROM new ${upsertHead}),
  tokens AS (INSERT INTO records.token_index (h, dt, rid)
    SELECT * FROM unnest($13::bigint[], $14::timestamptz[], $15::bigint[])),
  strings AS (INSERT INTO records.string_index (p, v, raw, rid)
    SELECT * FROM unnest($16::bigint[], $17::text[], $18::text[], $19::bigint[])),
  dates AS (INSERT INTO records.date_index (p, lo, hi, rid)
    SELECT * FROM unnest($20::bigint[], $21::timestamptz[], $22::timestamptz[], $23::bigint[])),
  numbers AS (INSERT INTO records.number_index (p, lo, hi, rid)
    SELECT * FROM unnest($24::bigint[], $25::float8[], $26::float8[], $27::bigint[])),
  compartments AS (INSERT INTO records.compartment_index (pat, rid)
    SELECT * FROM unnest($28::text[], $29::bigint[]))
  INSERT INTO records.reference_index (p, type, id, rid)
    SELECT * FROM unnest($30::bigint[], $31::text[], $32::text[], $33::bigint[])`

/** Writes all rows in one statement. */
export async function insertRows(tx: Tx, versions: VersionBatch, index: IndexBatch): Promise<void> {
  await tx.query({ name: 'records_write', text, values: [...versions.columns(), ...index.columns()] })
}

/** Writes or moves the heads alone; the rest of a large set is copied. */
export async function upsertHeads(tx: Tx, versions: VersionBatch): Promise<void> {
  await tx.query({
    name: 'records_upsert_heads',
    text: `INSERT INTO records.resource (${headColumns})
      SELECT n.type, n.id, n.rid, n.ver, n.method = 'DELETE', n.at, n.dt, n.pat, n.pats::text[], n.lbl::bigint[], n.tok::bigint[]
      FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::timestamptz[], $11::text[]) AS n(rid, type, id, ver, at, method, pat, pats, lbl, dt, tok)
      ${upsertHead}`,
    values: versions.headColumns(),
  })
}

/**
 * Deletes the index rows of versions that are no longer current, by their exact keys; the heads must not have moved yet.
 * Search does not depend on it: rows whose rid is no head's never match.
 */
export async function deleteIndexRows(tx: Tx, rids: readonly number[]): Promise<void> {
  if (rids.length === 0) return
  await tx.query({
    name: 'records_delete_rows',
    text: `WITH gone AS MATERIALIZED (
        SELECT r.rid, r.dt, h FROM records.resource r, unnest(r.tok) AS h WHERE r.rid = ANY($1::bigint[])),
      tokens AS (DELETE FROM records.token_index t USING gone g WHERE t.h = g.h AND t.dt = g.dt AND t.rid = g.rid),
      strings AS (DELETE FROM records.string_index WHERE rid = ANY($1::bigint[])),
      dates AS (DELETE FROM records.date_index WHERE rid = ANY($1::bigint[])),
      numbers AS (DELETE FROM records.number_index WHERE rid = ANY($1::bigint[])),
      compartments AS (DELETE FROM records.compartment_index WHERE rid = ANY($1::bigint[]))
      DELETE FROM records.reference_index WHERE rid = ANY($1::bigint[])`,
    values: [rids],
  })
}
