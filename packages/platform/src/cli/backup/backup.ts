// `xinglin backup`: everything into one folder while the system runs.
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { AppError } from '@xinglin/core/errors'
import manifest from '../../../package.json' with { type: 'json' }
import { type Dump, dumpDatabase } from '../../engines/postgres/index.ts'
import { ownedSql } from '../../services.ts'
import { demandPlace, ownSettings, runningSystem } from '../place.ts'
import { blobFolder, bucketName, bucketOf, copyBucket, warnOfBucket } from './bucket.ts'
import { copyFolders, writeList } from './kept-files.ts'
import { type Elsewhere, writeManifest } from './manifest.ts'
import { modelPlaceOf, warnOfModels } from './models-elsewhere.ts'
import { sayTo } from './say.ts'
import { claimFolder, inWords, leaveFolder } from './target.ts'

// Folders of the data folder that are copied before the rows; blobs and own models are copied after them.
const earlyFolders = ['audit', 'keys']

/** What can be asked of a backup. */
export interface BackupOptions {
  readonly json: boolean
  /** Leaves the images and models of a bucket to the bucket's own versions and copies. */
  readonly withoutBucket: boolean
}

interface Places {
  /** The folder of own models that is copied. */
  readonly models?: string
  /** Where images and models lie. */
  readonly blobs: 'data folder' | 'bucket' | 'left out'
  readonly elsewhere: Elsewhere
}

// What this backup will hold besides the data folder, and, said aloud, what it will not.
async function lookElsewhere(dataFolder: string, { withoutBucket }: BackupOptions): Promise<Places> {
  const settings = ownSettings()
  const running = await runningSystem()
  const named = bucketOf(settings)
  const bucket = named ?? running?.blobsElsewhere
  if (bucket !== undefined && withoutBucket)
    warnOfBucket(bucket, 'They are NOT in this backup: the bucket needs versions or copies of its own.')
  if (bucket !== undefined && named === undefined && !withoutBucket) {
    const where = `Images and models of the running system lie in ${bucketName(bucket)}`
    throw new AppError(
      'invalid-parameter',
      `${where}: give this command the same BLOBS_S3_… settings, or --without-bucket to leave them out`,
    )
  }
  const { path, folder } = modelPlaceOf(settings.inference.repository ?? running?.modelRepository, dataFolder)
  if (folder === undefined)
    warnOfModels(path, 'They are NOT in this backup, because that is not in the data folder: keep a copy of your own.')
  return {
    ...(folder === undefined ? {} : { models: folder }),
    blobs: bucket === undefined ? 'data folder' : withoutBucket ? 'left out' : 'bucket',
    elsewhere: {
      ...(bucket === undefined || !withoutBucket ? {} : { blobsElsewhere: bucket }),
      ...(folder === undefined ? { modelsElsewhere: path } : {}),
    },
  }
}

const warnOfSkipped = (path: string): void =>
  void process.stderr.write(`WARNING: ${path} is a link that leads nowhere or out of its folder: NOT in this backup.\n`)

// Out of the dump itself, so that the list fits the snapshot.
async function readMigrations(folder: string, dump: Dump): Promise<readonly string[]> {
  const table = dump.tables.find((one) => one.schema === 'kernel' && one.table === 'migration')
  if (table === undefined) throw new AppError('unavailable', 'The database holds no Xinglin system')
  const lines = gunzipSync(await readFile(join(folder, table.file)))
    .toString()
    .trim()
    .split('\n')
  const [schemaAt, fileAt] = [table.columns.indexOf('schema'), table.columns.indexOf('file')]
  return lines.map((line) => line.split('\t')).map((cells) => `${cells[schemaAt]}/${cells[fileAt]}`)
}

async function writeBackup(folder: string, options: BackupOptions): Promise<void> {
  const { json: isJson } = options
  const say = sayTo(isJson)
  const startedAt = performance.now()
  const place = await demandPlace()
  const { models, blobs, elsewhere } = await lookElsewhere(place.dataFolder, options)
  await claimFolder(folder)
  const copy = (names: readonly string[]) => copyFolders(place.dataFolder, folder, names, warnOfSkipped)
  // Before the rows: the checkpoints of the audit trail must not be ahead of what is dumped.
  const early = await copy(earlyFolders)
  const schemas = ['kernel', ...ownedSql.map(({ schema }) => schema)]
  const onProgress = (table: string, done: number, of: number): void => say(`table ${done + 1} of ${of}: ${table}`)
  const dump = await dumpDatabase({ url: place.databaseUrl, folder, schemas, onProgress })
  // After the rows: a blob that a row names is there by then.
  const inPlace = new Set([...(blobs === 'data folder' ? [blobFolder] : []), ...(models === undefined ? [] : [models])])
  say(`files of ${[...inPlace].join(', ')}`)
  const late = await copy([...inPlace])
  const ofBucket = blobs === 'bucket' ? await copyBucket(ownSettings(), folder, say) : []
  const files = [...early, ...late, ...ofBucket]
  await writeManifest(folder, {
    ...{ kind: 'xinglin-backup', version: manifest.version, at: new Date().toISOString() },
    migrations: await readMigrations(folder, dump),
    dump,
    folders: [...new Set([...earlyFolders, ...inPlace, ...(ofBucket.length === 0 ? [] : [blobFolder])])],
    ...(models === undefined ? {} : { models }),
    files: await writeList(folder, files),
    ...elsewhere,
  })
  await leaveFolder(folder)
  const rows = dump.tables.reduce((sum, table) => sum + table.rows, 0)
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const told = { folder, tables: dump.tables.length, rows, files: files.length, seconds, ...elsewhere }
  process.stdout.write(
    isJson
      ? `${JSON.stringify(told)}\n`
      : `Backup of ${rows} rows in ${told.tables} tables and ${told.files} files written to ${folder} in ${seconds} s. It holds keys and records: keep it as safe as the system.\n`,
  )
}

/** Writes a backup; the manifest comes last, so a folder without one is no backup. @throws AppError, also of a full disk */
export async function backup(target: string, options: BackupOptions): Promise<void> {
  const folder = resolve(target)
  try {
    await writeBackup(folder, options)
  } catch (error) {
    throw inWords(error, folder)
  }
}
