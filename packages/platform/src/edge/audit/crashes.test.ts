// kill -9 at any moment, a restore into another cluster, and a long trail: what was recorded is there, and the proof holds.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectPostgres, startEmbeddedPostgres } from '../../engines/postgres/index.ts'
import { migrate } from '../../kernel/migrations.ts'
import type { Sql } from '../../kernel/sql.ts'
import { databaseOnOwnServer } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { audit } from './index.ts'
import { readOf, trailUnderTest } from './under-test/trail.ts'

const moduleAt = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

// Eight clients record as fast as they can and say what was acknowledged, beside a sealer that signs as often as it can.
const victim = (url: string, folder: string, round: number): string => `
  const { connectPostgres } = await import(${moduleAt('../../engines/postgres/index.ts')})
  const { silentLogger } = await import(${moduleAt('../../testing/silent-logger.ts')})
  const { readOf, trailUnderTest } = await import(${moduleAt('./under-test/trail.ts')})
  const sql = connectPostgres({ url: ${JSON.stringify(url)}, poolSize: 4, log: silentLogger })
  const subject = await trailUnderTest(sql, silentLogger, {
    folder: ${JSON.stringify(folder)}, holder: 'victim ${round}', everyMs: 1, perPass: 20,
  })
  await sql.query({ text: "UPDATE audit.state SET lease_until = '-infinity'" })
  subject.sealer.start()
  for (let client = 0; client < 8; client++) void (async () => {
    for (let at = 0; ; at++) {
      const patient = 'p-${round}-' + client + '-' + at
      await subject.trail.record(readOf(patient))
      process.stdout.write(patient + '\\n')
    }
  })()`

function killAfter(child: ChildProcess, acknowledgements: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += String(chunk)
      if (text.length > acknowledgements * 9) child.kill('SIGKILL')
    })
    child.once('error', reject)
    child.once('close', () => resolve(text.split('\n').slice(0, -1)))
  })
}

test('kill -9 of the process that records and seals loses no acknowledged event and breaks no proof', async () => {
  const database = await databaseOnOwnServer([audit.sql])
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-audit-'))
  const acknowledged: string[] = []
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', victim(database.url, folder, round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    acknowledged.push(...(await killAfter(child, 40 + round * 90)))
    const heir = await trailUnderTest(database.sql, silentLogger, { folder, holder: `heir ${round}` })
    const report = await heir.verify()
    assert.deepEqual(report.faults, [], report.summary)
  }
  const rows = await database.sql.query<{ patient: string }>({
    text: "SELECT payload::json #>> '{patients,0}' AS patient FROM audit.event",
  })
  const stored = new Set(rows.map(({ patient }) => patient))
  assert.deepEqual(
    acknowledged.filter((patient) => !stored.has(patient)),
    [],
  )
  assert.ok(acknowledged.length > 500)
  await database.sql.query({ text: "UPDATE audit.state SET lease_until = '-infinity'" })
  const last = await trailUnderTest(database.sql, silentLogger, { folder, holder: 'last' })
  await last.sealer.sealNow()
  const report = await last.verify()
  assert.deepEqual([report.faults, report.warnings, report.unsealed.count], [[], [], 0])
  assert.equal(report.sealed, stored.size)
  await database.close()
  await rm(folder, { recursive: true })
})

const tables = ['audit.event', 'audit.seal', 'audit.checkpoint', 'audit.state']

/** Copies the rows as a dump and restore do: all columns as they are, identities going on behind them. */
async function copyTrail(from: Sql, to: Sql): Promise<void> {
  await to.query({ text: 'DELETE FROM audit.state' })
  for (const table of tables) {
    const rows = await from.query<{ row: string }>({ text: `SELECT row_to_json(t)::text AS row FROM ${table} t` })
    await to.query({
      text: `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::${table}, $1::json)`,
      values: [`[${rows.map(({ row }) => row).join(',')}]`],
    })
  }
  await to.query({
    text: "SELECT setval(pg_get_serial_sequence('audit.event', 'id'), (SELECT max(id) FROM audit.event))",
  })
}

test('a backup restored into a new cluster, where transaction ids begin anew, verifies and is sealed on', async () => {
  const database = await databaseOnOwnServer([audit.sql])
  const subject = await trailUnderTest(database.sql, silentLogger)
  for (let at = 0; at < 3000; at++) await database.sql.query({ text: 'SELECT pg_current_xact_id()' })
  await subject.readAll(['a', 'b', 'c'])
  await subject.sealer.sealNow()
  await subject.readAll(['not sealed yet'])

  const place = await mkdtemp(join(tmpdir(), 'xinglin-restored-'))
  await cp(subject.folder, join(place, 'audit'), { recursive: true })
  const server = await startEmbeddedPostgres({ dataFolder: place, log: silentLogger, settings: { fsync: 'off' } })
  const sql = connectPostgres({ url: server.url, poolSize: 4, log: silentLogger })
  try {
    await migrate(sql, [audit.sql])
    await copyTrail(database.sql, sql)
    const [ids] = await sql.query<{ isFuture: boolean }>({
      text: 'SELECT max(txid) > pg_snapshot_xmax(pg_current_snapshot()) AS "isFuture" FROM audit.event',
    })
    assert.equal(ids?.isFuture, true)
    const restored = await trailUnderTest(sql, silentLogger, {
      folder: join(place, 'audit'),
      holder: 'in the new cluster',
    })
    const before = await restored.verify()
    assert.deepEqual([before.faults, before.warnings, before.sealed], [[], [], 3])
    await sql.query({ text: "UPDATE audit.state SET lease_until = '-infinity'" })
    await restored.readAll(['new', 'newer'])
    assert.equal(await restored.sealer.sealNow(), 3)
    const report = await restored.verify()
    assert.deepEqual([report.faults, report.warnings, report.sealed, report.unsealed.count], [[], [], 6, 0])
  } finally {
    await sql.close()
    await server.stop()
    await subject.close()
    await database.close()
    await rm(place, { recursive: true, force: true })
  }
})

test('a trail of 20,000 events is verified page by page within seconds', async () => {
  const database = await databaseOnOwnServer([audit.sql])
  const subject = await trailUnderTest(database.sql, silentLogger)
  for (let page = 0; page < 20; page++) {
    const entries = Array.from({ length: 1000 }, (_, at) => readOf(`p-${page}-${at}`))
    await database.sql.transaction((tx) => subject.trail.append(tx, entries))
  }
  assert.equal(await subject.sealer.sealNow(), 20_000)
  const startedAt = performance.now()
  const report = await subject.verify()
  assert.deepEqual([report.faults, report.sealed], [[], 20_000])
  assert.ok(performance.now() - startedAt < 20_000) // a second on an idle machine
  await subject.close()
  await database.close()
})
