// The database of a process: the one that somebody brings, else our own.
import { AppError } from '@xinglin/core/errors'
import type { Sql } from '../../kernel/sql.ts'
import { databaseFaults } from './check.ts'
import { connectPostgres } from './connect.ts'
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded/launcher.ts'

/** Options of {@link openDatabase}. */
export interface DatabaseOptions extends EmbeddedPostgresOptions {
  /** A PostgreSQL that somebody brings (DATABASE_URL); without it the embedded one is started. */
  readonly url?: string | undefined
  readonly poolSize: number
}

/** An open database. */
export interface OpenDatabase {
  readonly sql: Sql
  readonly url: string
  /** Our own server, when there is one. */
  readonly embedded?: EmbeddedPostgres
  /** Closes the pool, then stops our own server. */
  close(): Promise<void>
}

async function openGiven(url: string, options: DatabaseOptions): Promise<OpenDatabase> {
  const sql = connectPostgres({ url, poolSize: options.poolSize, log: options.log })
  const faults = await databaseFaults(sql)
  if (faults.length === 0) return { sql, url, close: () => sql.close() }
  await sql.close()
  throw new AppError('unavailable', `The database of DATABASE_URL cannot be used:\n- ${faults.join('\n- ')}`)
}

/**
 * Opens the database that is given by URL, else starts the embedded one (from the registry package or the system).
 * @throws AppError that names all that is wrong with a given database, or why the embedded one cannot start
 */
export async function openDatabase(options: DatabaseOptions): Promise<OpenDatabase> {
  if (options.url !== undefined) return openGiven(options.url, options)
  const embedded = await startEmbeddedPostgres(options)
  const sql = connectPostgres({ url: embedded.url, poolSize: options.poolSize, log: options.log })
  return {
    sql,
    url: embedded.url,
    embedded,
    async close() {
      await sql.close()
      await embedded.stop()
    },
  }
}
