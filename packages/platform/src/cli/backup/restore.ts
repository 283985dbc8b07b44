// `xinglin restore`: a backup back into an empty system, all or nothing, then the audit trail is verified.
import { join, resolve } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { openDataFolder } from '../../composition/data-folder.ts'
import { openProcessDatabase } from '../../composition/database.ts'
import { dataFolderOf } from '../../composition/process-settings.ts'
import { restoreDatabase } from '../../engines/postgres/index.ts'
import { createLogger } from '../../kernel/log.ts'
import { migrate } from '../../kernel/migrations.ts'
import type { Sql } from '../../kernel/sql.ts'
import { ownedSql } from '../../services.ts'
import { verifyLocalTrail } from '../local.ts'
import { ownSettings, runningSystem } from '../place.ts'
import { bucketOf, fillBucket, isBlob, warnOfBucket } from './bucket.ts'
import { checkList, copyFolders, copyListed } from './kept-files.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { modelPlaceOf, warnOfModels } from './models-elsewhere.ts'
import { type Say, sayTo } from './say.ts'

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

function tellElsewhere({ blobsElsewhere, modelsElsewhere, models }: Manifest, dataFolder: string): void {
  if (blobsElsewhere !== undefined)
    warnOfBucket(
      blobsElsewhere,
      'They are NOT in this backup: bring the bucket back as it was then, or later, and name it to the system.',
    )
  if (modelsElsewhere !== undefined)
    warnOfModels(modelsElsewhere, 'They are NOT in this backup: bring them back from your copy, and name that folder.')
  if (models === undefined) return
  const { path } = modelPlaceOf(ownSettings().inference.repository, dataFolder)
  const restored = join(dataFolder, models)
  if (path !== restored) warnOfModels(restored, `The system will look for them in ${path}: set MODEL_REPOSITORY.`)
}

// Sums first, so that nothing is written when one does not fit. Blobs go to the bucket of the settings, where they name one,
// wherever they came from; a backup without a list is of a time when they lay in the data folder alone.
async function copierOf(
  folder: string,
  dataFolder: string,
  { files, folders }: Manifest,
  say: Say,
): Promise<() => Promise<void>> {
  if (files === undefined) return async () => void (await copyFolders(folder, dataFolder, folders))
  const listed = await checkList(folder, files, folders)
  const settings = ownSettings()
  if (bucketOf(settings) === undefined) return () => copyListed(folder, dataFolder, listed)
  return async () => {
    await fillBucket(settings, folder, listed.filter(isBlob), say)
    await copyListed(
      folder,
      dataFolder,
      listed.filter((file) => !isBlob(file)),
    )
  }
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
  const manifest = await readManifest(folder)
  const { dump, migrations, at } = manifest
  tellElsewhere(manifest, dataFolder)
  const copyFiles = await copierOf(folder, dataFolder, manifest, say)
  await openDataFolder(dataFolder)
  const log = createLogger({ level: 'error' })
  const database = await openProcessDatabase({ settings, dataFolder, log, isShared: false, onRestart: () => undefined })
  try {
    await demandEmptySystem(database.sql)
    // The tables as they were when the backup was made; newer migrations run on the restored rows.
    await migrate(database.sql, ownedSql, new Set(migrations))
    const onProgress = (table: string, done: number, of: number): void => say(`table ${done + 1} of ${of}: ${table}`)
    await restoreDatabase({ url: database.url, folder, dump, onProgress, beforeCommit: copyFiles })
    await migrate(database.sql, ownedSql)
    const report = await verifyLocalTrail({ databaseUrl: database.url, dataFolder })
    const rows = dump.tables.reduce((sum, table) => sum + table.rows, 0)
    if (isJson) process.stdout.write(`${JSON.stringify({ rows, backupOf: at, audit: report })}\n`)
    else process.stdout.write(`${rows} rows of ${at} are back in ${dataFolder}.\nAudit trail: ${report.summary}\n`)
    if (!report.ok) process.exitCode = 1
  } finally {
    await database.close()
  }
}
