// SQL of locking: the heads of records about to change, addresses about to come into being, conditions being decided.
import type { Tx } from '../../kernel/sql.ts'
import type { AccessFilter } from '../types.ts'
import { accessValues, visibleTo } from './access-sql.ts'
import { contentsOf } from './contents.ts'

/** A locked head with the content of its current version. */
export interface Head {
  readonly type: string
  readonly id: string
  readonly rid: number
  readonly ver: number
  readonly deleted: boolean
  readonly at: Date
  readonly pat: string | null
  readonly pats: readonly string[] | null
  readonly lbl: readonly number[] | null
  /** Null for a deletion, and where it was not needed. */
  readonly content: string | null
  /** Whether the caller may see it. */
  readonly visible: boolean
}

/** A record's address. */
export interface Address {
  readonly type: string
  readonly id: string
}

/** The key of an address in maps. */
export const keyOf = (address: Address): string => `${address.type}/${address.id}`

const headColumns = 'r.type, r.id, r.rid, r.ver, r.deleted, r.at, r.pat, r.pats, r.lbl'

/** What is locked, and how it is looked at. */
export interface HeadsRequest {
  readonly addresses: readonly Address[]
  readonly access: AccessFilter
  /** Whether the content of the record is needed; of others it stays where it is. */
  readonly needsContent: (address: Address) => boolean
}

/** Locks the heads in the order of their keys, so that two writers never wait for each other in a circle. */
export async function lockHeads(tx: Tx, request: HeadsRequest): Promise<ReadonlyMap<string, Head>> {
  const { addresses, access, needsContent } = request
  if (addresses.length === 0) return new Map()
  const rows = await tx.query<Head>({
    name: 'records_lock_heads',
    // The version is joined outside: a row that was waited for is looked at again with its newest rid.
    text: `WITH locked AS MATERIALIZED (
        SELECT ${headColumns} FROM records.resource r
        JOIN unnest($1::text[], $2::text[]) AS k(type, id) ON r.type = k.type AND r.id = k.id
        ORDER BY r.type, r.id FOR UPDATE OF r)
      SELECT ${headColumns}, (${visibleTo('r', 3)}) IS TRUE AS visible FROM locked r`,
    values: [addresses.map((one) => one.type), addresses.map((one) => one.id), ...accessValues(access)],
  })
  // A statement of its own, because its snapshot is later than the locks: it sees every version that a head can name.
  const contents = await contentsOf(
    tx,
    rows.filter((row) => !row.deleted && needsContent(row)).map(({ rid }) => rid),
  )
  return new Map(rows.map((row) => [keyOf(row), { ...row, content: contents.get(row.rid) ?? null }]))
}

/** Takes transaction-long locks on texts (conditions, addresses that do not exist yet), in one order for all. */
export async function lockTexts(tx: Tx, texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return
  await tx.query({
    name: 'records_lock_texts',
    text: `SELECT pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended(t, 20160) AS key FROM unnest($1::text[]) AS t ORDER BY key OFFSET 0) AS keys`,
    values: [texts],
  })
}
