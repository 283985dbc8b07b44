// Several registries on one database, one after the other and at once: what is seen, kept, led and forgiven.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkOf, openDatabase, openRegistry, register, serving } from '../../../../../conformance/registry/fixture.ts'
import type { OwnRegistry } from '../../../../../conformance/registry/own-registry.ts'
import { until } from '../../../../../conformance/registry/registry-client.ts'

const leaderOf = async ({ client }: OwnRegistry) => (await client.get('/v1/status/leader')).json<string>()

test('each sees the other’s writes, and waiting queries wake across processes', async (context) => {
  const { start } = await openDatabase(context)
  const [one, two] = [await start(), await start()]
  await one.client.put('/v1/kv/shared', '1')
  const seen = await two.client.get('/v1/kv/shared')
  const waiting = two.client.get(`/v1/kv/shared?index=${seen.index}&wait=20s`)
  await one.client.put('/v1/kv/shared', '2')
  assert.ok((await waiting).index > seen.index)
  assert.equal((await two.client.get('/v1/kv/shared?raw')).text, '2')
  const led = (leader: string): boolean => leader !== ''
  assert.equal(await until(() => leaderOf(one), led), await until(() => leaderOf(two), led))
})

test('of 64 cas puts over two registries exactly one is true', async (context) => {
  const { start } = await openDatabase(context)
  const [one, two] = [await start(), await start()]
  await one.client.put('/v1/kv/shared', 'start')
  const { index } = await one.client.get('/v1/kv/shared')
  const puts = Array.from({ length: 64 }, (_, at) =>
    (at % 2 === 0 ? one : two).client.put(`/v1/kv/shared?cas=${index}`, `${at}`),
  )
  const answers = await Promise.all(puts)
  assert.deepEqual(answers.map(({ text }) => text).filter((text) => text === 'true').length, 1)
  assert.ok(answers.every(({ status }) => status === 200))
})

test('when the leader stops, another runs the checks', async (context) => {
  const { start } = await openDatabase(context)
  const one = await start()
  await until(
    () => leaderOf(one),
    (leader) => leader === new URL(one.url).host,
  )
  const two = await start()
  assert.equal(await leaderOf(two), new URL(one.url).host)
  await one.close()
  await until(
    () => leaderOf(two),
    (leader) => leader === new URL(two.url).host,
  )
  const port = await serving(context, (_request, response) => response.end())
  await register(two, { Name: 'after', Check: { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s' } })
  await until(
    () => checkOf(two, 'after'),
    (found) => found?.Status === 'passing',
  )
})

test('a restart keeps services, checks, keys, sessions and indexes', async (context) => {
  const { start } = await openDatabase(context)
  const first = await start()
  await register(first, { Name: 'kept', Tags: ['t'], Check: { TTL: '30s' } })
  await first.client.put('/v1/agent/check/pass/service:kept?note=fine')
  await first.client.put('/v1/kv/kept', 'value')
  const session = (await first.client.put('/v1/session/create', { TTL: '60s' })).json<{ ID: string }>().ID
  await first.client.put(`/v1/kv/locked?acquire=${session}`, 'x')
  const paths = ['/v1/health/service/kept', '/v1/kv/?recurse', `/v1/session/info/${session}`, '/v1/agent/services']
  const read = ({ client }: OwnRegistry) =>
    Promise.all(
      paths.map(async (path) => {
        const { status, index, text } = await client.get(path)
        return { status, index, text }
      }),
    )
  const before = await read(first)
  await first.close()
  const second = await start()
  assert.deepEqual(await read(second), before)
  assert.equal(second.running.port.instances('kept').length, 1)
  await second.client.put('/v1/kv/next', '1')
  assert.ok((await second.client.get('/v1/kv/next')).index > Math.max(...before.map(({ index }) => index)))
})

test('silence while nobody led is forgiven: a heartbeat’s time starts anew', async (context) => {
  const { database, start } = await openDatabase(context)
  const extra = { timing: { sweepEveryMs: 20, leaseMs: 100, forgivenGapMs: 300 }, shortest: { deregisterMs: 1 } }
  const first = await start({ extra })
  await register(first, { Name: 'steady', Check: { TTL: '60s', Status: 'passing' } })
  await register(first, { Name: 'quiet', Check: { TTL: '100ms', Status: 'passing' } })
  await first.close()
  await database.sql.query({ text: `UPDATE registry.leader SET expires_at = expires_at - interval '1 hour'` })
  await database.sql.query({ text: `UPDATE registry.health_check SET ttl_until = ttl_until - interval '1 hour'` })
  const second = await start({ extra })
  await until(
    () => checkOf(second, 'quiet'),
    (check) => check?.Status === 'critical',
  )
  assert.equal((await checkOf(second, 'steady'))?.Status, 'passing')
})

test('waiting queries are answered at once when the registry stops', async (context) => {
  const own = await openRegistry(context)
  const { index } = await own.client.get('/v1/catalog/services')
  const waiting = own.client.get(`/v1/catalog/services?index=${index}&wait=60s`)
  const other = own.client.get('/v1/kv/none?index=1&wait=60s')
  await own.client.get('/v1/status/peers') // both have been received before this one
  const begun = performance.now()
  await own.running.close?.()
  assert.deepEqual([(await waiting).status, (await other).status], [200, 404])
  assert.ok(performance.now() - begun < 2000)
})
