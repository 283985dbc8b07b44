// A line that is cut without a word between the pool and a real server: refused at once after some seconds, well again by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { openFaultProxy } from '../../edge/chaos/faults/fault-proxy.ts'
import { testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { connectPostgres } from './index.ts'

const vigil = { lookEveryMs: 50, suspiciousMs: 200, answerMs: 300, lateMs: 2000 }
const isCut = { isCut: true }

test('behind a silent line statements are refused with a time to come back, and go on when it speaks', async (context) => {
  const database = await testDatabase([])
  const direct = new URL(database.url)
  const proxy = await openFaultProxy({ host: direct.hostname, port: Number(direct.port) })
  const url = new URL(database.url)
  url.hostname = '127.0.0.1'
  url.port = String(proxy.port)
  const sql = connectPostgres({ url: url.href, poolSize: 3, log: silentLogger, vigil })
  context.after(async () => {
    await proxy.clear()
    await sql.close()
    await proxy.close()
    await database.close()
  })
  const one = { text: 'SELECT 1 AS one' }
  assert.deepEqual(await sql.query(one), [{ one: 1 }])
  // A statement that is merely slow is left alone: the server answers others.
  await sql.query({ text: 'SELECT pg_sleep(1.2)' })

  await proxy.add('cut', { inbound: isCut, outbound: isCut })
  const isRefusal = (error: unknown): boolean =>
    error instanceof AppError && error.code === 'unavailable' && error.retryAfterSeconds === 1
  const begun = performance.now()
  await assert.rejects(sql.query(one), isRefusal)
  assert.ok(performance.now() - begun < 60_000)
  const again = performance.now()
  await assert.rejects(sql.query(one), isRefusal)
  assert.ok(performance.now() - again < vigil.lateMs, 'the second one waited')

  proxy.remove('cut')
  for (let left = 1200; ; left -= 1) {
    const answer = await sql.query(one).catch(() => undefined)
    if (answer !== undefined) break
    assert.ok(left > 0, 'it did not come back')
    await pause(50)
  }
})
