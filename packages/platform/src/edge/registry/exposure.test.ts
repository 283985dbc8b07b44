// Who may call the registry, and how much may wait.
import assert from 'node:assert/strict'
import { createServer, request as httpRequest } from 'node:http'
import { type TestContext, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { listening, openDatabase, openRegistry } from '../../../../../conformance/registry/fixture.ts'
import { until } from '../../../../../conformance/registry/registry-client.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { registry } from './index.ts'

const settings = { host: '127.0.0.1', port: 0, tlsPort: 0, token: undefined, allowedHosts: [], maxWaiting: 10 }

async function create(context: TestContext, changed: Partial<typeof settings>) {
  const { database } = await openDatabase(context)
  const ports = { sql: database.sql, log: silentLogger, ids: createIds(systemClock) }
  return registry.create(ports, { ...settings, ...changed })
}

test('an address beyond loopback is refused without a token', async (context) => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', '127.0.0.1.example.org']) {
    await assert.rejects(
      create(context, { host }),
      (error: unknown) => error instanceof AppError && error.message.includes('REGISTRY_TOKEN'),
      host,
    )
  }
})

test('a taken port is named with its setting', async (context) => {
  const port = await listening(context, createServer())
  const own = await create(context, { port })
  await assert.rejects(
    async () => own.start?.(),
    (error: unknown) => error instanceof AppError && /REGISTRY_PORT/.test(error.message),
  )
  await own.close?.()
})

test('a token is demanded by header, Bearer or query once it is set', async (context) => {
  const token = 'a-token-of-the-registry'
  const { client } = await openRegistry(context, { settings: { REGISTRY_TOKEN: token } })
  const path = '/v1/catalog/services'
  const status = async (init: RequestInit, query = '') => (await client.get(`${path}${query}`, init)).status
  assert.equal(await status({}), 403)
  assert.equal(await status({ headers: { 'x-consul-token': `${token}x` } }), 403)
  assert.equal(await status({ headers: { 'x-consul-token': token } }), 200)
  assert.equal(await status({ headers: { authorization: `Bearer ${token}` } }), 200)
  assert.equal(await status({}, `?token=${token}`), 200)
})

test('settings of the system are written by the system alone, also where no token is wanted', async (context) => {
  const ownKey = 'the-own-key-of-the-system'
  const { client } = await openRegistry(context, { extra: { ownKey } })
  const own = { headers: { 'x-consul-token': ownKey } }
  const path = '/v1/kv/xinglin/config/LOG_LEVEL'
  const refused = await client.put(path, 'debug')
  assert.equal(refused.status, 403)
  assert.match(refused.text, /xinglin config/)
  assert.equal((await client.put('/v1/kv/%78inglin/config/LOG_LEVEL', 'debug')).status, 403)
  assert.equal((await client.put(path, 'debug', { headers: { 'x-consul-token': `${ownKey}x` } })).status, 403)
  assert.equal((await client.put(path, 'debug', own)).status, 200)
  assert.equal((await client.get(path)).status, 200)
  for (const way of [path, '/v1/kv/xinglin/config?recurse', '/v1/kv/xing?recurse', '/v1/kv/?recurse']) {
    assert.equal((await client.delete(way)).status, 403, way)
  }
  assert.equal((await client.get(path)).status, 200)
  assert.equal((await client.put('/v1/kv/xinglin-of-others', 'free')).status, 200)
  assert.equal((await client.delete('/v1/kv/xinglin-?recurse')).status, 200)
  assert.equal((await client.delete(path, own)).status, 200)
  const usual = await openRegistry(context)
  assert.equal((await usual.client.put(path, 'debug')).status, 403)
  const withToken = await openRegistry(context, { settings: { REGISTRY_TOKEN: 'a-token-of-the-registry' } })
  const given = { headers: { 'x-consul-token': 'a-token-of-the-registry' } }
  assert.equal((await withToken.client.put(path, 'debug', given)).status, 200)
})

test('pages of other sites and strangers’ host names are refused', async (context) => {
  const { url } = await openRegistry(context, { settings: { REGISTRY_ALLOWED_HOSTS: 'consul-service.default.svc' } })
  const { port } = new URL(url)
  // fetch does not let one choose these headers
  const status = (headers: Readonly<Record<string, string>>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest({ host: '127.0.0.1', port, path: '/v1/agent/self', headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      sent.once('error', reject)
      sent.end()
    })
  assert.equal(await status({ host: 'evil.example.org' }), 403)
  assert.equal(await status({ host: `127.0.0.1:${port}`, origin: 'https://evil.example.org' }), 403)
  assert.equal(await status({ host: `127.0.0.1:${port}`, 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(await status({ host: 'consul:8500' }), 200)
  assert.equal(await status({ host: 'consul-service.default.svc:8500' }), 200)
})

test('more waiting queries than allowed are refused aloud', async (context) => {
  const { client } = await openRegistry(context, { settings: { REGISTRY_MAX_WAITING: '3' } })
  const { index } = await client.get('/v1/catalog/services')
  const ends = new AbortController()
  const path = `/v1/catalog/services?index=${index}&wait=60s`
  const waits = [1, 2, 3].map(() => client.get(path, { signal: ends.signal }).catch(() => undefined))
  const refused = await until(
    () => client.get(`/v1/kv/x?index=1&wait=10ms`),
    ({ status }) => status === 429,
  )
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
  assert.match(refused.text, /3 blocking queries wait already/)
  ends.abort()
  await Promise.all(waits)
  await until(
    () => client.get(`/v1/kv/x?index=1&wait=10ms`),
    ({ status }) => status === 404,
  )
})
