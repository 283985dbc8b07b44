// SQL of reading events, newest first, by their keys; and of erasing one.
import type { Queryable, Tx } from '../../../kernel/sql.ts'
import type { Payload } from '../trail/payload.ts'
import type { StoredEvent } from './audit-event.ts'

/** Which events. */
export interface EventFilter {
  /** All of these. */
  readonly keys: readonly number[]
  /** From this time on, and before that one. */
  readonly from?: Date
  readonly to?: Date
  /** Events older than this one. */
  readonly before?: EventPlace
}

/** Where an event stands in time, to the microsecond. */
export interface EventPlace {
  readonly recorded: string
  readonly id: number
}

interface EventRow {
  readonly id: number
  readonly recorded: Date
  readonly seq: number | null
  readonly payload: string | null
}

/** What an event is to its eraser. */
export interface ErasableEvent {
  readonly payload: Payload | undefined
  readonly isSealed: boolean
}

function parsed({ id, recorded, seq, payload }: EventRow & { readonly payload: string }): StoredEvent {
  return { id, recorded, seq, payload: JSON.parse(payload) as Payload } // the trail wrote it
}

/** The newest events; erased ones are left out. */
export async function findEvents(sql: Queryable, filter: EventFilter, limit: number): Promise<readonly StoredEvent[]> {
  const conditions: string[] = ['payload IS NOT NULL']
  const values: unknown[] = []
  const add = (condition: (place: string) => string, value: unknown): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  if (filter.keys.length > 0) add((place) => `keys @> ${place}::bigint[]`, filter.keys)
  if (filter.from !== undefined) add((place) => `recorded >= ${place}::timestamptz`, filter.from)
  if (filter.to !== undefined) add((place) => `recorded < ${place}::timestamptz`, filter.to)
  if (filter.before !== undefined) {
    values.push(filter.before.recorded, filter.before.id)
    conditions.push(`(recorded, id) < ($${values.length - 1}::timestamptz, $${values.length}::bigint)`)
  }
  values.push(limit)
  const rows = await sql.query<EventRow & { readonly payload: string }>({
    text: `SELECT e.id, e.recorded, e.payload, s.seq
           FROM (SELECT id, recorded, payload FROM audit.event WHERE ${conditions.join(' AND ')}
                 ORDER BY recorded DESC, id DESC LIMIT $${values.length}) e
           LEFT JOIN audit.seal s ON s.event_id = e.id ORDER BY e.recorded DESC, e.id DESC`,
    values,
  })
  return rows.map(parsed)
}

/** Where an event stands in time; undefined when there is none. */
export async function placeOf(sql: Queryable, id: number): Promise<EventPlace | undefined> {
  const [place] = await sql.query<EventPlace>({
    text: 'SELECT recorded::text, id FROM audit.event WHERE id = $1',
    values: [id],
  })
  return place
}

/** One event; `erased` when only its commitment is left. */
export async function readEvent(sql: Queryable, id: number): Promise<StoredEvent | 'erased' | undefined> {
  const [row] = await sql.query<EventRow>({
    text: `SELECT e.id, e.recorded, e.payload, s.seq FROM audit.event e
           LEFT JOIN audit.seal s ON s.event_id = e.id WHERE e.id = $1`,
    values: [id],
  })
  if (row === undefined) return undefined
  return row.payload === null ? 'erased' : parsed({ ...row, payload: row.payload })
}

/** Locks an event for its erasure; undefined when there is none. */
export async function lockEvent(tx: Tx, id: number): Promise<ErasableEvent | undefined> {
  const [row] = await tx.query<{ payload: string | null; isSealed: boolean }>({
    text: `SELECT payload, EXISTS (SELECT FROM audit.seal s WHERE s.event_id = e.id) AS "isSealed"
           FROM audit.event e WHERE id = $1 FOR UPDATE`,
    values: [id],
  })
  if (row === undefined) return undefined
  const payload = row.payload === null ? undefined : (JSON.parse(row.payload) as Payload) // the trail wrote it
  return { payload, isSealed: row.isSealed }
}

/** Removes what an event says; its commitment stays in its seal. */
export async function eraseEvent(tx: Tx, id: number): Promise<void> {
  await tx.query({
    text: "UPDATE audit.event SET payload = NULL, salt = NULL, keys = '{}' WHERE id = $1",
    values: [id],
  })
}
