// SQL of reading the contents that a change depends on: all of them, but no more than a transaction can hold.
import { AppError } from '@xinglin/core/errors'
import type { Tx } from '../../kernel/sql.ts'
import { type Bounded, boundedContent } from './page-bytes.ts'

const maxBytes = 64 * 1024 * 1024

/** The contents by rid, in the order of the rids. Throws `too-large` when they are more than one change may depend on. */
export async function contentsOf(tx: Tx, rids: readonly number[]): Promise<ReadonlyMap<number, string | null>> {
  if (rids.length === 0) return new Map()
  const rows = await tx.query<Bounded & { readonly rid: number; readonly content: string | null }>({
    name: 'records_contents',
    text: `SELECT v.rid, ${boundedContent('v.rid', maxBytes)} FROM records.version v
      WHERE v.rid = ANY($1::bigint[]) ORDER BY v.rid`,
    values: [rids],
  })
  if (rows.some(({ beyond }) => beyond)) {
    throw new AppError('too-large', 'The change depends on more content than one transaction may hold; split it')
  }
  return new Map(rows.map((row) => [row.rid, row.content]))
}
