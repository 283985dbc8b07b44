// What stores of keys and of sessions share: deleting keys so that those who wait hear of it.
import type { Change } from './changes.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Says whether a text can be the id of a session. */
export const isUuid = (text: string): boolean => uuid.test(text)

/** Keeps the number of keys. @returns it */
export async function addToKeyCount(change: Change, added: number): Promise<number> {
  const [row] = await change.tx.query<{ count: number }>({
    text: `UPDATE registry.topic SET index = index + $1 WHERE topic = 'count/kv' RETURNING index AS count`,
    values: [added],
  })
  if (row === undefined) throw new Error('The number of keys is not kept')
  return row.count
}

/** Deletes keys and remembers when, so that an index never goes backwards. */
export async function buryKeys(change: Change, keys: readonly string[]): Promise<void> {
  const buried = await change.tx.query({
    text: `WITH gone AS (DELETE FROM registry.kv WHERE key = ANY($1::text[]) RETURNING key)
           INSERT INTO registry.kv_tombstone (key, index, at) SELECT key, $2, now() FROM gone
           ON CONFLICT (key) DO UPDATE SET index = EXCLUDED.index, at = EXCLUDED.at RETURNING key`,
    values: [keys, await change.index()],
  })
  await addToKeyCount(change, -buried.length)
}
