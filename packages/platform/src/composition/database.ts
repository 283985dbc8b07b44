// The database of a process: a given one, the embedded one, or the embedded one of another process of this system.
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { connectPostgres, FolderHeld, type OpenDatabase, openDatabase } from '../engines/postgres/index.ts'
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
  /** How long the embedded server of another process may take until it can be used; default 60 s. */
  readonly waitMs?: number
}

/** What the process with the embedded server tells the others. */
interface Told {
  readonly url: string
  readonly pid: number
}

const fileName = 'database.json'
const usualWaitMs = 60_000
const lookEveryMs = 100

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
  const told: Told = { url: opened.url, pid: process.pid }
  await writeFile(`${file}.new`, JSON.stringify(told), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return {
    ...opened,
    async close() {
      await rm(file, { force: true })
      await opened.close()
    },
  }
}

// The database of the process that holds the folder, as soon as it can be used.
async function joinOther({ settings, dataFolder, log }: ProcessDatabaseOptions, { holder }: FolderHeld) {
  const text = await readFile(join(dataFolder, fileName), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const { url, pid } = JSON.parse(text) as Told
  if (pid !== holder.pid) return undefined // left by one before that was killed
  const sql = connectPostgres({ url, poolSize: settings.databasePool, log })
  try {
    await sql.query({ text: 'SELECT 1' })
    return { sql, url, close: () => sql.close() }
  } catch {
    await sql.close()
    return undefined
  }
}

// Whoever comes first starts the server. When that one is killed meanwhile, its lock is free, and the next one starts it.
async function openShared(options: ProcessDatabaseOptions): Promise<OpenDatabase> {
  const { dataFolder, log, waitMs = usualWaitMs } = options
  const until = performance.now() + waitMs
  for (let holderPid: number | undefined; ; await delay(lookEveryMs)) {
    const opened = await openOwn(options).catch((error: unknown) => {
      if (error instanceof FolderHeld) return error
      throw error
    })
    if (!(opened instanceof FolderHeld)) return opened
    const joined = await joinOther(options, opened)
    if (joined !== undefined) return joined
    const { pid } = opened.holder
    if (pid !== holderPid) log.info('database.waiting', { holderPid: pid, dataFolder, limitMs: waitMs })
    holderPid = pid
    if (performance.now() < until) continue
    const words = `Process ${pid} holds ${dataFolder} and has not opened its database for ${waitMs / 1000} s: see its log, or stop it and start again`
    throw new AppError('unavailable', words, { cause: opened })
  }
}

/**
 * Opens the database of this process; of several that start on one folder at once, the later ones wait for the first.
 * @throws AppError when it cannot be used, or another system runs on the data folder
 */
export function openProcessDatabase(options: ProcessDatabaseOptions): Promise<OpenDatabase> {
  return options.isShared ? openShared(options) : openOwn(options)
}
