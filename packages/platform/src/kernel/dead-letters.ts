// Events that a consumer gave up on: kept until a person looks, and delivered anew when asked.
import { insertEvents } from './outbox-store.ts'
import type { DeliveredEvent } from './ports.ts'
import type { Queryable, Sql } from './sql.ts'

/** An event that a consumer gave up on. */
export interface DeadLetter {
  readonly id: number
  readonly consumer: string
  readonly eventId: number
  readonly topic: string
  readonly key: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly attempts: number
  readonly reason: string
  readonly at: Date
}

/** Keeps an event that a consumer gave up on. */
export async function bury(sql: Queryable, consumer: string, event: DeliveredEvent, reason: string): Promise<void> {
  await sql.query({
    name: 'kernel.outbox.bury',
    text: `INSERT INTO kernel.dead_letter (consumer, event_id, topic, key, payload, attempts, reason, event_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (consumer, event_id) DO NOTHING`,
    values: [
      consumer,
      event.id,
      event.topic,
      event.key,
      JSON.stringify(event.payload),
      event.attempt,
      reason,
      event.at,
    ],
  })
}

/** The newest dead letters. */
export async function listDeadLetters(sql: Queryable, limit: number): Promise<readonly DeadLetter[]> {
  const rows = await sql.query<Omit<DeadLetter, 'payload'> & { readonly payload: string }>({
    text: `SELECT id, consumer, event_id AS "eventId", topic, key, payload, attempts, reason, at
           FROM kernel.dead_letter ORDER BY id DESC LIMIT $1`,
    values: [limit],
  })
  return rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) as Record<string, unknown> }))
}

/** Publishes a dead letter's event anew (for all its consumers) and removes it; false when there is none. */
export async function revive(sql: Sql, id: number): Promise<boolean> {
  return sql.transaction(async (tx) => {
    const [letter] = await tx.query<{ topic: string; key: string; payload: string }>({
      text: 'DELETE FROM kernel.dead_letter WHERE id = $1 RETURNING topic, key, payload',
      values: [id],
    })
    if (letter === undefined) return false
    await insertEvents(tx, [{ ...letter, payload: JSON.parse(letter.payload) as Record<string, unknown> }])
    return true
  })
}
