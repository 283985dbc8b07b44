// One PostgreSQL cluster on disk: made by initdb once and whole, started with the settings of the house.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@xinglin/core/errors'
import type { Account } from './account.ts'
import type { Place } from './place.ts'

/** The superuser and the database of an embedded cluster. */
export const owner = 'xinglin'

const passwordName = 'password'
const initdbLimitMs = 60_000

/** PGDATA of a place. */
export function dataOf(place: Place): string {
  return join(place.clusterFolder, 'data')
}

/** The account as options of a child process, with an environment of its own. */
export function childOptions(account: Account | undefined): {
  uid?: number
  gid?: number
  env: Record<string, string>
} {
  const env = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' }
  return account === undefined ? { env } : { uid: account.uid, gid: account.gid, env }
}

async function isInitialised(place: Place): Promise<boolean> {
  return readFile(join(dataOf(place), 'PG_VERSION')).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}

async function newPassword(home: string): Promise<string> {
  const password = randomBytes(24).toString('base64url')
  await writeFile(join(home, passwordName), password, { mode: 0o600 })
  return password
}

async function runInitdb(place: Place, target: string, passwordFile: string): Promise<void> {
  const isOld = place.programs.origin === 'system'
  // The builtin provider came with 17; a system's PostgreSQL may be older.
  const locale = isOld ? ['--locale=C.UTF-8'] : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const args = ['-D', target, '-U', owner, '--encoding=UTF8', ...locale, '--data-checksums', '--no-instructions']
  const child = spawn(place.programs.initdb, [...args, '--auth=scram-sha-256', `--pwfile=${passwordFile}`], {
    ...childOptions(place.account),
    cwd: place.clusterFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: initdbLimitMs,
  })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(String(chunk)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0)
    throw new AppError('unavailable', `initdb could not create the database: ${output.join('').slice(-1000)}`)
}

// What cannot be removed yet is removed by the next one who comes here.
async function removeUnfinished(place: Place): Promise<void> {
  const names = (await readdir(place.clusterFolder)).filter((name) => /^data\..*new$/.test(name))
  for (const name of names)
    await rm(join(place.clusterFolder, name), { recursive: true, force: true }).catch(() => undefined)
}

/** Creates the cluster unless it is there; a creation that was cut off is begun anew. */
export async function ensureCluster(place: Place): Promise<{ readonly password: string; readonly isNew: boolean }> {
  if (await isInitialised(place)) {
    return { password: await readFile(join(place.home, passwordName), 'utf8'), isNew: false }
  }
  const password = await newPassword(place.home)
  const passwordFile = join(place.clusterFolder, 'password')
  await removeUnfinished(place)
  // An initdb whose starter was killed may still be writing: it must not write into ours.
  const fresh = join(place.clusterFolder, `data.${randomBytes(4).toString('hex')}.new`)
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (place.account !== undefined) await chown(passwordFile, place.account.uid, place.account.gid)
  try {
    await runInitdb(place, fresh, passwordFile)
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(fresh, dataOf(place))
  await syncFolder(place.clusterFolder)
  return { password, isNew: true }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

// Small memory, speedy writes, a restart within seconds, and a log without statements or values (they hold PHI).
const houseSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '160', // several processes share it, each with a pool of its own
  shared_buffers: '96MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  huge_pages: 'off',
  jit: 'off',
  random_page_cost: '1.1',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_compression: 'pglz',
  wal_buffers: '16MB',
  // More would write a little less, but the replay after a kill would exceed five seconds (measured: 5.3 s with 2GB, 3.1 s with 1GB).
  max_wal_size: '1GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '5min',
  max_wal_senders: '2',
  autovacuum_naptime: '15s',
  client_connection_check_interval: '2s',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
}

/** The command line of the server. */
export function serverArguments(
  place: Place,
  port: number,
  settings: Readonly<Record<string, string>>,
): readonly string[] {
  const all = Object.entries({ ...houseSettings, ...settings, port: String(port) })
  return ['-D', dataOf(place), ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}
