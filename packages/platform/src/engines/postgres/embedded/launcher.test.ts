// The embedded server under bad luck: killed, left behind by a killed server of ours, in odd folders, started twice.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AppError } from '@xinglin/core/errors'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { connectPostgres } from '../connect.ts'
import { startEmbeddedPostgres } from './launcher.ts'

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'xinglin launcher '))
  await chmod(root, 0o755)
})
after(() => rm(root, { recursive: true, force: true }))

const hasCode = (code: string) => (error: unknown) => error instanceof AppError && error.code === code
const start = (dataFolder: string) => startEmbeddedPostgres({ dataFolder, log: silentLogger })
const connect = (url: string) => connectPostgres({ url, poolSize: 2, log: silentLogger })

async function eventually<T>(attempt: () => Promise<T>, limitMs = 10_000): Promise<T> {
  const until = Date.now() + limitMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > until) throw error
      await delay(20)
    }
  }
}

test('keeps data over a restart, in a folder with a space in its name, with files closed to others', async () => {
  const folder = join(root, 'my data')
  const first = await start(folder)
  const sql = connect(first.url)
  await sql.query({ text: 'CREATE TABLE kept AS SELECT 42 AS n' })
  await sql.close()
  await first.stop()
  assert.equal((await stat(join(folder, 'postgres', 'password'))).mode & 0o777, 0o600)
  assert.equal((await stat(first.clusterFolder)).mode & 0o777, 0o700)
  const second = await start(folder)
  const again = connect(second.url)
  assert.deepEqual(await again.query({ text: 'SELECT n FROM kept' }), [{ n: 42 }])
  const settings =
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync','synchronous_commit','data_checksums','listen_addresses','server_encoding') ORDER BY name"
  assert.deepEqual(await again.query({ text: settings }), [
    { name: 'data_checksums', setting: 'on' },
    { name: 'fsync', setting: 'on' },
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'server_encoding', setting: 'UTF8' },
    { name: 'synchronous_commit', setting: 'on' },
  ])
  await again.close()
  await second.stop()
})

test('refuses a wrong password', async () => {
  const server = await start(join(root, 'my data'))
  const sql = connect(server.url.replace(/:[^:@/]+@/, ':wrong@'))
  await assert.rejects(sql.query({ text: 'SELECT 1' }))
  await sql.close()
  await server.stop()
})

test('comes back after kill -9 with all that was committed, and the pool recovers by itself', async () => {
  const server = await start(join(root, 'my data'))
  const sql = connect(server.url)
  await sql.query({ text: 'CREATE TABLE IF NOT EXISTS struck (n int)' })
  for (let round = 1; round <= 3; round++) {
    const { pid } = server
    await sql.query({ text: 'INSERT INTO struck VALUES ($1)', values: [round] })
    server.kill()
    const rows = await eventually(() => {
      if (server.pid === pid) throw new Error('not restarted yet')
      return sql.query({ text: 'SELECT count(*)::int AS n FROM struck' })
    })
    assert.deepEqual(rows, [{ n: round }])
  }
  await sql.close()
  await server.stop()
})

test('a child that is busy when its server is killed does not hold up the restart', async () => {
  const server = await start(join(root, 'my data'))
  const sql = connect(server.url)
  const busy = sql.query({ text: 'SELECT count(*) FROM generate_series(1, 1000000000) a' })
  const refused = assert.rejects(busy, hasCode('unavailable'))
  await delay(100)
  const { pid } = server
  const killedAt = Date.now()
  server.kill()
  await refused
  await eventually(async () => {
    assert.notEqual(server.pid, pid)
    await sql.query({ text: 'SELECT 1' })
  })
  assert.ok(Date.now() - killedAt < 5000)
  await sql.close()
  await server.stop()
})

test('adopts the server that a killed process of ours left behind', async () => {
  const folder = join(root, 'left behind')
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(new URL('./launcher.ts', import.meta.url).href)}
    import { silentLogger } from ${JSON.stringify(new URL('../../../testing/silent-logger.ts', import.meta.url).href)}
    const server = await startEmbeddedPostgres({ dataFolder: ${JSON.stringify(folder)}, log: silentLogger })
    console.log(server.pid)`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [printed] = (await once(child.stdout, 'data')) as [Buffer]
  await assert.rejects(start(folder), hasCode('conflict'))
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
  const server = await start(folder)
  assert.equal(server.pid, Number(String(printed)))
  const { pid } = server
  server.kill()
  const sql = connect(server.url)
  await eventually(async () => {
    assert.notEqual(server.pid, pid)
    await sql.query({ text: 'SELECT 1' })
  })
  await sql.close()
  await server.stop()
  assert.throws(() => process.kill(server.pid, 0))
})

test('is not fooled by a process id that now belongs to another program', async () => {
  const folder = join(root, 'my data')
  await writeFile(join(folder, 'postgres', 'lock.json'), JSON.stringify({ pid: process.ppid, startedAt: '1' }))
  await writeFile(
    join(folder, 'postgres', 'cluster', 'data', 'postmaster.pid'),
    `${process.ppid}\n/else\n1\n5432\n\n\n\nready\n`,
  )
  const server = await start(folder)
  await server.stop()
})

test('a cluster whose creation was cut off is made anew', async () => {
  const folder = join(root, 'cut off')
  const first = await start(folder)
  await first.stop()
  await rm(join(first.clusterFolder, 'data'), { recursive: true })
  await mkdir(join(first.clusterFolder, 'data.new'))
  const second = await start(folder)
  await second.stop()
})

test('a taken port is told with the end of the log', async () => {
  const server = await start(join(root, 'my data'))
  const port = Number(new URL(server.url).port)
  const second = startEmbeddedPostgres({ dataFolder: join(root, 'second'), port, log: silentLogger })
  await assert.rejects(second, (error) => hasCode('unavailable')(error) && /port|address/i.test(String(error)))
  await server.stop()
})

test('a folder last run as another user gets a message that says so', async () => {
  const folder = join(root, 'foreign')
  await mkdir(join(folder, 'postgres'), { recursive: true })
  await writeFile(join(folder, 'postgres', 'place.json'), JSON.stringify({ userId: 4242 }))
  await assert.rejects(start(folder), (error) => hasCode('conflict')(error) && /uid 4242/.test(String(error)))
})

test('under a parent that is closed to others the cluster is kept where PostgreSQL can reach it', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: only root lends PostgreSQL another account')
  const closed = join(root, 'closed')
  await mkdir(closed, { mode: 0o700 })
  const folder = join(closed, 'data')
  const events: string[] = []
  const log = { ...silentLogger, warn: (event: string) => events.push(event) }
  const first = await startEmbeddedPostgres({ dataFolder: folder, log })
  assert.deepEqual(events, ['postgres.data.placed-elsewhere'])
  assert.ok(!first.clusterFolder.startsWith(root))
  assert.equal((await stat(first.clusterFolder)).mode & 0o777, 0o700)
  const record = JSON.parse(await readFile(join(folder, 'postgres', 'place.json'), 'utf8'))
  assert.equal(record.elsewhere, first.clusterFolder)
  await first.stop()
  const second = await start(folder)
  assert.equal(second.clusterFolder, first.clusterFolder)
  await second.stop()
  await rm(first.clusterFolder, { recursive: true })
  await assert.rejects(start(folder), (error) => hasCode('unavailable')(error) && /is gone/.test(String(error)))
})
