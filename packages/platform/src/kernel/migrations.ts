// Brings every owner's schema to its newest numbered migration, once, under a lock, and refuses a changed history.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { AppError } from '@xinglin/core/errors'
import type { OwnedSql, Sql, Tx } from './sql.ts'

interface Migration {
  readonly schema: string
  readonly file: string
  readonly text: string
  readonly checksum: string
}

interface AppliedMigration {
  readonly schema: string
  readonly file: string
  readonly checksum: string
}

const fileName = /^\d{4}_[a-z0-9_-]+\.sql$/
const schemaName = /^[a-z][a-z0-9_]{0,30}$/
const migrationLimitMs = 10 * 60_000

const preparation = `
SELECT pg_advisory_xact_lock(hashtext('xinglin.migration'));
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE SCHEMA IF NOT EXISTS kernel;
CREATE TABLE IF NOT EXISTS kernel.migration (
  schema   text NOT NULL,
  file     text NOT NULL,
  checksum text NOT NULL,
  at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (schema, file)
);`

// Line ends differ between checkouts; the meaning does not.
function checksumOf(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')
}

async function migrationsOf(owned: OwnedSql): Promise<readonly Migration[]> {
  if (!schemaName.test(owned.schema)) throw new Error(`The schema name ${owned.schema} must match ${schemaName}`)
  const files = (await readdir(owned.folder)).filter((name) => name.endsWith('.sql')).toSorted()
  const wrong = files.find((name) => !fileName.test(name))
  if (wrong !== undefined) throw new Error(`${owned.schema}: ${wrong} must be named like 0001_name.sql`)
  const folder = owned.folder.href.endsWith('/') ? owned.folder : new URL(`${owned.folder.href}/`)
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, folder), 'utf8')
      return { schema: owned.schema, file, text, checksum: checksumOf(text) }
    }),
  )
}

const keyOf = ({ schema, file }: { schema: string; file: string }): string => `${schema}/${file}`

async function readApplied(sql: Pick<Sql, 'query'>): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.query<AppliedMigration>({ text: 'SELECT schema, file, checksum FROM kernel.migration' })
  return new Map(rows.map((row) => [keyOf(row), row.checksum]))
}

async function readAppliedIfAny(sql: Sql): Promise<ReadonlyMap<string, string>> {
  const [row] = await sql.query<{ known: boolean }>({
    text: "SELECT to_regclass('kernel.migration') IS NOT NULL AS known",
  })
  return row?.known ? readApplied(sql) : new Map()
}

function checkHistory(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const changed = migrations.filter((one) => (applied.get(keyOf(one)) ?? one.checksum) !== one.checksum)
  const schemas = new Set(migrations.map(({ schema }) => schema))
  const known = new Set(migrations.map(keyOf))
  const unknown = [...applied.keys()].filter((key) => schemas.has(key.split('/')[0] ?? '') && !known.has(key))
  if (changed.length > 0) {
    const names = changed.map(keyOf).join(', ')
    throw new AppError(
      'conflict',
      `Migrations were changed after they had run: ${names}. Restore them and add a new one`,
    )
  }
  if (unknown.length > 0) {
    const names = unknown.join(', ')
    throw new AppError('conflict', `The database was brought further by a newer Xinglin (${names}); run that version`)
  }
}

async function apply(tx: Tx, migrations: readonly Migration[]): Promise<number> {
  await tx.query({ text: preparation })
  const applied = await readApplied(tx)
  checkHistory(migrations, applied)
  const open = migrations.filter((one) => !applied.has(keyOf(one)))
  for (const migration of open) {
    await tx.query({ text: `CREATE SCHEMA IF NOT EXISTS ${migration.schema}` })
    await tx.query({ text: migration.text })
    await tx.query({
      text: 'INSERT INTO kernel.migration (schema, file, checksum) VALUES ($1, $2, $3)',
      values: [migration.schema, migration.file, migration.checksum],
    })
  }
  return open.length
}

/**
 * Runs what is missing of every owner's migrations, in the order of the owners and of the numbers, all or nothing.
 * @param only runs none but these (`schema/file`): the state that a backup of an older version was made in
 * @returns how many ran
 * @throws AppError 'conflict' when a file that ran was changed, or the database (or `only`) is newer than the files
 */
export async function migrate(sql: Sql, owned: readonly OwnedSql[], only?: ReadonlySet<string>): Promise<number> {
  const all = (await Promise.all(owned.map(migrationsOf))).flat()
  const migrations = only === undefined ? all : all.filter((one) => only.has(keyOf(one)))
  if (only !== undefined && migrations.length < only.size) {
    throw new AppError('conflict', 'The backup was made by a newer Xinglin; restore it with that version')
  }
  const applied = await readAppliedIfAny(sql)
  checkHistory(migrations, applied)
  if (migrations.every((one) => applied.has(keyOf(one)))) return 0
  return sql.transaction((tx) => apply(tx, migrations), { timeoutMs: migrationLimitMs, retries: 0 })
}
