// The writer's end of the trail, in every process: rows inside the writer's transaction, or group-committed outside of one.
import { AppError } from '@xinglin/core/errors'
import type { Audit, AuditEntry, Clock, Logger, Telemetry } from '../../../kernel/ports.ts'
import type { Queryable, Sql, Statement } from '../../../kernel/sql.ts'
import { noTelemetry, traced } from '../../../kernel/telemetry/index.ts'
import { type NewRow, rowsOf } from './payload.ts'

/** What the trail is written with. */
export interface TrailOptions {
  readonly sql: Sql
  readonly log: Logger
  readonly clock: Clock
  /** Default: none. */
  readonly telemetry?: Telemetry
  /** How many rows may wait for the database before further accesses are refused; default 10,000. */
  readonly maxWaiting?: number
}

/** The trail; `close` writes down what waits. */
export type Trail = Audit & { close(): Promise<void> }

interface Waiting {
  readonly rows: readonly NewRow[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const defaultMaxWaiting = 10_000
const maxRowsPerFlush = 1000

// The payloads travel as one text: JSON.stringify leaves no line feed in them, and an array would have to be escaped.
function insertion(rows: readonly NewRow[]): Statement {
  return {
    name: 'audit.event.insert',
    text: `INSERT INTO audit.event (recorded, keys, payload)
           SELECT to_timestamp(ms / 1000.0), keys::bigint[], payload
           FROM ROWS FROM (unnest($1::float8[]), unnest($2::text[]), string_to_table($3, E'\\n'))
             WITH ORDINALITY AS row (ms, keys, payload, place)
           ORDER BY place`,
    values: [
      rows.map((row) => row.recordedMs),
      rows.map((row) => `{${row.keys.join(',')}}`),
      rows.map((row) => row.payload).join('\n'),
    ],
  }
}

async function insertRows(target: Queryable, rows: readonly NewRow[]): Promise<void> {
  if (rows.length > 0) await target.query(insertion(rows))
}

/** Creates the trail of a process. */
export function createTrail(options: TrailOptions): Trail {
  const { sql, log, clock, telemetry = noTelemetry, maxWaiting = defaultMaxWaiting } = options
  const state: { queue: Waiting[]; waitingRows: number; flushing: Promise<void> | undefined; isClosed: boolean } = {
    queue: [],
    waitingRows: 0,
    flushing: undefined,
    isClosed: false,
  }
  const take = (): readonly Waiting[] => {
    let count = 0
    let rows = 0
    while (count < state.queue.length && rows < maxRowsPerFlush) rows += state.queue[count++]?.rows.length ?? 0
    return state.queue.splice(0, count)
  }
  const flushOnce = async (): Promise<void> => {
    const group = take()
    const rows = group.flatMap((waiting) => waiting.rows)
    try {
      await insertRows(sql, rows)
      for (const { resolve } of group) resolve()
    } catch (error) {
      log.warn('audit.flush.failed', { rows: rows.length, error })
      for (const { reject } of group) reject(error)
    }
    state.waitingRows -= rows.length
  }
  // The next flush begins when the one before has returned: the busier the system, the larger the groups.
  const flushAll = async (): Promise<void> => {
    await Promise.resolve() // what is recorded in the same turn goes together
    while (state.queue.length > 0) await flushOnce()
    state.flushing = undefined
  }
  return {
    append: (tx, entries) => {
      const now = clock.now().getTime()
      const rows = entries.flatMap((entry) => rowsOf(entry, now))
      return insertRows(tx, rows)
    },
    record(entry: AuditEntry) {
      const rows = rowsOf(entry, clock.now().getTime())
      if (state.isClosed || state.waitingRows + rows.length > maxWaiting) return Promise.reject(full())
      state.waitingRows += rows.length
      return traced(telemetry, 'audit record', {}, () => {
        const isDurable = new Promise<void>((resolve, reject) => {
          state.queue.push({ rows, resolve, reject })
        })
        state.flushing ??= telemetry.within(undefined, flushAll) // a group belongs to no single trace
        return isDurable
      })
    },
    async close() {
      state.isClosed = true
      await state.flushing
    },
  }
}

function full(): AppError {
  return new AppError(
    'unavailable',
    'The audit trail cannot take this access now, so it is refused; try again shortly',
    {
      retryAfterSeconds: 1,
    },
  )
}
