// A line that is cut without a word between the pool and a real server: refused at once after some seconds, well again by itself.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { type FaultProxy, openFaultProxy } from '../../edge/chaos/faults/fault-proxy.ts'
import type { Sql } from '../../kernel/sql.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { connectPostgres, type PostgresOptions } from './index.ts'

const vigil = { lookEveryMs: 50, suspiciousMs: 200, answerMs: 300, longMs: 1500, sparedMs: 1500, graceMs: 300 }
/** All of these times together, and what a busy machine adds. */
const believedMs = 10_000
const cut = { inbound: { isCut: true }, outbound: { isCut: true } }
const one = { text: 'SELECT 1 AS one' }
const sleep = (seconds: number) => ({ text: `SELECT pg_sleep(${seconds})` })

const isRefusal = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'unavailable' && error.retryAfterSeconds === 1

async function refusedMs(answer: Promise<unknown>): Promise<number> {
  const begunMs = performance.now()
  await assert.rejects(answer, isRefusal)
  return performance.now() - begunMs
}

async function untilWell(sql: Sql): Promise<void> {
  for (let left = 400; (await sql.query(one).catch(() => undefined)) === undefined; left -= 1) {
    assert.ok(left > 0, 'it did not come back')
    await pause(50)
  }
}

describe('behind a line that can be cut', () => {
  let database: TestDatabase
  let proxy: FaultProxy
  const open = (given: Partial<PostgresOptions> = {}): Sql => {
    const url = new URL(database.url)
    url.hostname = '127.0.0.1'
    url.port = String(proxy.port)
    return connectPostgres({ url: url.href, poolSize: 3, log: silentLogger, vigil, ...given })
  }

  before(async () => {
    database = await testDatabase([])
    const direct = new URL(database.url)
    proxy = await openFaultProxy({ host: direct.hostname, port: Number(direct.port) })
  })
  after(async () => {
    await proxy.close()
    await database.close()
  })

  const within =
    (work: (sql: Sql) => Promise<void>, given: Partial<PostgresOptions> = {}) =>
    async () => {
      const sql = open(given)
      try {
        await work(sql)
      } finally {
        await proxy.clear()
        await sql.close()
      }
    }

  test(
    'what is under way, what waits for a connection and what comes later is refused with a time to come back',
    within(async (sql) => {
      assert.deepEqual(await sql.query(one), [{ one: 1 }])
      await proxy.add('cut', cut)
      // Three have or open a connection, the others wait for one.
      const first = await Promise.all(Array.from({ length: 8 }, () => refusedMs(sql.query(one))))
      assert.ok(Math.max(...first) < believedMs, `it took ${Math.max(...first)} ms`)
      const later = await Promise.all(Array.from({ length: 8 }, () => refusedMs(sql.query(one))))
      assert.ok(Math.max(...later) < vigil.answerMs, `it took ${Math.max(...later)} ms`)
      proxy.remove('cut')
      await untilWell(sql)
      assert.equal((await Promise.all(Array.from({ length: 8 }, () => sql.query(one)))).length, 8)
    }),
  )

  test(
    'a statement that takes long is left alone while the server answers others',
    within(async (sql) => {
      await sql.query(sleep(2))
      assert.deepEqual(await sql.query(one), [{ one: 1 }])
    }),
  )

  test(
    'a transaction that is at work for long is cut off later than a request',
    within(async (sql) => {
      const ended: string[] = []
      const long = sql.transaction(async (tx) => {
        await tx.query(sleep(vigil.longMs / 1000 + 0.5))
        await proxy.add('cut', cut)
        await tx.query(one)
      })
      const longEnded = assert.rejects(long, isRefusal).then(() => ended.push('long'))
      await pause(vigil.longMs + 600)
      await assert.rejects(sql.query(one), isRefusal)
      ended.push('request')
      await longEnded
      assert.deepEqual(ended, ['request', 'long'])
    }),
  )

  test(
    'one dead line among living ones is given up when the server must have ended its statement',
    within(
      async (sql) => {
        await sql.query(one)
        const victims = new Set<number>()
        const meets = async (port: number): Promise<boolean> => {
          if (victims.size === 0) victims.add(port)
          return victims.has(port)
        }
        await proxy.add('cut', { ...cut, meets })
        const dying = assert.rejects(sql.query(one), isRefusal)
        assert.deepEqual(await sql.query(one), [{ one: 1 }])
        await dying
        assert.deepEqual(await sql.query(one), [{ one: 1 }])
      },
      { statementTimeoutMs: 300 },
    ),
  )
})
