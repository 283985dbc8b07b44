// Optional integrity: every literal reference of what is written must name a record that is here.
import { AppError } from '@xinglin/core/errors'
import type { Tx } from '../../kernel/sql.ts'
import { type Address, keyOf } from '../store/heads.ts'
import type { Decided } from './changes.ts'

/** Throws `unprocessable` when a reference names nothing; records of the same change count as there. */
export async function checkTargets(tx: Tx, made: readonly Decided[]): Promise<void> {
  const pending = new Set(made.filter((one) => one.kind !== 'delete').map((one) => keyOf(one.pending)))
  const asked = new Map<string, Address>()
  for (const { prepared } of made) {
    const references = prepared?.columns.references
    if (references === undefined) continue
    for (const [at, type] of references.type.entries()) {
      const address = { type, id: references.id[at] ?? '' }
      if (!pending.has(keyOf(address))) asked.set(keyOf(address), address)
    }
  }
  if (asked.size === 0) return
  const addresses = [...asked.values()]
  const found = await tx.query<Address>({
    name: 'records_targets',
    text: `SELECT r.type, r.id FROM records.resource r
      JOIN unnest($1::text[], $2::text[]) AS k(type, id) ON r.type = k.type AND r.id = k.id
      WHERE NOT r.deleted ORDER BY r.type, r.id FOR KEY SHARE OF r`,
    values: [addresses.map((one) => one.type), addresses.map((one) => one.id)],
  })
  for (const address of found) asked.delete(keyOf(address))
  const [missing] = asked.keys()
  if (missing !== undefined) {
    throw new AppError(
      'unprocessable',
      `It refers to ${missing}, which is not known here; store that first or in the same Bundle`,
    )
  }
}
