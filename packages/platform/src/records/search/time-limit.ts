// Bounds what a search may cost: PostgreSQL gives a statement up after a time, and the caller is told how to ask for less.
import { AppError } from '@xinglin/core/errors'
import type { Queryable, Sql } from '../../kernel/sql.ts'
import type { Turns } from './turns.ts'

const queryCanceled = '57014'

/** Where and for whom work is done. */
export interface TimeLimit {
  readonly sql: Sql
  /** Undefined inside an open transaction, which has its connection already. */
  readonly turns: Turns | undefined
  readonly holder: string
  /** Undefined leaves the statements to the pool's own limit. */
  readonly limitMs: number | undefined
}

/** Runs work whose statements may take `limitMs` each, in its turn. */
export async function withinTime<T>(limit: TimeLimit, work: (sql: Queryable) => Promise<T>): Promise<T> {
  const { turns, holder, limitMs } = limit
  if (limitMs === undefined || turns === undefined) return await limited(limit, work)
  return await turns.take(holder, () => limited(limit, work))
}

async function limited<T>({ sql, limitMs }: TimeLimit, work: (sql: Queryable) => Promise<T>): Promise<T> {
  try {
    if (limitMs === undefined) return await work(sql)
    return await sql.transaction(work, { statementTimeoutMs: limitMs })
  } catch (error) {
    throw isCanceled(error) ? tooCostly(limitMs, error) : error
  }
}

/** Runs one statement of an open transaction within a time of its own; afterwards the transaction's holds again. */
export async function withinCondition<T>(tx: Queryable, limitMs: number, work: () => Promise<T>): Promise<T> {
  const [setting] = await tx.query<{ readonly before: string }>({
    text: "SELECT current_setting('statement_timeout') AS before, set_config('statement_timeout', $1, true)",
    values: [String(limitMs)],
    name: 'search_condition_limit',
  })
  try {
    const found = await work()
    await tx.query({
      text: "SELECT set_config('statement_timeout', $1, true)",
      values: [setting?.before ?? '0'],
      name: 'search_time_limit',
    })
    return found
  } catch (error) {
    throw isCanceled(error) ? tooCostly(limitMs, error) : error
  }
}

function isCanceled(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ((error as { readonly code?: unknown }).code === queryCanceled) return true
  return error.cause !== undefined && isCanceled(error.cause)
}

function tooCostly(limitMs: number | undefined, cause: unknown): AppError {
  const diagnostics = `The search took longer than ${limitMs ?? 'the allowed'} ms. Narrow it by a patient, a code or a date, or leave out _sort or _total.`
  return new AppError('timeout', diagnostics, {
    cause,
    issues: [{ severity: 'error', code: 'too-costly', diagnostics }],
  })
}
