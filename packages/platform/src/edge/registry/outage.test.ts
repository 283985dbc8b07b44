// The registry while PostgreSQL is killed under it, and after a leader that died without a word.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KeyEntry } from '../../../../../conformance/registry/chapters/check.ts'
import { startOwnRegistry } from '../../../../../conformance/registry/own-registry.ts'
import { until } from '../../../../../conformance/registry/registry-client.ts'
import { databaseOnOwnServer } from '../../testing/database.ts'
import { registry } from './index.ts'

const database = await databaseOnOwnServer([registry.sql])
after(() => database.close())

test('a database that is killed costs no acknowledged write, no instance that was known, no one who waits', async (context) => {
  const own = await startOwnRegistry({ database })
  context.after(own.close)
  const { client } = own
  await client.put('/v1/agent/service/register', { Name: 'known', Check: { TTL: '60s', Status: 'passing' } })
  await client.put('/v1/kv/awaited', 'before')
  await until(
    () => own.running.port.instances('known'),
    ({ length }) => length === 1,
  )
  const { index } = await client.get('/v1/kv/awaited')
  const waiting = client.get(`/v1/kv/awaited?index=${index}&wait=60s`)
  const acknowledged: number[] = []
  const statuses = new Set<number>()
  const state = { isOver: false, at: 0 }
  const writing = (async () => {
    while (!state.isOver) {
      const { status, text } = await client.put(`/v1/kv/written/${state.at}`, 'x')
      statuses.add(status)
      if (status === 200 && text === 'true') acknowledged.push(state.at)
      state.at += 1
    }
  })()
  await until(
    () => acknowledged.length,
    (count) => count > 20,
  )
  const { pid } = database.server
  database.server.kill()
  await until(
    () => statuses,
    (seen) => seen.has(503),
  )
  assert.equal(own.running.port.instances('known').length, 1)
  await until(
    () => database.server.pid !== pid && acknowledged.at(-1) === state.at - 1 && acknowledged.length > 60,
    (isBack) => isBack,
  )
  state.isOver = true
  await writing
  assert.deepEqual([...statuses].sort(), [200, 503])
  const kept = new Set((await client.get('/v1/kv/written/?keys')).json<readonly string[]>())
  assert.deepEqual(
    acknowledged.filter((at) => !kept.has(`written/${at}`)),
    [],
  )
  await client.put('/v1/kv/awaited', 'after')
  const [entry] = (await waiting).json<readonly KeyEntry[]>()
  assert.equal(Buffer.from(entry?.Value ?? '', 'base64').toString(), 'after')
  assert.equal((await client.get('/v1/health/service/known?passing')).json<readonly unknown[]>().length, 1)
})

test('a leader that died without a word is followed when its lease ends', async (context) => {
  const text = `INSERT INTO registry.leader (holder, url, expires_at) VALUES ($1, '127.0.0.1:1', now() + interval '600 ms')
                ON CONFLICT (is_only) DO UPDATE SET holder = $1, url = '127.0.0.1:1', expires_at = EXCLUDED.expires_at`
  await database.sql.query({ text, values: [crypto.randomUUID()] })
  const own = await startOwnRegistry({ database })
  context.after(own.close)
  const leader = async () => (await own.client.get('/v1/status/leader')).json<string>()
  assert.equal(await leader(), '127.0.0.1:1')
  await until(leader, (address) => address === new URL(own.url).host)
})
