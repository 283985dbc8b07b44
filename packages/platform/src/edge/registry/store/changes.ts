// Every change runs alone, takes one index, and tells all registry processes at commit what it touched.
import type { Queryable, Sql, Tx } from '../../../kernel/sql.ts'

/** The channel on which registries hear of changes; its payload is a JSON list of topics, or '' for anything. */
export const registryChannel = 'xinglin_registry'

/** A change under way. */
export interface Change {
  readonly tx: Tx
  /** The index of this change; all that it writes carries the same. */
  index(): Promise<number>
  /** Marks a topic (`service/web`, `services`, `checks`, `sessions`) as changed. */
  touch(topic: string): void
  /** Wakes those who wait for a key. */
  touchKey(key: string): void
  /** Wakes those who wait for anything under a prefix. */
  touchPrefix(prefix: string): void
}

const maxPayloadBytes = 7500 // PostgreSQL allows 7999
const maxWakes = 500

/** The topic of one service. */
export const serviceTopic = (name: string): string => `service/${name}`

/** The topic of all keys together. */
export const keysTopic = 'kv'

async function finish(change: Change, topics: ReadonlySet<string>, wakes: readonly string[]): Promise<void> {
  if (topics.size === 0 && wakes.length === 0) return
  if (topics.size > 0) {
    await change.tx.query({
      text: `INSERT INTO registry.topic (topic, index, at) SELECT unnest($1::text[]), $2, now()
             ON CONFLICT (topic) DO UPDATE SET index = EXCLUDED.index, at = EXCLUDED.at`,
      values: [[...topics], await change.index()],
    })
  }
  const payload = JSON.stringify([...topics, ...wakes])
  const fits = wakes.length <= maxWakes && Buffer.byteLength(payload) <= maxPayloadBytes
  await change.tx.query({ text: 'SELECT pg_notify($1, $2)', values: [registryChannel, fits ? payload : ''] })
}

/** Runs `work` alone among all changes of all registry processes, in one transaction. */
export async function changeRegistry<T>(sql: Sql, work: (change: Change) => Promise<T>): Promise<T> {
  return sql.transaction(async (tx) => {
    // The index must be taken under the lock: else a smaller one could be committed after a greater one was seen.
    await tx.query({ text: "SELECT pg_advisory_xact_lock(hashtext('xinglin.registry'))" })
    const topics = new Set<string>()
    const wakes: string[] = []
    const taken: { index?: number } = {}
    const change: Change = {
      tx,
      async index() {
        taken.index ??= await nextIndex(tx)
        return taken.index
      },
      touch: (topic) => void topics.add(topic),
      touchKey(key) {
        topics.add(keysTopic)
        wakes.push(`key:${key}`)
      },
      touchPrefix(prefix) {
        topics.add(keysTopic)
        wakes.push(`prefix:${prefix}`)
      },
    }
    const result = await work(change)
    await finish(change, topics, wakes)
    return result
  })
}

async function nextIndex(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ index: number }>({ text: "SELECT nextval('registry.change_index') AS index" })
  if (row === undefined) throw new Error('The sequence of the registry gave no index')
  return row.index
}

/** The newest index of some topics. Read it before the rows: then what is answered is never older than its index. */
export async function topicIndex(sql: Queryable, topics: readonly string[]): Promise<number> {
  const [row] = await sql.query<{ index: number }>({
    name: 'registry.topic-index',
    text: 'SELECT max(index) AS index FROM registry.topic WHERE topic = ANY($1::text[])',
    values: [[...topics, 'floor']],
  })
  return row?.index ?? 1
}
