// Writing into the ring of segments: one COPY a batch, the next segment when one is full or old, emptied before it is used again.
import type { Sql, Tx } from '../../../kernel/sql.ts'
import { type TracePart, writeSpans } from './trace-part.ts'

/** How much is kept. */
export interface RingLimits {
  readonly maxSpans: number
  readonly keepHours: number
}

const segments = 8
const columns = 'segment, trace_id, started, duration_us, service, name, failure, is_root, spans, services, body'

interface Current {
  readonly number: number
  readonly isDone: boolean
}

function arrayText(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}

// PostgreSQL keeps no U+0000; nobody's name of a span has one but by mistake.
const storable = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '�') : text)

function isoMicros(ms: number): string {
  const micros = Math.floor((ms % 1) * 1000)
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`
}

function rowOf(segment: number, part: TracePart): readonly (string | number | boolean | null)[] {
  return [
    segment,
    part.traceId,
    isoMicros(part.startedMs),
    part.durationUs,
    storable(part.service),
    storable(part.name),
    part.failure === undefined ? null : storable(part.failure),
    part.isRoot,
    part.spans.length,
    storable(arrayText(part.services)),
    writeSpans(part.spans),
  ]
}

async function empty(tx: Tx, number: number): Promise<void> {
  await tx.query({ text: `TRUNCATE telemetry.part_${number}` }) // a number of ours, 0 to 7
  await tx.query({ text: 'UPDATE telemetry.segment SET spans = 0 WHERE number = $1', values: [number] })
}

async function advance(tx: Tx, from: number, spans: number): Promise<number> {
  const next = (from + 1) % segments
  await empty(tx, next)
  await tx.query({
    text: `UPDATE telemetry.segment SET is_current = (number = $1), newest = now(),
             since = CASE WHEN number = $1 THEN now() ELSE since END,
             spans = CASE WHEN number = $1 THEN $3 ELSE spans - $3 END
           WHERE number IN ($1, $2)`,
    values: [next, from, spans],
  })
  return next
}

// Counting takes the row's lock, which makes writers take turns: without it two could empty a segment that the other has just begun.
// What is lost in a crash of the database within its last moments is only telemetry, so the commit does not wait for the disk.
async function segmentFor(tx: Tx, spans: number, { maxSpans, keepHours }: RingLimits): Promise<number> {
  const [current] = await tx.query<Current>({
    name: 'telemetry.segment.fill',
    text: `WITH quick AS MATERIALIZED (
             SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '2s', true))
           UPDATE telemetry.segment SET spans = spans + $1, newest = now() FROM quick WHERE is_current
           RETURNING number, spans - $1 >= $2 OR since < now() - make_interval(secs => $3) AS "isDone"`,
    values: [spans, Math.ceil(maxSpans / segments), (keepHours * 3600) / segments],
  })
  if (current === undefined) throw new Error('The ring of the traces has no current segment')
  return current.isDone ? advance(tx, current.number, spans) : current.number
}

/** Keeps parts. */
export async function keepParts(sql: Sql, parts: readonly TracePart[], limits: RingLimits): Promise<void> {
  if (parts.length === 0) return
  const spans = parts.reduce((sum, part) => sum + part.spans.length, 0)
  await sql.transaction(async (tx) => {
    const segment = await segmentFor(tx, spans, limits)
    await tx.copyIn(
      `telemetry.part_${segment} (${columns})`,
      parts.map((part) => rowOf(segment, part)),
    )
  })
}

/** Empties segments that are older than what is kept. */
export async function dropOld(sql: Sql, { keepHours }: RingLimits): Promise<number> {
  return sql.transaction(async (tx) => {
    await tx.query({ text: "SET LOCAL lock_timeout = '2s'" })
    const old = await tx.query<{ number: number }>({
      text: `SELECT number FROM telemetry.segment
             WHERE spans > 0 AND newest < now() - make_interval(hours => $1) ORDER BY number FOR UPDATE`,
      values: [keepHours],
    })
    for (const { number } of old) await empty(tx, number)
    return old.length
  })
}
