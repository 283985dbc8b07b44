// The sealer: order of transactions, one sealer at a time, restarts, and a trail restored into another cluster.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Sql } from '../../../kernel/sql.ts'
import { databaseOnOwnServer, type TestDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { audit } from '../index.ts'
import { readOf, type TrailUnderTest, trailUnderTest } from '../under-test/trail.ts'

const shared: { database?: TestDatabase; subject?: TrailUnderTest } = {}

function sql(): Sql {
  assert.ok(shared.database)
  return shared.database.sql
}

function subject(): TrailUnderTest {
  assert.ok(shared.subject)
  return shared.subject
}

// The cluster stays up for the whole file; each test has a database of its own.
const keeper: { database?: TestDatabase } = {}

before(async () => {
  keeper.database = await databaseOnOwnServer()
})

after(async () => {
  await keeper.database?.close()
})

beforeEach(async () => {
  const database = await databaseOnOwnServer([audit.sql])
  Object.assign(shared, { database, subject: await trailUnderTest(database.sql, silentLogger) })
})

afterEach(async () => {
  await subject().close()
  await shared.database?.close()
})

async function sealedPatients(): Promise<readonly (string | undefined)[]> {
  const rows = await sql().query<{ patient: string }>({
    text: `SELECT payload::json #>> '{patients,0}' AS patient FROM audit.seal s JOIN audit.event e ON e.id = s.event_id ORDER BY seq`,
  })
  return rows.map(({ patient }) => patient)
}

/** An open transaction that has written an event. */
async function openWriter(patient: string): Promise<{ commit(): Promise<void>; undo(): Promise<void> }> {
  const written = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const done = sql().transaction(async (tx) => {
    await subject().trail.append(tx, [readOf(patient)])
    written.resolve()
    await end.promise
  })
  await written.promise
  return {
    commit: () => {
      end.resolve()
      return done
    },
    undo: () => {
      end.reject(new Error('undo'))
      return done.catch(() => undefined)
    },
  }
}

test('events are sealed in the order of their transactions, none before all earlier ones are decided', async () => {
  const { trail, sealer } = subject()
  await trail.record(readOf('first'))
  const slow = await openWriter('slow')
  await trail.record(readOf('quick'))
  assert.equal(await sealer.sealNow(), 1)
  assert.deepEqual(await sealedPatients(), ['first'])
  await slow.commit()
  assert.equal(await sealer.sealNow(), 2)
  assert.deepEqual(await sealedPatients(), ['first', 'slow', 'quick'])
})

test('an event of a transaction that was rolled back leaves no gap', async () => {
  const { trail, sealer, verify } = subject()
  const lost = await openWriter('lost')
  await trail.record(readOf('kept'))
  await lost.undo()
  await sealer.sealNow()
  assert.deepEqual(await sealedPatients(), ['kept'])
  const report = await verify()
  assert.ok(report.ok, report.summary)
})

test('the unsealed tail is counted with its oldest event', async () => {
  const { trail, sealer, verify } = subject()
  await trail.record(readOf('sealed'))
  await sealer.sealNow()
  const before = new Date().toISOString()
  await subject().readAll(['a', 'b', 'c'])
  const report = await verify()
  assert.ok(report.ok, report.summary)
  assert.equal(report.unsealed.count, 3)
  assert.ok(String(report.unsealed.oldest) >= before)
  assert.match(report.summary, /3 events not sealed yet/)
})

test('pages of any size give the same chain', async () => {
  await subject().readAll(Array.from({ length: 30 }, (_, at) => `p-${at}`))
  const small = await trailUnderTest(sql(), silentLogger, { folder: subject().folder, perPass: 7, holder: 'small' })
  assert.equal(await small.sealer.sealNow(), 30)
  const report = await subject().verify()
  assert.ok(report.ok, report.summary)
  assert.equal(report.sealed, 30)
})

test('only the holder of the lease seals; when it gives up, another one goes on', async () => {
  const other = await trailUnderTest(sql(), silentLogger, { folder: subject().folder, holder: 'another sealer' })
  await subject().readAll(['a'])
  assert.equal(await subject().sealer.sealNow(), 1)
  await subject().readAll(['b'])
  assert.equal(await other.sealer.sealNow(), 0)
  await sql().query({ text: "UPDATE audit.state SET lease_until = now() - interval '1 second'" })
  assert.equal(await other.sealer.sealNow(), 1)
  assert.deepEqual(await sealedPatients(), ['a', 'b'])
})

test('four sealers and eight writers at once: every event is sealed exactly once, and the proof holds', async () => {
  const sealers = await Promise.all(
    Array.from({ length: 4 }, (_, at) =>
      trailUnderTest(sql(), silentLogger, {
        folder: subject().folder,
        holder: `sealer ${at}`,
        everyMs: 5,
        perPass: 50,
      }),
    ),
  )
  // They take the work from each other as fast as they can.
  const robber = setInterval(() => {
    sql()
      .query({ text: "UPDATE audit.state SET lease_until = '-infinity'" })
      .catch(() => undefined)
  }, 7)
  for (const { sealer } of sealers) sealer.start()
  await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      for (let at = 0; at < 100; at++) {
        const entry = readOf(`p-${writer}-${at}`)
        if (at % 10 === 0) await sql().transaction((tx) => subject().trail.append(tx, [entry, entry]))
        else await subject().trail.record(entry)
      }
    }),
  )
  const writtenAt = performance.now()
  for (let left = 1; left > 0; ) {
    left = (await subject().verify()).unsealed.count
    assert.ok(performance.now() - writtenAt < 5000, 'sealing took too long')
  }
  clearInterval(robber)
  for (const { sealer } of sealers) await sealer.close()
  const report = await subject().verify()
  assert.deepEqual(report.faults, [])
  assert.deepEqual(report.warnings, [])
  assert.equal(report.sealed, 8 * 110)
  assert.equal(report.afterLastCheckpoint, 0)
})

test('verification while events are written and sealed gives no false alarm', async () => {
  const { sealer, trail, verify } = subject()
  sealer.start()
  const isDone = { value: false }
  const writing = Array.from({ length: 4 }, async () => {
    for (let at = 0; at < 1000 && !isDone.value; at++) await trail.record(readOf('busy'))
  })
  for (let round = 0; round < 12; round++) {
    const report = await verify()
    assert.deepEqual([report.faults, report.warnings.filter((text) => !/No checkpoint/.test(text))], [[], []])
  }
  isDone.value = true
  await Promise.all(writing)
})

/** Moves a trail into the state that a restore into a younger cluster leaves: its transaction ids lie in the future. */
async function asRestoredElsewhere(distance: number): Promise<void> {
  await sql().query({
    text: `UPDATE audit.event SET txid = (txid::text::bigint + $1)::text::xid8`,
    values: [distance],
  })
  await sql().query({
    text: `UPDATE audit.state SET cluster = '1', holder = NULL, after_txid = (after_txid::text::bigint + $1)::text::xid8`,
    values: [distance],
  })
}

test('a trail restored into a younger cluster verifies and goes on: old events first, none twice, none for ever unsealed', async () => {
  await subject().readAll(['a', 'b', 'c'])
  await subject().sealer.sealNow()
  await subject().readAll(['unsealed'])
  await asRestoredElsewhere(1_000_000)
  const restored = await subject().verify()
  assert.ok(restored.ok, restored.summary)
  assert.equal(restored.unsealed.count, 1)
  const next = await trailUnderTest(sql(), silentLogger, { folder: subject().folder, holder: 'after the restore' })
  await next.readAll(['new'])
  assert.equal(await next.sealer.sealNow(), 2)
  assert.deepEqual((await sealedPatients()).slice(0, 3), ['a', 'b', 'c'])
  assert.deepEqual((await sealedPatients()).slice(3).toSorted(), ['new', 'unsealed'])
  const report = await subject().verify()
  assert.deepEqual(report.faults, [])
  assert.equal(report.unsealed.count, 0)
})

test('transaction ids that come by again after a restore do no harm', async () => {
  await subject().readAll(Array.from({ length: 20 }, (_, at) => `old-${at}`))
  await subject().sealer.sealNow()
  await asRestoredElsewhere(25) // just ahead
  const next = await trailUnderTest(sql(), silentLogger, { folder: subject().folder, holder: 'after the restore' })
  for (let at = 0; at < 80; at++) {
    await next.readAll([`new-${at}`])
    if (at % 3 === 0) await next.sealer.sealNow()
  }
  await next.sealer.sealNow()
  const report = await subject().verify()
  assert.deepEqual(report.faults, [])
  assert.equal(report.sealed, 100)
  assert.equal(report.unsealed.count, 0)
})

test('a database restored without its newer checkpoints is called rolled back; nothing is appended to hide it', async () => {
  await subject().readAll(['a', 'b', 'c', 'd'])
  await subject().sealer.sealNow()
  const other = await databaseOnOwnServer([audit.sql])
  try {
    const [{ trail } = { trail: '' }] = await sql().query<{ trail: string }>({ text: 'SELECT trail FROM audit.state' })
    await other.sql.query({ text: 'UPDATE audit.state SET trail = $1', values: [trail] })
    const older = await trailUnderTest(other.sql, silentLogger, { folder: subject().folder })
    await older.readAll(['a', 'b'])
    await older.sealer.sealNow()
    assert.equal(older.sealer.isRolledBack(), true)
    const report = await older.verify()
    assert.equal(report.faults[0]?.kind, 'truncated')
    await older.readAll(['x', 'y', 'z'])
    await older.sealer.sealNow()
    assert.equal((await older.verify()).faults[0]?.kind, 'rewritten')
  } finally {
    await other.close()
  }
})

test('a file that was copied before the database is completed at the next start', async () => {
  const { folder, readAll, sealer } = subject()
  const copy = await mkdtemp(join(tmpdir(), 'xinglin-audit-'))
  await readAll(['a'])
  await sealer.sealNow()
  const { cp } = await import('node:fs/promises')
  await cp(folder, copy, { recursive: true })
  for (const patient of ['b', 'c']) {
    await readAll([patient])
    await sealer.sealNow()
  }
  const next = await trailUnderTest(sql(), silentLogger, { folder: copy, holder: 'after the restore' })
  const before = await next.verify()
  assert.ok(before.ok, before.summary)
  assert.equal(before.warnings.length, 1)
  await next.sealer.sealNow()
  const report = await next.verify()
  assert.deepEqual([report.faults, report.warnings], [[], []])
  assert.equal(report.checkpoints.count, 3)
  await rm(copy, { recursive: true })
})
