// `xinglin migrate`: brings the schemas of a database up to date and ends, before the processes of a release start.
import { AppError } from '@xinglin/core/errors'
import { connectPostgres } from '../engines/postgres/index.ts'
import { createLogger } from '../kernel/log.ts'
import { migrate } from '../kernel/migrations.ts'
import { ownedSql } from '../services.ts'
import { ownSettings } from './place.ts'

const migrationLimitMs = 600_000

/**
 * Migrates the database of DATABASE_URL; does nothing when it is up to date.
 * @throws AppError 'invalid-parameter' without DATABASE_URL, 'conflict' when the database is newer than this version
 */
export async function migrateDatabase(isJson: boolean): Promise<void> {
  const { databaseUrl: url } = ownSettings().process
  if (url === undefined) {
    throw new AppError('invalid-parameter', 'Set DATABASE_URL; an embedded database is migrated by every start')
  }
  const log = createLogger({ level: 'error' })
  const sql = connectPostgres({ url, poolSize: 2, log, statementTimeoutMs: migrationLimitMs })
  try {
    const migrations = await migrate(sql, ownedSql)
    const sentence = migrations === 0 ? 'The schemas are up to date.' : `${migrations} migrations ran.`
    process.stdout.write(isJson ? `${JSON.stringify({ migrations })}\n` : `${sentence}\n`)
  } finally {
    await sql.close()
  }
}
