// Processes that start at once on one new data folder: the first starts PostgreSQL, the others wait for it, whatever becomes of it.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { type OpenDatabase, ownIdentity } from '../engines/postgres/index.ts'
import { readSettings } from '../kernel/config.ts'
import { silentLogger } from '../testing/silent-logger.ts'
import { openProcessDatabase, type ProcessDatabaseOptions } from './database.ts'
import { systemKeys } from './keys.ts'
import { processSettings } from './process-settings.ts'

const settings = readSettings({ process: processSettings }, {}).process

async function newFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-at-once-'))
  await chmod(folder, 0o755)
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const open = (dataFolder: string, more: Partial<ProcessDatabaseOptions> = {}): Promise<OpenDatabase> =>
  openProcessDatabase({
    ...{ settings, dataFolder, log: silentLogger, isShared: true, onRestart: () => undefined },
    ...more,
  })

const systemOf = async ({ sql }: OpenDatabase): Promise<unknown> =>
  (await sql.query({ text: 'SELECT system_identifier::text FROM pg_control_system()' }))[0]

test('three that start at once share the server that one of them starts', async (context) => {
  const folder = await newFolder(context)
  const events: string[] = []
  const log = { ...silentLogger, info: (event: string) => void events.push(event) }
  const all = await Promise.all([open(folder, { log }), open(folder, { log }), open(folder, { log })])
  assert.equal(all.filter(({ embedded }) => embedded !== undefined).length, 1)
  assert.equal(events.filter((event) => event === 'database.waiting').length, 2)
  await assert.rejects(open(folder, { isShared: false }), { code: 'conflict' }) // a whole system shares with nobody
  assert.equal(new Set((await Promise.all(all.map(systemOf))).map((one) => JSON.stringify(one))).size, 1)
  for (const one of all.toSorted((a, b) => Number(a.embedded !== undefined) - Number(b.embedded !== undefined)))
    await one.close()
})

test('all that start at once have the same keys', async (context) => {
  const folder = await newFolder(context)
  const made = await Promise.all(Array.from({ length: 8 }, () => systemKeys(folder, undefined)))
  assert.equal(new Set(made.map(({ registry }) => registry)).size, 1)
  assert.deepEqual(await systemKeys(folder, undefined), made[0])
})

const program = (folder: string): string => `
  import { startEmbeddedPostgres } from ${JSON.stringify(new URL('../engines/postgres/index.ts', import.meta.url).href)}
  import { silentLogger } from ${JSON.stringify(new URL('../testing/silent-logger.ts', import.meta.url).href)}
  await startEmbeddedPostgres({ dataFolder: ${JSON.stringify(folder)}, log: silentLogger })
  process.stdin.resume()`

function startFirst(folder: string): ChildProcess {
  const args = ['--input-type=module-typescript', '--eval', program(folder)]
  return spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['pipe', 'inherit', 'inherit'] })
}

async function untilThere(folder: string, path: RegExp): Promise<void> {
  for (let left = 3000; left > 0; left -= 1) {
    const names = await readdir(join(folder, 'postgres'), { recursive: true }).catch(() => [])
    if (names.some((name) => path.test(name))) return
    await pause(10)
  }
  throw new Error(`${path} did not come`)
}

const moments = {
  'when it has the folder': /^lock-1\.json$/,
  'while it makes the database': /^cluster\/data\.\w+\.new\/base$/,
  'while its server starts': /^cluster\/data\/postmaster\.pid$/,
} as const

for (const [moment, path] of Object.entries(moments)) {
  test(`a first one that is killed ${moment} is followed by the one that waits`, async (context) => {
    const folder = await newFolder(context)
    const first = startFirst(folder)
    context.after(() => first.kill('SIGKILL'))
    await untilThere(folder, path)
    const second = open(folder)
    const ended = once(first, 'exit')
    first.kill('SIGKILL')
    await ended
    const { sql, embedded, close } = await second
    assert.ok(embedded !== undefined)
    await sql.query({ text: 'CREATE TABLE kept AS SELECT 42 AS n' })
    await close()
    const again = await open(folder)
    assert.deepEqual(await again.sql.query({ text: 'SELECT n FROM kept' }), [{ n: 42 }])
    await again.close()
  })
}

test('a first one that never opens its database is named when the time is over', async (context) => {
  const folder = await newFolder(context)
  await mkdir(join(folder, 'postgres'))
  await writeFile(join(folder, 'postgres', 'lock-1.json'), JSON.stringify(await ownIdentity()))
  // What one before has left leads nowhere.
  await writeFile(
    join(folder, 'database.json'),
    JSON.stringify({ url: 'postgres://x:y@127.0.0.1:1/z', pid: process.pid }),
  )
  await assert.rejects(open(folder, { waitMs: 300 }), (error: unknown) => {
    assert.ok(error instanceof AppError && error.code === 'unavailable')
    assert.match(error.message, new RegExp(`Process ${process.pid} holds .* for 0.3 s`))
    return true
  })
})
