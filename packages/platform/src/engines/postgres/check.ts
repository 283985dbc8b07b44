// Says whether a PostgreSQL that somebody brings (DATABASE_URL) can carry Xinglin, and what to change if not.
import { AppError } from '@xinglin/core/errors'
import type { Sql } from '../../kernel/sql.ts'

const minVersion = 15
const extensions = ['pg_trgm', 'btree_gin'] as const

interface Facts {
  readonly version: number
  readonly encoding: string
  readonly canCreate: boolean
  readonly isStandby: boolean
  readonly synchronousCommit: string
  readonly fsync: string
  readonly extensions: readonly string[]
}

async function readFacts(sql: Sql): Promise<Facts> {
  const [facts] = await sql.query<Facts>({
    text: `SELECT current_setting('server_version_num')::int / 10000 AS version,
                  current_setting('server_encoding') AS encoding,
                  has_database_privilege(current_database(), 'CREATE') AS "canCreate",
                  pg_is_in_recovery() AS "isStandby",
                  current_setting('synchronous_commit') AS "synchronousCommit",
                  current_setting('fsync') AS fsync,
                  ARRAY(SELECT name::text FROM pg_available_extensions WHERE name = ANY($1) ORDER BY name) AS extensions`,
    values: [extensions],
  })
  if (facts === undefined) throw new Error('A SELECT without FROM gave no row')
  return facts
}

function refusalOf(error: unknown): string {
  if (!(error instanceof Error)) throw error
  if (error instanceof AppError) {
    const why = error.cause instanceof Error ? ` (${error.cause.message})` : ''
    return `The database cannot be reached${why}: check DATABASE_URL and that PostgreSQL runs`
  }
  // A wrong password, an unknown database, a broken URL.
  return `The database lets nobody in (${error.message}): check user, password and name in DATABASE_URL`
}

/** What keeps this database from carrying Xinglin, a sentence each; empty when all is well. */
export async function databaseFaults(sql: Sql): Promise<readonly string[]> {
  const facts = await readFacts(sql).catch((error: unknown) => refusalOf(error))
  if (typeof facts === 'string') return [facts]
  const missing = extensions.filter((name) => !facts.extensions.includes(name))
  const checks: readonly (readonly [boolean, string])[] = [
    [facts.version >= minVersion, `PostgreSQL ${facts.version} is too old: use ${minVersion} or newer`],
    [facts.encoding === 'UTF8', `The database is encoded as ${facts.encoding}: create it with ENCODING 'UTF8'`],
    [facts.canCreate, 'The user may not create schemas: GRANT CREATE ON DATABASE … TO …'],
    [!facts.isStandby, 'The server is a standby: name the primary in DATABASE_URL'],
    [facts.fsync === 'on', 'fsync is off: a crash could lose acknowledged records; switch it on'],
    [
      facts.synchronousCommit !== 'off',
      'synchronous_commit is off: a crash could lose acknowledged records; switch it on',
    ],
    [missing.length === 0, `The extensions ${missing.join(', ')} are not installed (package postgresql-contrib)`],
  ]
  return checks.filter(([isWell]) => !isWell).map(([, fault]) => fault)
}
