// What is said about a database that somebody brings.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { databaseFaults } from './check.ts'
import { connectPostgres } from './connect.ts'
import { openDatabase } from './open.ts'

test('names what is wrong with a database, and that it cannot be reached', async () => {
  const db = await testDatabase()
  assert.deepEqual(await databaseFaults(db.sql), [
    'fsync is off: a crash could lose acknowledged records; switch it on',
  ])
  await db.sql.query({ text: 'ALTER ROLE xinglin SET synchronous_commit = off' })
  const sql = connectPostgres({ url: db.url, poolSize: 1, log: silentLogger })
  assert.match((await databaseFaults(sql)).join(), /synchronous_commit/)
  await sql.close()
  await db.close()
  const none = connectPostgres({ url: 'postgres://127.0.0.1:1/x', poolSize: 1, log: silentLogger })
  assert.match((await databaseFaults(none)).join(), /cannot be reached/)
  await none.close()
})

test('says what to check when user, name or form of the address are wrong', async (context) => {
  const db = await testDatabase()
  const wrong = [
    [db.url.replace(/:[^:@/]+@/, ':wrong@'), /password/],
    [db.url.replace(/[^/]*$/, 'nowhere'), /nowhere/],
    [`${db.url}?sslmode=require`, /SSL/],
    ['postgres://user:secret@127.0.0.1:port/x', /URL/],
  ] as const
  context.after(() => db.close())
  for (const [url, word] of wrong) {
    const opening = openDatabase({ url, dataFolder: 'unused', poolSize: 1, log: silentLogger })
    await assert.rejects(opening, (error: unknown) => {
      const { message } = error as Error
      return /check .*DATABASE_URL/.test(message) && word.test(message) && !message.includes('secret')
    })
  }
})

test('refuses to open a given database that could lose records, with all reasons', async () => {
  const db = await testDatabase()
  const opening = openDatabase({ url: db.url, dataFolder: 'unused', poolSize: 1, log: silentLogger })
  await assert.rejects(opening, /DATABASE_URL cannot be used:\n- fsync is off/)
  await db.close()
})
