// What the command line does beside a running system, over its database: tokens and the proof of the trail.
import { join } from 'node:path'
import { verifyTrail } from '../edge/audit/index.ts'
import { issueToken, type TokenRequest } from '../edge/gateway/index.ts'
import { connectPostgres } from '../engines/postgres/index.ts'
import { createLogger } from '../kernel/log.ts'
import type { Sql } from '../kernel/sql.ts'
import type { RunState } from './run-state.ts'

/** Where a system's database and data are. */
export type SystemPlace = Pick<RunState, 'databaseUrl' | 'dataFolder'>

/** Opens the database for one piece of work. */
export async function withDatabase<T>(databaseUrl: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const log = createLogger({ level: 'silent' })
  const sql = connectPostgres({ url: databaseUrl, poolSize: 2, log, statementTimeoutMs: 600_000 })
  try {
    return await work(sql)
  } finally {
    await sql.close()
  }
}

/** Issues a token that the system's gateway accepts at once. */
export function issueLocalToken(place: SystemPlace, request: TokenRequest): Promise<string> {
  return withDatabase(place.databaseUrl, (sql) => issueToken(sql, request))
}

/** Re-computes the audit trail of a system. */
export function verifyLocalTrail(place: SystemPlace): ReturnType<typeof verifyTrail> {
  return withDatabase(place.databaseUrl, (sql) => verifyTrail({ sql, folder: join(place.dataFolder, 'audit') }))
}
