// Traffic in a real database: what is counted twice in a minute adds up, also of a service without durations.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { chaos } from '../index.ts'
import { addTraffic, readTraffic } from './traffic-store.ts'

let database: TestDatabase

before(async () => {
  database = await testDatabase([chaos.sql])
})

after(() => database.close())

test('counts of one minute add up, with buckets and without', async () => {
  const { sql } = database
  const minute = new Date(Date.UTC(2026, 0, 1))
  const timed = { service: 'patient', requests: 3, failed: 1, bounds: [0.1, 1], buckets: [1, 1, 1] }
  const untimed = { service: 'gateway', requests: 2, failed: 0, bounds: [], buckets: [] }
  for (const counts of [timed, untimed, timed, untimed]) await addTraffic(sql, minute, counts)
  assert.deepEqual(
    (await readTraffic(sql, minute)).map(({ service, requests, buckets }) => [service, requests, buckets.map(Number)]),
    [
      ['gateway', 4, []],
      ['patient', 6, [2, 2, 2]],
    ],
  )
})
