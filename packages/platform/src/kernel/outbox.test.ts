// The outbox on a real PostgreSQL: order per key, at least once, retry, dead letters, leases, watermark, restore.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseOnOwnServer, type TestDatabase } from '../testing/database.ts'
import { silentLogger } from '../testing/silent-logger.ts'
import { createEvents, kernelSql, type RunningEvents } from './outbox.ts'
import { passOver } from './outbox-feed.ts'
import { sweep } from './outbox-store.ts'
import type { DeliveredEvent } from './ports.ts'

let db: TestDatabase
before(async () => {
  db = await databaseOnOwnServer([kernelSql], 20)
})
after(() => db.close())

const fast = { attempts: 3, firstDelayMs: 1, maxDelayMs: 5, limitMs: 100 }
const events = (owner: string): RunningEvents => createEvents({ sql: db.sql, log: silentLogger, owner, retry: fast })

async function until(condition: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'what was waited for did not come')
    await delay(5)
  }
}

const publish = (box: RunningEvents, topic: string, key: string, n: number) =>
  db.sql.transaction((tx) => box.publish(tx, [{ topic, key, payload: { n } }]))

test('delivers what was committed, in order per key, and nothing that was rolled back', async () => {
  const box = events('one')
  const seen = new Map<string, number[]>()
  box.subscribe('order', ['order.made'], async ({ key, payload }) => {
    seen.set(key, [...(seen.get(key) ?? []), Number(payload['n'])])
  })
  await box.start()
  const keys = Array.from({ length: 20 }, (_, index) => `patient-${index}`)
  await Promise.all(
    keys.map(async (key) => {
      for (let n = 0; n < 30; n++) await publish(box, 'order.made', key, n)
    }),
  )
  const failing = db.sql.transaction(async (tx) => {
    await box.publish(tx, [{ topic: 'order.made', key: 'never', payload: {} }])
    throw new Error('rolled back')
  })
  await assert.rejects(failing)
  await until(() => [...seen.values()].flat().length === 600)
  for (const key of keys)
    assert.deepEqual(
      seen.get(key),
      Array.from({ length: 30 }, (_, n) => n),
    )
  assert.equal(seen.has('never'), false)
  await box.close()
})

test('keeps the order of one key when an older transaction changes it last', async () => {
  const box = events('two')
  const seen: number[] = []
  box.subscribe('late', ['late.made'], async ({ payload }) => void seen.push(Number(payload['n'])))
  await box.start()
  await db.sql.transaction(async (older) => {
    await older.query({ text: 'SELECT pg_current_xact_id()' })
    await publish(box, 'late.made', 'same', 1)
    await delay(100)
    assert.deepEqual(seen, [], 'not final while an older transaction is open')
    await box.publish(older, [{ topic: 'late.made', key: 'same', payload: { n: 2 } }])
  })
  await until(() => seen.length === 2)
  assert.deepEqual(seen, [1, 2])
  await box.close()
})

test('goes on after more events than one batch holds, among events of other topics', async () => {
  const box = events('three')
  const seen: number[] = []
  box.subscribe('many', ['many.made'], async ({ payload }) => void seen.push(Number(payload['n'])))
  await db.sql.transaction((tx) =>
    box.publish(
      tx,
      Array.from({ length: 500 }, (_, n) => ({
        topic: n % 2 === 0 ? 'many.made' : 'other',
        key: 'one',
        payload: { n },
      })),
    ),
  )
  await box.start()
  await until(() => seen.length === 250)
  await publish(box, 'many.made', 'one', 1000)
  await until(() => seen.length === 251)
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  await box.close()
})

test('tries a failing event again, then keeps it as a dead letter that can be delivered anew', async () => {
  const box = events('four')
  const attempts: number[] = []
  const mended = { yet: false }
  const done: DeliveredEvent[] = []
  box.subscribe('fragile', ['fragile.made'], async (event) => {
    if (event.payload['n'] === 13 && !mended.yet) {
      attempts.push(event.attempt)
      throw new Error('about Zhang San')
    }
    done.push(event)
  })
  await box.start()
  await publish(box, 'fragile.made', 'k', 13)
  await publish(box, 'fragile.made', 'k', 14)
  await until(() => done.length === 1)
  assert.deepEqual(attempts, [1, 2, 3])
  const [letter] = await box.deadLetters()
  assert.deepEqual(
    [letter?.consumer, letter?.payload, letter?.attempts, letter?.reason],
    ['fragile', { n: 13 }, 3, 'Error'],
  )
  mended.yet = true
  assert.equal(await box.redeliver(letter?.id ?? 0), true)
  await until(() => done.length === 2)
  assert.deepEqual(await box.deadLetters(), [])
  await box.close()
})

test('a handler that hangs counts as failed and does not hold what comes after', async () => {
  const box = events('hanging')
  const done: unknown[] = []
  box.subscribe('hangs', ['hang.made'], async ({ payload }) => {
    if (payload['n'] === 1) await new Promise(() => undefined)
    done.push(payload['n'])
  })
  await box.start()
  await publish(box, 'hang.made', 'k', 1)
  await publish(box, 'hang.made', 'k', 2)
  await until(() => done.length === 1)
  const [letter] = await box.deadLetters()
  assert.deepEqual([done, letter?.consumer, letter?.reason], [[2], 'hangs', 'timeout'])
  await box.close()
})

test('two processes share the partitions and none gets what the other has; what one leaves the other takes', async () => {
  const seen: string[] = []
  const make = (owner: string) => {
    const box = events(owner)
    box.subscribe('shared', ['shared.made'], async ({ payload }) => void seen.push(`${owner}:${payload['n']}`))
    return box
  }
  const first = make('p1')
  await first.start()
  const second = make('p2')
  await second.start()
  const holders = async () =>
    (
      await db.sql.query<{ n: number }>({
        text: "SELECT count(*)::int AS n FROM kernel.outbox_cursor WHERE consumer = 'shared' AND lease_until > now() GROUP BY holder",
      })
    ).map(({ n }) => n)
  await until(async () => String(await holders()) === '32,32')
  for (let n = 0; n < 40; n++) await publish(first, 'shared.made', `key-${n}`, n)
  await until(() => seen.length === 40)
  assert.equal(new Set(seen.map((text) => text.split(':')[1])).size, 40)
  assert.ok(new Set(seen.map((text) => text.split(':')[0])).size === 2)
  await first.close()
  for (let n = 40; n < 60; n++) await publish(second, 'shared.made', `key-${n}`, n)
  await until(() => seen.length === 60)
  await second.close()
})

test('goes on where it was after a dump was restored into a cluster whose transaction ids begin anew', async () => {
  const box = events('five')
  const seen: number[] = []
  box.subscribe('restored', ['restored.made'], async ({ payload }) => void seen.push(Number(payload['n'])))
  await box.start()
  await publish(box, 'restored.made', 'a', 1)
  await until(() => seen.length === 1)
  await box.close()
  await publish(box, 'restored.made', 'a', 2)
  // As after a restore: every stored transaction id lies in the future of this cluster.
  const shift = (column: string) => `${column} = (${column}::text::bigint + 1000000000)::text::xid8`
  await db.sql.query({ text: `UPDATE kernel.outbox SET ${shift('txid')}` })
  await db.sql.query({ text: `UPDATE kernel.outbox_cursor SET ${shift('lo')}, ${shift('hi')}` })
  const again = events('six')
  again.subscribe('restored', ['restored.made'], async ({ payload }) => void seen.push(Number(payload['n'])))
  await again.start()
  await publish(again, 'restored.made', 'a', 3)
  await until(() => seen.includes(3))
  assert.deepEqual(seen, [1, 2, 3])
  await again.close()
})

test('a consumer of rare topics keeps nobody else’s events from being swept, and gets its own all the same', async () => {
  const box = events('seven')
  const seen: number[] = []
  box.subscribe('rare', ['rare.made'], async ({ payload }) => void seen.push(Number(payload['n'])))
  await box.start()
  const lease = { consumer: 'rare', holder: 'seven' }
  const leased = { text: "SELECT 1 FROM kernel.outbox_cursor WHERE consumer = 'rare' AND holder = 'seven'" }
  await until(async () => (await db.sql.query(leased)).length === 64)
  // The other consumers of this file have gone for good.
  await db.sql.query({ text: "DELETE FROM kernel.outbox_cursor WHERE consumer <> 'rare'" })
  for (let n = 0; n < 20; n++) await publish(box, 'frequent.made', `key-${n}`, n)
  await publish(box, 'rare.made', 'key', 1)
  await until(() => seen.length === 1)
  await db.sql.transaction(async (open) => {
    await publish(box, 'rare.made', 'key', 2) // committed, yet not final as long as the other transaction is open
    await open.query({ text: 'SELECT pg_current_xact_id()' })
    await passOver(db.sql, { ...lease, topics: ['rare.made'], except: [] })
  })
  await until(() => seen.length === 2)
  const left = () => db.sql.query({ text: "SELECT 1 FROM kernel.outbox WHERE topic = 'frequent.made'" })
  await until(async () => {
    await passOver(db.sql, { ...lease, topics: ['rare.made'], except: [] })
    await sweep(db.sql)
    return (await left()).length === 0
  })
  await publish(box, 'rare.made', 'key', 3)
  await until(() => seen.length === 3)
  assert.deepEqual(seen, [1, 2, 3])
  await box.close()
})
