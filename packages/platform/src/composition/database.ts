// The database of a process: a given one, the embedded one, or the embedded one of another process of this system.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import { connectPostgres, type OpenDatabase, openDatabase } from '../engines/postgres/index.ts'
import type { Logger } from '../kernel/ports.ts'
import type { ProcessSettings } from './process-settings.ts'

/** What opening takes. */
export interface ProcessDatabaseOptions {
  readonly settings: ProcessSettings
  readonly dataFolder: string
  readonly log: Logger
  /** True when other processes of this system may run on the same data folder. */
  readonly isShared: boolean
  /** Told after each restart of the embedded server that followed a crash. */
  readonly onRestart: (pid: number) => void
}

const fileName = 'database.json'

async function openOwn({ settings, dataFolder, log, onRestart }: ProcessDatabaseOptions): Promise<OpenDatabase> {
  const { databaseUrl, databasePool, databasePort, searchPath } = settings
  const opened = await openDatabase({
    dataFolder,
    log,
    onRestart,
    poolSize: databasePool,
    url: databaseUrl,
    ...(databasePort === undefined ? {} : { port: databasePort }),
    ...(searchPath === undefined ? {} : { searchPath }),
  })
  if (opened.embedded === undefined) return opened
  const file = join(dataFolder, fileName)
  await writeFile(file, JSON.stringify({ url: opened.url }), { mode: 0o600 })
  return {
    ...opened,
    async close() {
      await rm(file, { force: true })
      await opened.close()
    },
  }
}

/**
 * Opens the database of this process.
 * @throws AppError when it cannot be used, or another system runs on the data folder
 */
export async function openProcessDatabase(options: ProcessDatabaseOptions): Promise<OpenDatabase> {
  try {
    return await openOwn(options)
  } catch (error) {
    if (!options.isShared || !(error instanceof AppError) || error.code !== 'conflict') throw error
    const text = await readFile(join(options.dataFolder, fileName), 'utf8').catch(() => undefined)
    if (text === undefined) throw error
    const { url } = JSON.parse(text) as { readonly url: string }
    const sql = connectPostgres({ url, poolSize: options.settings.databasePool, log: options.log })
    return { sql, url, close: () => sql.close() }
  }
}
