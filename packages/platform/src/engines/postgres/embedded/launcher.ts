// Starts and supervises our own PostgreSQL on a data folder: made once, adopted after a crash of ours, restarted after one of its own.
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from '../../../kernel/ports.ts'
import { postgresAccount } from './account.ts'
import { ensureCluster, owner } from './cluster.ts'
import { takeLock } from './lock.ts'
import { choosePlace, openHome, type Place } from './place.ts'
import { choosePort, rememberPort } from './port.ts'
import { completePrograms, findPrograms } from './programs.ts'
import { adoptServer, type ServerProcess, startServer, stopServer } from './server-process.ts'

/** Options of {@link startEmbeddedPostgres}. */
export interface EmbeddedPostgresOptions {
  readonly dataFolder: string
  /** TCP port on the loopback; default is that of the last run, else a free one. */
  readonly port?: number
  readonly log: Logger
  /** Settings of PostgreSQL over those of the house, e.g. `{ synchronous_commit: 'off' }` to prove that a checker sees it. */
  readonly settings?: Readonly<Record<string, string>>
  /** PATH of the system, searched for a PostgreSQL when none came with the packages. */
  readonly searchPath?: string
  /** Told after each restart that followed a crash. */
  readonly onRestart?: (pid: number) => void
}

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** Connection URL with password; the same over restarts. */
  readonly url: string
  /** Process id now; changes with a restart after a crash. */
  readonly pid: number
  readonly dataFolder: string
  /** Where the cluster really lies (PGDATA's parent). */
  readonly clusterFolder: string
  /** Stops it cleanly and ends the supervision. */
  stop(): Promise<void>
  /** Sends SIGKILL to the server and leaves the rest to the supervision: for proofs. */
  kill(): void
}

interface Run {
  server: ServerProcess
  isStopping: boolean
  readonly wake: AbortController
}

const firstBackOffMs = 20
const maxBackOffMs = 5000
const stableAfterMs = 30_000

// The server that was left behind, if it is as wanted; one that is not is stopped.
async function adopt(place: Place, options: EmbeddedPostgresOptions): Promise<ServerProcess | undefined> {
  const left = await adoptServer(place)
  if (left === undefined) return undefined
  const hasOwnSettings = Object.keys(options.settings ?? {}).length > 0
  const fits = (options.port === undefined || options.port === left.port) && !hasOwnSettings
  if (!fits) await stopServer(left)
  else options.log.info('postgres.adopted', { pid: left.pid, port: left.port })
  return fits ? left : undefined
}

async function startOrAdopt(place: Place, options: EmbeddedPostgresOptions): Promise<ServerProcess> {
  const start = async (): Promise<ServerProcess> =>
    startServer(place, await choosePort(place.home, options.port), options.settings ?? {})
  try {
    return (await adopt(place, options)) ?? (await start())
  } catch (error) {
    // One whose starter was killed a moment ago may have come while ours was starting.
    const late = await adopt(place, options)
    if (late === undefined) throw error
    return late
  }
}

async function prepareDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url.replace(/\/[^/]*$/, '/postgres') })
  client.on('error', () => undefined)
  await client.connect()
  const { rowCount } = await client.query({ text: 'SELECT 1 FROM pg_database WHERE datname = $1', values: [owner] })
  if (rowCount === 0) await client.query(`CREATE DATABASE ${owner}`)
  await client.end()
}

async function supervise(run: Run, place: Place, options: EmbeddedPostgresOptions): Promise<void> {
  const { log } = options
  let backOffMs = firstBackOffMs
  while (!run.isStopping) {
    const since = Date.now()
    await run.server.ended
    if (run.isStopping) return
    log.error('postgres.ended', { pid: run.server.pid })
    if (Date.now() - since > stableAfterMs) backOffMs = firstBackOffMs
    backOffMs = await restart(run, place, options, backOffMs)
  }
}

// Right after a kill the old children may still hold the shared memory, so the first attempts may fail.
async function restart(run: Run, place: Place, options: EmbeddedPostgresOptions, firstMs: number): Promise<number> {
  let backOffMs = firstMs
  const { port } = run.server
  while (!run.isStopping) {
    await delay(backOffMs, undefined, { signal: run.wake.signal }).catch(() => undefined)
    backOffMs = Math.min(backOffMs * 2, maxBackOffMs)
    if (run.isStopping) break
    try {
      await completePrograms(place.programs) // an installation in between takes the library links away
      run.server = await startServer(place, port, options.settings ?? {})
      options.log.info('postgres.restarted', { pid: run.server.pid, port })
      options.onRestart?.(run.server.pid)
      break
    } catch (error) {
      options.log.warn('postgres.restart.failed', { error, retryInMs: backOffMs })
    }
  }
  return backOffMs
}

/**
 * Starts PostgreSQL on a data folder, with everything that takes: programs made runnable, an account that is not root,
 * a place that this account reaches, a cluster made on the first run, a password, and restarts after a crash.
 * @throws FolderHeld when another server runs on the folder
 * @throws AppError when another user owns it, or PostgreSQL cannot start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, dataFolder } = options
  const [programs, account] = await Promise.all([findPrograms(options.searchPath), postgresAccount()])
  const home = await openHome(dataFolder, account)
  const unlock = await takeLock(home)
  try {
    const place = await choosePlace(home, account, programs, log)
    const { password, isNew } = await ensureCluster(place)
    const run: Run = { server: await startOrAdopt(place, options), isStopping: false, wake: new AbortController() }
    const url = `postgres://${owner}:${password}@127.0.0.1:${run.server.port}/${owner}`
    await Promise.all([prepareDatabase(url), rememberPort(place.home, run.server.port)]).catch(
      async (error: unknown) => {
        await stopServer(run.server)
        throw error
      },
    )
    log.info('postgres.started', { pid: run.server.pid, port: run.server.port, isNew, folder: place.clusterFolder })
    const supervision = supervise(run, place, options)
    return {
      url,
      dataFolder,
      clusterFolder: place.clusterFolder,
      get pid() {
        return run.server.pid
      },
      async stop() {
        run.isStopping = true
        run.wake.abort()
        await stopServer(run.server)
        await supervision
        if (run.server) await stopServer(run.server) // a restart may have been under way
        await unlock()
      },
      kill() {
        process.kill(run.server.pid, 'SIGKILL')
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}
