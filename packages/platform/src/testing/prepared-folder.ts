// A database that is there already: of the systems and servers that a run of all tests starts, few are about the first start.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPostgres, findPrograms, startEmbeddedPostgres } from '../engines/postgres/index.ts'
import { processEnvironment } from '../kernel/config.ts'
import { migrate } from '../kernel/migrations.ts'
import type { OwnedSql } from '../kernel/sql.ts'
import { silentLogger } from './silent-logger.ts'

/** Environment variable with the folder that {@link prepareFolder} copies from; without it each first start is one. */
export const preparedFolderVariable = 'XINGLIN_TEST_FOLDER'

const isRoot = process.getuid?.() === 0

async function run(program: string, args: readonly string[], options: object, input?: string): Promise<void> {
  const child = spawn(program, args, { ...options, stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'] })
  const words: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => words.push(String(chunk)))
  child.stdin?.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${words.join('').slice(-1000)}`)
}

// Each database that a test creates begins as a copy of template1: the extensions of all of them are loaded once.
async function extendTemplate(serverUrl: string): Promise<void> {
  const url = serverUrl.replace(/\/[^/]*$/, '/template1')
  const sql = connectPostgres({ url, poolSize: 1, log: silentLogger })
  for (const name of ['pg_trgm', 'btree_gin']) await sql.query({ text: `CREATE EXTENSION IF NOT EXISTS ${name}` })
  await sql.close()
}

/**
 * Makes a cluster with all migrations, at rest, for others to begin with.
 * @returns its data folder; undefined where its files do not lie in that folder, or cannot be copied with their owners
 */
export async function makePreparedFolder(owned: readonly OwnedSql[]): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-prepared-'))
  const settings = { fsync: 'off', full_page_writes: 'off', min_wal_size: '32MB' }
  const server = await startEmbeddedPostgres({ dataFolder: folder, log: silentLogger, settings })
  const sql = connectPostgres({ url: server.url, poolSize: 1, log: silentLogger })
  await migrate(sql, owned)
  await sql.close()
  await extendTemplate(server.url)
  await server.stop()
  if (existsSync(join(folder, 'postgres', 'cluster', 'data', 'PG_VERSION'))) return folder
  await rm(folder, { recursive: true, force: true })
  return undefined
}

// Each copy has a password of its own, as each cluster has.
async function renewPassword(home: string): Promise<void> {
  const { postgres } = await findPrograms()
  const data = join(home, 'cluster', 'data')
  const { uid, gid } = await stat(data)
  const account = isRoot ? { uid, gid } : {}
  const password = randomBytes(24).toString('base64url')
  const args = ['--single', '-F', '-c', 'shared_buffers=1MB', '-D', data, 'postgres']
  const options = { ...account, cwd: data, env: { LC_ALL: 'C', TZ: 'UTC' } }
  await run(postgres, args, options, `ALTER ROLE xinglin PASSWORD '${password}'\n`)
  await writeFile(join(home, 'password'), password, { mode: 0o600 })
}

/**
 * Puts a database with all migrations into a data folder, which is made where it is missing: a copy with a password of its
 * own, on no port yet. Does nothing where no run of all tests prepared one, so a test file by itself makes the first start.
 */
export async function prepareFolder(folder: string): Promise<void> {
  const prepared = processEnvironment()[preparedFolderVariable]
  if (prepared === undefined) return
  const home = join(folder, 'postgres')
  await mkdir(home, { recursive: true })
  // The account that runs PostgreSQL must pass, as at any start.
  if (isRoot) for (const path of [folder, home]) await chmod(path, 0o711)
  for (const name of ['place.json', 'cluster']) await run('cp', ['-a', join(prepared, 'postgres', name), home], {})
  await renewPassword(home)
}
