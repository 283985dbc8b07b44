// The SQL port on a real PostgreSQL: values, transactions, COPY, retries, listening, and what errors become.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { connectPostgres } from './connect.ts'

let db: TestDatabase
before(async () => {
  db = await testDatabase()
  await db.sql.query({ text: 'CREATE TABLE item (id int PRIMARY KEY, note text, flag boolean)' })
})
after(() => db.close())

const hasCode = (code: string) => (error: unknown) => error instanceof AppError && error.code === code

test('brings int8 as number, timestamptz as Date, date as text and arrays as arrays', async () => {
  const [row] = await db.sql.query({
    text: "SELECT 9007199254740991::int8 AS big, '2024-02-29T00:00:00Z'::timestamptz AS at, '2024-02-29'::date AS day, $1::text[] AS words, ARRAY[1, NULL, 3]::int8[] AS many",
    values: [['a', '"b",', '杏林']],
  })
  assert.deepEqual(row, {
    big: 9007199254740991,
    at: new Date('2024-02-29T00:00:00Z'),
    day: '2024-02-29',
    words: ['a', '"b",', '杏林'],
    many: [1, null, 3],
  })
})

test('refuses a bigint beyond the safe range instead of rounding it', async () => {
  await assert.rejects(db.sql.query({ text: 'SELECT 9007199254740993::int8' }), RangeError)
})

test('copies rows with every special character and gives them back unchanged', async () => {
  const notes = [
    'tab\there',
    'line\nbreak',
    'return\rhere',
    'back\\slash',
    '\\N',
    '\\.',
    '',
    null,
    '杏林 🌳',
    'quote \' "',
  ]
  await db.sql.transaction((tx) =>
    tx.copyIn(
      'item (id, note, flag)',
      notes.map((note, id) => [id + 100, note, true]),
    ),
  )
  const rows = await db.sql.query<{ note: string | null }>({
    text: 'SELECT note FROM item WHERE id >= 100 ORDER BY id',
  })
  assert.deepEqual(
    rows.map((row) => row.note),
    notes,
  )
})

test('rolls everything back when the work rejects, and leaves the connection usable', async () => {
  const failing = db.sql.transaction(async (tx) => {
    await tx.query({ text: "INSERT INTO item VALUES (1, 'x', true)" })
    throw new AppError('business-rule', 'no')
  })
  await assert.rejects(failing, hasCode('business-rule'))
  assert.deepEqual(await db.sql.query({ text: 'SELECT 1 FROM item WHERE id = 1' }), [])
})

test('never reports a commit that was a rollback because the work swallowed an error', async () => {
  const swallowing = db.sql.transaction(async (tx) => {
    await tx.query({ text: 'SELECT 1/0' }).catch(() => undefined)
  })
  await assert.rejects(swallowing, /nothing was committed/)
})

test('runs later work after the commit and not after a rollback', async () => {
  const seen: string[] = []
  await db.sql.transaction(async (tx) => tx.afterCommit(() => seen.push('committed')))
  await db.sql
    .transaction(async (tx) => {
      tx.afterCommit(() => seen.push('rolled back'))
      throw new Error('stop')
    })
    .catch(() => undefined)
  assert.deepEqual(seen, ['committed'])
})

test('retries serialization failures until all parallel increments are in', async () => {
  await db.sql.query({ text: "INSERT INTO item VALUES (50, '0', true)" })
  const increment = () =>
    db.sql.transaction(
      async (tx) => {
        const [row] = await tx.query<{ note: string }>({ text: 'SELECT note FROM item WHERE id = 50' })
        await tx.query({ text: 'UPDATE item SET note = $1 WHERE id = 50', values: [String(Number(row?.note) + 1)] })
      },
      { isolation: 'serializable', retries: 30 },
    )
  await Promise.all(Array.from({ length: 6 }, increment))
  assert.deepEqual(await db.sql.query({ text: 'SELECT note FROM item WHERE id = 50' }), [{ note: '6' }])
})

test('a statement beyond the limit of its transaction is a timeout', async () => {
  const slow = db.sql.transaction((tx) => tx.query({ text: 'SELECT pg_sleep(5)' }), { timeoutMs: 50 })
  await assert.rejects(slow, hasCode('timeout'))
})

test('a NUL character is the fault of the request', async () => {
  await assert.rejects(db.sql.query({ text: 'SELECT $1::text', values: ['a\0b'] }), hasCode('unprocessable'))
})

test('half a surrogate pair in JSON is the fault of the request, a wrong form of anything else is ours', async () => {
  const json = { text: 'SELECT $1::jsonb', values: [JSON.stringify({ note: '\ud800' })] }
  await assert.rejects(db.sql.query(json), hasCode('unprocessable'))
  const uuid = { text: 'SELECT $1::uuid', values: ['-'] }
  await assert.rejects(db.sql.query(uuid), (error: unknown) => !(error instanceof AppError))
})

test('a database that is not there is unavailable with a time to retry', async () => {
  const sql = connectPostgres({ url: 'postgres://x:y@127.0.0.1:1/z', poolSize: 1, log: silentLogger })
  const isUnavailable = (error: unknown) => hasCode('unavailable')(error) && (error as AppError).retryAfterSeconds === 1
  await assert.rejects(sql.query({ text: 'SELECT 1' }), isUnavailable)
  await assert.rejects(
    sql.transaction(async () => undefined),
    isUnavailable,
  )
  await sql.close()
})

test('an ended connection fails its statement as unavailable and the pool recovers', async () => {
  const victim = db.sql.transaction(async (tx) => {
    const [row] = await tx.query<{ pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' })
    await db.sql.query({ text: 'SELECT pg_terminate_backend($1)', values: [row?.pid] })
    await tx.query({ text: 'SELECT 1' })
  })
  await assert.rejects(victim, hasCode('unavailable'))
  assert.deepEqual(await db.sql.query({ text: 'SELECT 1 AS one' }), [{ one: 1 }])
})

test('a listener hears notifications, again after its connection was cut', async () => {
  const heard: string[] = []
  const arrived: (() => void)[] = []
  const next = () => new Promise<void>((resolve) => arrived.push(resolve))
  const first = next()
  const stop = await db.sql.listen('news', (payload) => {
    heard.push(payload)
    arrived.shift()?.()
  })
  await db.sql.query({ text: "SELECT pg_notify('news', 'one')" })
  await first
  const reconnected = next()
  await db.sql.query({
    text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
  })
  await reconnected
  const second = next()
  await db.sql.query({ text: "SELECT pg_notify('news', 'two')" })
  await second
  assert.deepEqual(heard, ['one', '', 'two'])
  await stop()
})
