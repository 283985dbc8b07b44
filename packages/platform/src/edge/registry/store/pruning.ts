// SQL that forgets what is long gone; a floor takes the place of its index, so that no index goes backwards.
import type { Sql } from '../../../kernel/sql.ts'
import { changeRegistry } from './changes.ts'

const batch = 5000

/** Forgets deleted keys and services that went longer ago than `memoryMs`. */
export async function pruneMemory(sql: Sql, memoryMs: number): Promise<void> {
  await changeRegistry(sql, async ({ tx }) => {
    await tx.query({
      text: `WITH old AS (SELECT key FROM registry.kv_tombstone
                          WHERE at < clock_timestamp() - $1::float8 * interval '1 ms' ORDER BY at LIMIT ${batch}),
                  gone AS (DELETE FROM registry.kv_tombstone t USING old WHERE t.key = old.key RETURNING t.index)
             UPDATE registry.topic SET index = greatest(index, (SELECT max(index) FROM gone)) WHERE topic = 'floor/kv'`,
      values: [memoryMs],
    })
    await tx.query({
      text: `WITH gone AS (DELETE FROM registry.topic t
                           WHERE topic LIKE 'service/%' AND at < clock_timestamp() - $1::float8 * interval '1 ms'
                             AND NOT EXISTS (SELECT 1 FROM registry.service s WHERE s.name = substr(t.topic, 9))
                           RETURNING index)
             UPDATE registry.topic SET index = greatest(index, (SELECT max(index) FROM gone)) WHERE topic = 'floor'`,
      values: [memoryMs],
    })
  })
}
