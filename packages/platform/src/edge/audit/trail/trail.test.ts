// The writer's end of the trail: durable before it resolves, in groups, bounded, and whole whatever the texts hold.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import fc from 'fast-check'
import { systemClock } from '../../../kernel/clock.ts'
import type { AuditEntry } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { databaseOnOwnServer, type TestDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { audit } from '../index.ts'
import { callerOf, readOf } from '../under-test/trail.ts'
import { keyOf, keysOf, type Payload } from './payload.ts'
import { createTrail, type TrailOptions } from './trail.ts'

const shared: { database?: TestDatabase } = {}

function database(): TestDatabase {
  assert.ok(shared.database)
  return shared.database
}

const trailOn = (sql: Sql, options: Partial<TrailOptions> = {}) =>
  createTrail({ sql, log: silentLogger, clock: systemClock, ...options })

before(async () => {
  shared.database = await databaseOnOwnServer([audit.sql])
})

after(async () => {
  await shared.database?.close()
})

beforeEach(async () => {
  await database().sql.query({ text: 'TRUNCATE audit.event' })
})

interface StoredRow {
  readonly payload: string
  readonly keys: readonly number[]
}

async function stored(): Promise<readonly Payload[]> {
  const rows = await database().sql.query<StoredRow>({ text: 'SELECT payload, keys FROM audit.event ORDER BY id' })
  return rows.map(({ payload, keys }) => {
    const parsed = JSON.parse(payload) as Payload
    assert.deepEqual(keys, keysOf(parsed))
    return parsed
  })
}

/** Holds the table so that no event can be written until it is let go. */
async function holdTable(): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  const done = database().sql.transaction(async (tx) => {
    await tx.query({ text: 'LOCK TABLE audit.event IN EXCLUSIVE MODE' })
    held.resolve()
    await letGo.promise
  })
  await held.promise
  return async () => {
    letGo.resolve()
    await done
  }
}

test('an access is stored when its recording resolves', async () => {
  const trail = trailOn(database().sql)
  await trail.record(readOf('zhang-san'))
  const [payload] = await stored()
  assert.deepEqual(payload, {
    caller: {
      subject: 'dr-chen',
      name: 'The dr-chen',
      roles: ['clinician'],
      purpose: 'TREAT',
      address: '192.0.2.1',
    },
    action: 'R',
    interaction: 'read',
    outcome: 'success',
    status: 200,
    entities: ['Patient/zhang-san'],
    patients: ['zhang-san'],
    traceId: '0123456789abcdef0123456789abcdef',
  })
})

test('entries of a transaction stand or fall with it', async () => {
  const trail = trailOn(database().sql)
  const { sql } = database()
  await sql.transaction((tx) => trail.append(tx, [readOf('kept'), readOf('kept too')]))
  await sql
    .transaction(async (tx) => {
      await trail.append(tx, [readOf('undone')])
      throw new Error('undo')
    })
    .catch(() => undefined)
  assert.deepEqual(
    (await stored()).map(({ patients }) => patients),
    [['kept'], ['kept too']],
  )
})

test('accesses that come while a group is written go together in the next one', async () => {
  const { sql } = database()
  const counted = { statements: 0 }
  const counting: Sql = {
    ...sql,
    query: (statement) => {
      counted.statements += 1
      return sql.query(statement)
    },
  }
  const trail = trailOn(counting)
  await Promise.all(Array.from({ length: 500 }, (_, at) => trail.record(readOf(`p-${at}`))))
  assert.equal(counted.statements, 1)
  const first = trail.record(readOf('first'))
  await new Promise((resolve) => setImmediate(resolve)) // its group has left
  await Promise.all([first, ...Array.from({ length: 50 }, (_, at) => trail.record(readOf(`q-${at}`)))])
  assert.equal(counted.statements, 3)
  assert.equal((await stored()).length, 551)
})

test('a group keeps the order in which its accesses came', async () => {
  const trail = trailOn(database().sql)
  const patients = Array.from({ length: 300 }, (_, at) => `p-${at}`)
  await Promise.all(patients.map((patient) => trail.record(readOf(patient))))
  assert.deepEqual(
    (await stored()).map((payload) => payload.patients?.[0]),
    patients,
  )
})

test('when the database does not take them, accesses beyond the bound are refused aloud, the others wait', async () => {
  const trail = trailOn(database().sql, { maxWaiting: 5 })
  const release = await holdTable()
  const waiting = Array.from({ length: 5 }, (_, at) => trail.record(readOf(`p-${at}`)))
  await assert.rejects(
    trail.record(readOf('one too many')),
    (error) => error instanceof AppError && error.code === 'unavailable' && error.retryAfterSeconds === 1,
  )
  await release()
  await Promise.all(waiting)
  await trail.record(readOf('afterwards'))
  assert.equal((await stored()).length, 6)
})

test('an access whose group cannot be written is rejected, and the next one is tried anew', async () => {
  const trail = trailOn(database().sql)
  const release = await holdTable()
  const lost = assert.rejects(
    trail.record(readOf('lost')),
    (error) => error instanceof AppError && error.code === 'unavailable',
  )
  const { sql } = database()
  for (let ended = 0; ended === 0; ) {
    const rows = await sql.query<{ ended: boolean }>({
      text: `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO audit.event%'`,
    })
    ended = rows.length
  }
  await lost
  await release()
  await trail.record(readOf('written'))
  assert.deepEqual(
    (await stored()).map(({ patients }) => patients),
    [['written']],
  )
})

test('closing writes down what waits and refuses what comes later', async () => {
  const trail = trailOn(database().sql)
  const waiting = Promise.all([trail.record(readOf('a')), trail.record(readOf('b'))])
  await trail.close()
  await waiting
  assert.equal((await stored()).length, 2)
  await assert.rejects(trail.record(readOf('late')), { code: 'unavailable' })
})

test('an access to more than 100 patients is stored in parts, so that each of them finds it', async () => {
  const trail = trailOn(database().sql)
  const patients = Array.from({ length: 250 }, (_, at) => `p-${at}`)
  await trail.record({ ...readOf('x'), interaction: 'search-type', entities: [], patients })
  const parts = await stored()
  assert.deepEqual(
    parts.map(({ part, patients: listed }) => [part, listed?.length]),
    [
      [[1, 3], 100],
      [[2, 3], 100],
      [[3, 3], 50],
    ],
  )
  for (const patient of ['p-0', 'p-99', 'p-100', 'p-249']) {
    const found = await database().sql.query({
      text: 'SELECT id FROM audit.event WHERE keys @> $1::bigint[]',
      values: [[keyOf('patient', patient)]],
    })
    assert.equal(found.length, 1, patient)
  }
})

test('what is longer than the trail takes is cut and counted', async () => {
  const trail = trailOn(database().sql)
  const many = Array.from({ length: 10_050 }, (_, at) => `Patient/p-${at}`)
  await trail.record({
    ...readOf('x'),
    entities: many,
    patients: [],
    query: 'q'.repeat(20_000),
    reason: 'r'.repeat(2000),
  })
  const rows = await stored()
  assert.equal(rows.length, 100)
  assert.equal(rows[0]?.unlisted, 50)
  assert.equal(rows[0]?.query?.length, 16_385)
  assert.equal(rows[0]?.reason?.length, 1001)
})

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\n', '\0', '\\', '"', "'", '{', ',', '\u2028', '\ud800', '李', '👩‍⚕️', '\r'),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
  maxLength: 30,
})
const anyEntry: fc.Arbitrary<AuditEntry> = fc.record({
  caller: fc.option(
    fc.record({ subject: anyText, name: anyText }).map((who) => ({ ...callerOf('clinician'), ...who })),
    { nil: undefined },
  ),
  action: fc.constantFrom('C', 'R', 'U', 'D', 'E'),
  interaction: anyText,
  outcome: fc.constantFrom('success', 'refused', 'failed'),
  entities: fc.array(anyText, { maxLength: 3 }),
  patients: fc.array(anyText, { maxLength: 3 }),
  query: anyText,
  reason: anyText,
})

test('every text comes back as it was recorded, whatever characters it holds', async () => {
  const trail = trailOn(database().sql)
  await fc.assert(
    fc.asyncProperty(fc.array(anyEntry, { minLength: 1, maxLength: 8 }), async (entries) => {
      await database().sql.query({ text: 'TRUNCATE audit.event' })
      await Promise.all(entries.map((entry) => trail.record(entry)))
      const rows = await stored()
      assert.equal(rows.length, entries.length)
      for (const [at, entry] of entries.entries()) {
        const row = rows[at]
        assert.deepEqual(
          [row?.caller?.subject, row?.interaction, row?.query, row?.reason, row?.entities ?? [], row?.patients ?? []],
          [entry.caller?.subject, entry.interaction, entry.query, entry.reason, entry.entities, entry.patients],
        )
      }
    }),
    { numRuns: 60 },
  )
})
