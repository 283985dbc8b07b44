// The registry through its door on a real PostgreSQL: checks, dead services, restarts, several processes, exposure.
import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { after, describe, type TestContext, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import type { HealthCheck, HealthEntry } from '../../../../../conformance/registry/chapters/check.ts'
import {
  type OwnRegistry,
  type OwnRegistryOptions,
  startOwnRegistry,
} from '../../../../../conformance/registry/own-registry.ts'
import { until } from '../../../../../conformance/registry/registry-client.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { type RunningRegistry, registry } from './index.ts'

const database = await testDatabase([registry.sql], 20)
const one = await startOwnRegistry({ database })
const two = await startOwnRegistry({ database })
after(async () => {
  await two.close()
  await one.close()
  await database.close()
})

async function listening(context: TestContext, server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  context.after(() => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const opened: OwnRegistry[] = []

async function open(context: TestContext, options: OwnRegistryOptions = {}): Promise<OwnRegistry> {
  const own = await startOwnRegistry(options)
  opened.push(own)
  context.after(() => own.close())
  return own
}

async function openDatabase(context: TestContext): Promise<TestDatabase> {
  const own = await testDatabase([registry.sql])
  context.after(async () => {
    for (const { database: used, close } of opened) if (used === own) await close()
    await own.close()
  })
  return own
}

const healthOf = async ({ client }: OwnRegistry, name: string) =>
  (await client.get(`/v1/health/service/${name}`)).json<readonly HealthEntry[]>()

const checkOf = async ({ client }: OwnRegistry, name: string) =>
  (await client.get(`/v1/health/checks/${name}`)).json<readonly HealthCheck[]>()[0]

const register = async ({ client }: OwnRegistry, body: Readonly<Record<string, unknown>>) => {
  const answer = await client.put('/v1/agent/service/register', body)
  assert.equal(answer.status, 200, answer.text)
}

describe('health checks', () => {
  test('an HTTP check sends its method, headers and body, and keeps what was answered', async (context) => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => seen.push(`${request.method} ${request.headers['x-probe']} ${chunk}`))
      request.once('end', () => response.end('all is well'))
    })
    const port = await listening(context, server)
    const probe = { Method: 'POST', Header: { 'X-Probe': ['yes'] }, Body: 'ping' }
    const check = { HTTP: `http://127.0.0.1:${port}/health`, Interval: '1s', ...probe }
    await register(one, { Name: 'with-body', Port: port, Check: check })
    const found = await until(
      () => checkOf(one, 'with-body'),
      (one) => one?.Status === 'passing',
    )
    assert.equal(seen[0], 'POST yes ping')
    assert.match(found?.Output ?? '', /^HTTP POST http:.*: 200 Output: all is well$/)
    server.close()
    server.closeAllConnections()
    const gone = await until(
      () => checkOf(one, 'with-body'),
      (one) => one?.Status === 'critical',
    )
    assert.match(gone?.Output ?? '', /ECONNREFUSED/)
    await one.client.put('/v1/agent/service/deregister/with-body')
  })

  test('a slow answer is critical after its timeout, a redirect is not followed, an endless one is cut', async (context) => {
    const server = createServer((request, response) => {
      if (request.url === '/slow') return
      if (request.url === '/moved') return void response.writeHead(302, { location: '/well' }).end()
      if (request.url === '/well') return void response.end()
      const flood = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', flood)
      flood()
    })
    const port = await listening(context, server)
    for (const path of ['slow', 'moved', 'endless']) {
      const check = { HTTP: `http://127.0.0.1:${port}/${path}`, Interval: '1s', Timeout: '200ms' }
      await register(one, { Name: path, Check: { ...check, Status: 'warning' } })
    }
    const settled = (name: string, status: string) =>
      until(
        () => checkOf(one, name),
        (check) => check?.Status === status,
      )
    assert.match((await settled('slow', 'critical'))?.Output ?? '', /no answer within 200 ms/)
    assert.match((await settled('moved', 'critical'))?.Output ?? '', /: 302 /)
    const { Output } = (await settled('endless', 'passing')) ?? { Output: '' }
    assert.equal(Output.length, 4096)
    server.close()
    server.closeAllConnections()
    for (const path of ['slow', 'moved', 'endless']) await one.client.put(`/v1/agent/service/deregister/${path}`)
  })

  test('a TCP check follows the port', async (context) => {
    const server = createTcpServer((socket) => socket.destroy())
    const port = await listening(context, server)
    await register(one, { Name: 'tcp', Check: { TCP: `127.0.0.1:${port}`, Interval: '1s', Timeout: '1s' } })
    await until(
      () => checkOf(one, 'tcp'),
      (check) => check?.Status === 'passing',
    )
    server.close()
    await until(
      () => checkOf(one, 'tcp'),
      (check) => check?.Status === 'critical',
    )
    await one.client.put('/v1/agent/service/deregister/tcp')
  })

  test('a TTL that runs out is critical, and a heartbeat makes it well again', async () => {
    await register(one, { Name: 'ttl', Check: { TTL: '150ms' } })
    const beat = () => one.client.put('/v1/agent/check/pass/service:ttl')
    assert.equal((await beat()).status, 200)
    assert.equal((await checkOf(one, 'ttl'))?.Status, 'passing')
    const late = await until(
      () => checkOf(one, 'ttl'),
      (check) => check?.Status === 'critical',
    )
    assert.equal(late?.Output, 'TTL expired')
    await beat()
    assert.equal((await checkOf(one, 'ttl'))?.Status, 'passing')
    await one.client.put('/v1/agent/service/deregister/ttl')
  })

  test('heartbeats that say the same move no index', async () => {
    await register(one, { Name: 'steady', Check: { TTL: '30s', Status: 'passing' } })
    const before = await one.client.get('/v1/health/service/steady')
    for (let at = 0; at < 5; at++) await one.client.put('/v1/agent/check/pass/service:steady')
    const after = await one.client.get('/v1/health/service/steady')
    assert.deepEqual([after.index, after.text], [before.index, before.text])
    await one.client.put('/v1/agent/service/deregister/steady')
  })

  test('a check turns only after as many results as it asks for', async (context) => {
    const answer = { status: 500, count: 0 }
    const server = createServer((_request, response) => {
      answer.count += 1
      response.writeHead(answer.status).end()
    })
    const port = await listening(context, server)
    const check = { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Status: 'passing', FailuresBeforeCritical: 3 }
    await register(one, { Name: 'patient-check', Check: check })
    await until(
      () => answer.count,
      (count) => count >= 2,
    )
    assert.equal((await checkOf(one, 'patient-check'))?.Status, 'passing')
    await until(
      () => checkOf(one, 'patient-check'),
      (found) => found?.Status === 'critical',
    )
    assert.ok(answer.count >= 3)
    server.close()
    server.closeAllConnections()
    await one.client.put('/v1/agent/service/deregister/patient-check')
  })

  test('a service that stays critical is taken away after its time', async () => {
    const check = { TTL: '50ms', DeregisterCriticalServiceAfter: '200ms' }
    await register(one, { Name: 'dead', Check: check })
    await until(
      () => healthOf(one, 'dead'),
      (found) => found.length === 0,
    )
    assert.equal((await one.client.put('/v1/agent/check/pass/service:dead')).status, 404)
  })

  test('without an order for it, a time under a minute is lengthened as in Consul', async (context) => {
    const usual = await open(context, { extra: {} })
    const check = { TTL: '1s', DeregisterCriticalServiceAfter: '1s' }
    await usual.client.put('/v1/agent/service/register', { Name: 'kept', Check: check })
    const [row] = await usual.database.sql.query<{ ms: number }>({
      text: 'SELECT deregister_after_ms AS ms FROM registry.health_check',
    })
    assert.equal(row?.ms, 60_000)
  })
})

describe('the port of the kernel', () => {
  test('registers, watches, and forgets a process that died', async (context) => {
    const server = createServer((_request, response) => response.end())
    const port = await listening(context, server)
    const { port: registryPort } = one.running
    const heard: number[] = []
    const stop = two.running.port.watch('emr', (instances) => heard.push(instances.length))
    assert.deepEqual(heard, [0])
    const checkUrl = `http://127.0.0.1:${port}/health/live`
    await registryPort.register({ id: 'emr-1', service: 'emr', address: '127.0.0.1', port, tags: ['v1'], checkUrl })
    const [instance] = await until(
      () => two.running.port.instances('emr'),
      (instances) => instances.length === 1,
    )
    assert.deepEqual(instance, {
      id: 'emr-1',
      service: 'emr',
      address: '127.0.0.1',
      port,
      healthy: true,
      tags: ['v1'],
    })
    server.close()
    server.closeAllConnections()
    await until(
      () => registryPort.instances('emr'),
      (instances) => instances.length === 0,
    )
    await until(
      () => heard,
      (all) => all.join() === '0,1,0',
    )
    stop()
    await registryPort.deregister('emr-1')
    assert.deepEqual(await healthOf(one, 'emr'), [])
  })

  test('an instance without a health address is looked at by its port', async (context) => {
    const server = createTcpServer((socket) => socket.destroy())
    const port = await listening(context, server)
    await one.running.port.register({ id: 'raw-1', service: 'raw', address: '127.0.0.1', port, tags: [] })
    await until(
      () => one.running.port.instances('raw'),
      (instances) => instances.length === 1,
    )
    assert.equal((await checkOf(one, 'raw'))?.Type, 'tcp')
    server.close()
    await one.running.port.deregister('raw-1')
  })

  test('a watcher that throws does not keep others from hearing', async () => {
    const heard: number[] = []
    one.running.port.watch('loud', () => {
      throw new Error('a fault of the watcher')
    })
    one.running.port.watch('loud', (instances) => heard.push(instances.length))
    await register(one, { Name: 'loud' })
    await until(
      () => heard.at(-1),
      (count) => count === 1,
    )
    await one.client.put('/v1/agent/service/deregister/loud')
  })
})

describe('several registries on one database', () => {
  test('each sees the other’s writes, and waiting queries wake across processes', async () => {
    await one.client.put('/v1/kv/shared', '1')
    const seen = await two.client.get('/v1/kv/shared')
    const waiting = two.client.get(`/v1/kv/shared?index=${seen.index}&wait=20s`)
    await one.client.put('/v1/kv/shared', '2')
    const woken = await waiting
    assert.ok(woken.index > seen.index)
    assert.equal((await two.client.get('/v1/kv/shared?raw')).text, '2')
    const leaders = await Promise.all([one, two].map(({ client }) => client.get('/v1/status/leader')))
    assert.equal(leaders[0]?.text, leaders[1]?.text)
  })

  test('of 64 cas puts over both exactly one is true', async () => {
    const { index } = await one.client.get('/v1/kv/shared')
    const puts = Array.from({ length: 64 }, (_, at) =>
      (at % 2 === 0 ? one : two).client.put(`/v1/kv/shared?cas=${index}`, `${at}`),
    )
    const answers = await Promise.all(puts)
    assert.deepEqual(answers.map(({ text }) => text).filter((text) => text === 'true').length, 1)
    assert.ok(answers.every(({ status }) => status === 200))
  })

  test('when the leader stops, the other runs the checks', async (context) => {
    const third = await open(context, { database })
    const leaderText = (await one.client.get('/v1/status/leader')).json<string>()
    assert.notEqual(new URL(third.url).host, leaderText)
    const server = createServer((_request, response) => response.end())
    const port = await listening(context, server)
    const check = { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s' }
    await two.close()
    await one.close()
    const led = await until(
      async () => (await third.client.get('/v1/status/leader')).json<string>(),
      (leader) => leader === new URL(third.url).host,
    )
    assert.ok(led)
    await register(third, { Name: 'after-handover', Check: check })
    await until(
      () => checkOf(third, 'after-handover'),
      (found) => found?.Status === 'passing',
    )
    server.close()
    server.closeAllConnections()
  })
})

test('a restart keeps services, checks, keys, sessions and indexes', async (context) => {
  const own = await openDatabase(context)
  const first = await open(context, { database: own })
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
  const second = await open(context, { database: own })
  assert.deepEqual(await read(second), before)
  assert.equal(second.running.port.instances('kept').length, 1)
  const next = await second.client.put('/v1/kv/next', '1')
  assert.equal(next.text, 'true')
  assert.ok((await second.client.get('/v1/kv/next')).index > Math.max(...before.map(({ index }) => index)))
})

test('silence while nobody led is forgiven: a heartbeat’s time starts anew', async (context) => {
  const own = await openDatabase(context)
  const extra = { timing: { sweepEveryMs: 20, leaseMs: 100, forgivenGapMs: 300 }, shortest: { deregisterMs: 1 } }
  const first = await open(context, { database: own, extra })
  await register(first, { Name: 'steady', Check: { TTL: '60s', Status: 'passing' } })
  await register(first, { Name: 'quiet', Check: { TTL: '100ms', Status: 'passing' } })
  await first.close()
  await own.sql.query({ text: `UPDATE registry.leader SET expires_at = expires_at - interval '1 hour'` })
  await own.sql.query({ text: `UPDATE registry.health_check SET ttl_until = ttl_until - interval '1 hour'` })
  const second = await open(context, { database: own, extra })
  await until(
    () => checkOf(second, 'quiet'),
    (check) => check?.Status === 'critical',
  )
  assert.equal((await checkOf(second, 'steady'))?.Status, 'passing')
})

test('waiting queries are answered at once when the registry stops', async (context) => {
  const own = await open(context)
  const { index } = await own.client.get('/v1/catalog/services')
  const waiting = own.client.get(`/v1/catalog/services?index=${index}&wait=60s`)
  const other = own.client.get('/v1/kv/none?index=1&wait=60s')
  await own.client.get('/v1/status/peers') // both have been received before this one
  const begun = performance.now()
  await own.close()
  assert.deepEqual([(await waiting).status, (await other).status], [200, 404])
  assert.ok(performance.now() - begun < 5000)
})

describe('exposure', () => {
  const settings = { host: '0.0.0.0', port: 0, token: undefined, allowedHosts: [], maxWaiting: 10 }
  const ports = () => ({
    sql: database.sql,
    log: { debug() {}, info() {}, warn() {}, error() {}, child: () => ports().log },
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    ids: { uuid: () => crypto.randomUUID() },
  })

  test('an address beyond loopback is refused without a token', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', '127.0.0.1.example.org']) {
      await assert.rejects(
        async (): Promise<RunningRegistry> => registry.create(ports(), { ...settings, host }),
        (error: unknown) => error instanceof AppError && error.message.includes('REGISTRY_TOKEN'),
      )
    }
  })

  test('a taken port is named with its setting', async (context) => {
    const server = createServer()
    const port = await listening(context, server)
    const own = await registry.create(ports(), { ...settings, host: '127.0.0.1', port })
    await assert.rejects(
      async () => own.start?.(),
      (error: unknown) => error instanceof AppError && /REGISTRY_PORT/.test(error.message),
    )
    await own.close?.()
    server.close()
  })

  test('a token is demanded by header, Bearer or query once it is set', async (context) => {
    const token = 'a-token-of-the-registry'
    const own = await open(context, { settings: { REGISTRY_TOKEN: token } })
    const path = '/v1/catalog/services'
    const status = async (init: RequestInit, query = '') => (await own.client.get(`${path}${query}`, init)).status
    assert.equal(await status({}), 403)
    assert.equal(await status({ headers: { 'x-consul-token': `${token}x` } }), 403)
    assert.equal(await status({ headers: { 'x-consul-token': token } }), 200)
    assert.equal(await status({ headers: { authorization: `Bearer ${token}` } }), 200)
    assert.equal(await status({}, `?token=${token}`), 200)
  })

  test('pages of other sites and strangers’ host names are refused', async (context) => {
    const own = await open(context, { settings: { REGISTRY_ALLOWED_HOSTS: 'consul-service.default.svc' } })
    const { port } = new URL(own.url)
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
    const own = await open(context, { settings: { REGISTRY_MAX_WAITING: '3' } })
    const { index } = await own.client.get('/v1/catalog/services')
    const ends = new AbortController()
    const path = `/v1/catalog/services?index=${index}&wait=60s`
    const waits = [1, 2, 3].map(() => own.client.get(path, { signal: ends.signal }).catch(() => undefined))
    const refused = await until(
      () => own.client.get(`/v1/kv/x?index=1&wait=10ms`),
      ({ status }) => status === 429,
    )
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
    assert.match(refused.text, /3 blocking queries wait already/)
    ends.abort()
    await Promise.all(waits)
    await until(
      () => own.client.get(`/v1/kv/x?index=1&wait=10ms`),
      ({ status }) => status === 404,
    )
  })
})
