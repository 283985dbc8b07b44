// `xinglin backup` and `xinglin restore`: everything into one folder while the system runs, and back into an empty system.
import { cp, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import manifest from '../../../package.json' with { type: 'json' }
import { openDataFolder } from '../../composition/data-folder.ts'
import { openProcessDatabase } from '../../composition/database.ts'
import { dataFolderOf } from '../../composition/process-settings.ts'
import { type Dump, dumpDatabase, restoreDatabase } from '../../engines/postgres/index.ts'
import { createLogger } from '../../kernel/log.ts'
import { migrate } from '../../kernel/migrations.ts'
import type { Sql } from '../../kernel/sql.ts'
import { ownedSql } from '../../services.ts'
import { verifyLocalTrail } from '../local.ts'
import { demandPlace, ownSettings, runningSystem } from '../place.ts'
import { type Bucket, bucketOf, warnOfBucket } from './blobs-elsewhere.ts'

interface Manifest {
  readonly kind: 'xinglin-backup'
  readonly version: string
  readonly at: string
  /** Migrations that the dumped database had, as `schema/file`. */
  readonly migrations: readonly string[]
  readonly dump: Dump
  readonly folders: readonly string[]
  /** Where images and models lie, when that is not here: they are not in this backup. */
  readonly blobsElsewhere?: Bucket
}

/** Folders of the data folder that belong to a backup besides the database. */
const keptFolders = ['audit', 'keys', 'blobs']
const manifestName = 'manifest.json'

type Say = (line: string) => void

const sayTo =
  (isJson: boolean): Say =>
  (line) => {
    if (!isJson) process.stderr.write(`${line}\n`)
  }

async function demandEmptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length === 0) return
  throw new AppError('conflict', `${folder} is not empty; a backup wants a folder of its own`)
}

async function copyFolders(from: string, to: string, names: readonly string[]): Promise<readonly string[]> {
  const present = new Set(await readdir(from))
  const copied = names.filter((name) => present.has(name))
  for (const name of copied) await cp(join(from, name), join(to, name), { recursive: true, preserveTimestamps: true })
  return copied
}

async function writeDurably(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 })
  const file = await open(path, 'r')
  await file.sync().finally(() => file.close())
}

/** Writes a backup; the manifest comes last, so a folder without one is no backup. */
export async function backup(target: string, isJson: boolean): Promise<void> {
  const say = sayTo(isJson)
  const startedAt = performance.now()
  const folder = resolve(target)
  const place = await demandPlace()
  const elsewhere = bucketOf(ownSettings()) ?? (await runningSystem())?.blobsElsewhere
  if (elsewhere !== undefined)
    warnOfBucket(elsewhere, 'They are NOT in this backup: the bucket needs versions or copies of its own.')
  await demandEmptyFolder(folder)
  // Before the rows: the checkpoints of the audit trail must not be ahead of what is dumped.
  const early = await copyFolders(place.dataFolder, folder, ['audit', 'keys'])
  const schemas = ['kernel', ...ownedSql.map(({ schema }) => schema)]
  const onProgress = (table: string, done: number, of: number): void => say(`table ${done + 1} of ${of}: ${table}`)
  const dump = await dumpDatabase({ url: place.databaseUrl, folder, schemas, onProgress })
  // After the rows: a blob that a row names is there by then.
  const late = await copyFolders(place.dataFolder, folder, ['blobs'])
  const migrations = await readMigrations(folder, dump)
  const written: Manifest = {
    kind: 'xinglin-backup',
    version: manifest.version,
    at: new Date().toISOString(),
    migrations,
    dump,
    folders: [...early, ...late],
    ...(elsewhere === undefined ? {} : { blobsElsewhere: elsewhere }),
  }
  await writeDurably(join(folder, manifestName), `${JSON.stringify(written, undefined, 1)}\n`)
  const rows = dump.tables.reduce((sum, table) => sum + table.rows, 0)
  const seconds = (performance.now() - startedAt) / 1000
  const told = {
    ...{ folder, tables: dump.tables.length, rows, seconds: Math.round(seconds * 10) / 10 },
    ...(elsewhere === undefined ? {} : { blobsElsewhere: elsewhere }),
  }
  process.stdout.write(
    isJson
      ? `${JSON.stringify(told)}\n`
      : `Backup of ${rows} rows in ${told.tables} tables written to ${folder} in ${told.seconds} s. It holds keys and records: keep it as safe as the system.\n`,
  )
}

// Out of the dump itself, so that the list fits the snapshot.
async function readMigrations(folder: string, dump: Dump): Promise<readonly string[]> {
  const table = dump.tables.find((one) => one.schema === 'kernel' && one.table === 'migration')
  if (table === undefined) throw new AppError('unavailable', 'The database holds no Xinglin system')
  const { gunzipSync } = await import('node:zlib')
  const lines = gunzipSync(await readFile(join(folder, table.file)))
    .toString()
    .trim()
    .split('\n')
  const [schemaAt, fileAt] = [table.columns.indexOf('schema'), table.columns.indexOf('file')]
  return lines.map((line) => line.split('\t')).map((cells) => `${cells[schemaAt]}/${cells[fileAt]}`)
}

async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, manifestName), 'utf8').catch(() => undefined)
  if (text === undefined)
    throw new AppError('not-found', `${folder} holds no ${manifestName}: it is no complete backup`)
  const read = JSON.parse(text) as Manifest
  if (read.kind === 'xinglin-backup') return read
  throw new AppError('invalid-request', `${join(folder, manifestName)} is not the manifest of a backup`)
}

async function demandEmptySystem(sql: Sql): Promise<void> {
  const [known] = await sql.query<{ is: boolean }>({ text: "SELECT to_regclass('records.version') IS NOT NULL AS is" })
  if (known?.is !== true) return
  const [row] = await sql.query<{ is: boolean }>({ text: 'SELECT EXISTS (SELECT 1 FROM records.version) AS is' })
  if (row?.is !== true) return
  throw new AppError(
    'conflict',
    'This system holds records; restore into an empty one (another XINGLIN_DATA or DATABASE_URL)',
  )
}

/** Restores a backup into an empty system that does not run, then verifies its audit trail. */
export async function restore(source: string, isJson: boolean): Promise<void> {
  const say = sayTo(isJson)
  const folder = resolve(source)
  const { process: settings } = ownSettings()
  const dataFolder = dataFolderOf(settings)
  const running = await runningSystem(settings)
  if (running !== undefined)
    throw new AppError('conflict', `Stop the system on ${dataFolder} (process ${running.pid}) first`)
  const { dump, migrations, folders, at, blobsElsewhere } = await readManifest(folder)
  if (blobsElsewhere !== undefined)
    warnOfBucket(
      blobsElsewhere,
      'They are NOT in this backup: bring the bucket back as it was then, or later, and name it to the system.',
    )
  await openDataFolder(dataFolder)
  const log = createLogger({ level: 'error' })
  const database = await openProcessDatabase({ settings, dataFolder, log, isShared: false, onRestart: () => undefined })
  try {
    await demandEmptySystem(database.sql)
    // The tables as they were when the backup was made; newer migrations run on the restored rows.
    await migrate(database.sql, ownedSql, new Set(migrations))
    const onProgress = (table: string, done: number, of: number): void => say(`table ${done + 1} of ${of}: ${table}`)
    await restoreDatabase({ url: database.url, folder, dump, onProgress })
    await migrate(database.sql, ownedSql)
    await copyFolders(
      folder,
      dataFolder,
      folders.filter((name) => keptFolders.includes(name)),
    )
    const report = await verifyLocalTrail({ databaseUrl: database.url, dataFolder })
    const rows = dump.tables.reduce((sum, table) => sum + table.rows, 0)
    if (isJson) process.stdout.write(`${JSON.stringify({ rows, backupOf: at, audit: report })}\n`)
    else process.stdout.write(`${rows} rows of ${at} are back in ${dataFolder}.\nAudit trail: ${report.summary}\n`)
    if (!report.ok) process.exitCode = 1
  } finally {
    await database.close()
  }
}
