// The manifest of a backup: written last, so that a folder without one is no backup.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import type { Dump } from '../../engines/postgres/index.ts'
import type { Bucket } from './bucket.ts'
import { isInside } from './inside.ts'
import { flush, type KeptList } from './kept-files.ts'

/** What a backup does not hold, and where that lies. */
export interface Elsewhere {
  /** Images and models, when a bucket has them and was left out. */
  readonly blobsElsewhere?: Bucket
  /** Own models, when their folder is not in the data folder. */
  readonly modelsElsewhere?: string
}

/** What a backup consists of. */
export interface Manifest extends Elsewhere {
  readonly kind: 'xinglin-backup'
  readonly version: string
  readonly at: string
  /** Migrations that the dumped database had, as `schema/file`. */
  readonly migrations: readonly string[]
  readonly dump: Dump
  /** Folders of the data folder. */
  readonly folders: readonly string[]
  /** That of them which holds own models. */
  readonly models?: string
  /** The files of the folders with their sums; backups made before there was a list have none. */
  readonly files?: KeptList
}

const manifestName = 'manifest.json'

/** Writes the manifest durably. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, manifestName)
  await writeFile(path, `${JSON.stringify(manifest, undefined, 1)}\n`, { mode: 0o600 })
  await flush(path)
}

type Json = Readonly<Record<string, unknown>>

// Of the data folder, but not of a backup: rows come back as rows, not as PostgreSQL's files.
const databaseFolder = 'postgres'

const isText = (value: unknown): value is string => typeof value === 'string'
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null
const isList = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isItem)
const isFolder = (value: unknown): boolean => isText(value) && isInside(value) && value.split('/')[0] !== databaseFolder

const isTable = (value: unknown): boolean =>
  isObject(value) &&
  [value['schema'], value['table'], value['sha256'], value['file']].every(isText) &&
  isInside(String(value['file'])) &&
  isList(value['columns'], isText) &&
  typeof value['rows'] === 'number'

const isSequence = (value: unknown): boolean =>
  isObject(value) && [value['schema'], value['name'], value['last']].every(isText)

function isManifest(value: unknown): value is Manifest {
  if (!isObject(value) || value['kind'] !== 'xinglin-backup' || !isText(value['at'])) return false
  const { dump, folders, files, models, migrations } = value
  if (!isObject(dump) || !isList(dump['tables'], isTable) || !isList(dump['sequences'], isSequence)) return false
  const isListed = files === undefined || (isObject(files) && isText(files['sha256']))
  return (
    isListed && isList(migrations, isText) && isList(folders, isFolder) && (models === undefined || isFolder(models))
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // refused as no manifest
  }
}

/** Reads the manifest. @throws AppError when the folder is no backup, or the manifest leads out of it */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, manifestName), 'utf8').catch(() => undefined)
  if (text === undefined)
    throw new AppError('not-found', `${folder} holds no ${manifestName}: it is no complete backup`)
  const read = parsed(text)
  if (isManifest(read)) return read
  throw new AppError('invalid-request', `${join(folder, manifestName)} is not the manifest of a backup`)
}
