// A writing transaction, run again when another has taken one of its ids at the same moment.
import { AppError } from '@xinglin/core/errors'
import type { Sql, Tx } from '../../kernel/sql.ts'

const maxAttempts = 4
const uniqueViolation = '23505'
const takenIds: ReadonlySet<unknown> = new Set(['version_of', 'resource_pkey'])

/**
 * Runs the work. Ids that are about to be taken are not locked: of two creations of one id the later meets the unique index
 * of versions, and finds the record when it runs again. Locks would be as many as the entries of a Bundle, and PostgreSQL
 * has room for some thousands in all.
 */
export async function inTransaction<T>(sql: Sql, timeoutMs: number, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
    try {
      return await sql.transaction(work, { timeoutMs })
    } catch (error) {
      if (!isTaken(error)) throw error
    }
  }
  throw new AppError('conflict', 'Other changes took the same ids again and again; try again')
}

function isTaken(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, constraint } = error as { readonly code?: unknown; readonly constraint?: unknown }
  return code === uniqueViolation && takenIds.has(constraint)
}
