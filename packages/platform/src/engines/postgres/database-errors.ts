// Turns what PostgreSQL or its connection reports into the errors of the house; unknown ones pass as they are.
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import { DatabaseError } from 'pg'

const retryable: ReadonlySet<string> = new Set(['40001', '40P01'])

// SQLSTATE, or the routine that tells apart what has one in common → code and sentence; https://www.postgresql.org/docs/18/errcodes-appendix.html
const states: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ['57014', ['timeout', 'The database did not finish the statement in time; ask for less at once or try again']],
  ['25P03', ['timeout', 'The transaction was idle for too long and was ended by the database']],
  ['25P04', ['timeout', 'The transaction took too long and was ended by the database']],
  ['55P03', ['conflict', 'Another change holds what this change needs; try again']],
  ['40001', ['conflict', 'Other changes came in between too often; try again']],
  ['40P01', ['conflict', 'Other changes came in between too often; try again']],
  ['22021', ['unprocessable', 'The text holds a character that cannot be stored (U+0000 or broken UTF-8); remove it']],
  ['22P05', ['unprocessable', 'The text holds a character that cannot be stored; remove it']],
  ['json_errsave_error', ['unprocessable', 'A text cannot be stored: it holds half of a surrogate pair; remove it']],
  ['22003', ['unprocessable', 'A number is outside the range that can be stored']],
  ['22008', ['unprocessable', 'A date or time is outside the range that can be stored']],
  ['54000', ['unprocessable', 'A value is too long to be indexed; shorten it']],
])

// Whole classes: connection, insufficient resources, operator intervention.
const unavailableClasses: ReadonlySet<string> = new Set(['08', '53', '57'])

/** The refusal while the database cannot be reached. */
export const unavailable = (cause: unknown): AppError =>
  new AppError('unavailable', 'The database cannot be reached now; try again shortly', {
    cause,
    retryAfterSeconds: 1,
  })

/** Says whether a transaction that failed so may be run again: serialization failure or deadlock. */
export function isRetryable(error: unknown): boolean {
  return error instanceof DatabaseError && retryable.has(error.code ?? '')
}

/** The error of the house for what a statement or a connection failed with. */
export function translate(error: unknown, lost: boolean): unknown {
  if (error instanceof AppError) return error
  if (!(error instanceof DatabaseError)) return lost ? unavailable(error) : error
  const state = error.code ?? ''
  const known = states.get(state) ?? states.get(error.routine ?? '')
  if (known !== undefined) return new AppError(known[0], known[1], { cause: error })
  return unavailableClasses.has(state.slice(0, 2)) ? unavailable(error) : error
}
