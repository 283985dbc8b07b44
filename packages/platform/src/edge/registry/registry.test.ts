// The registry through its door on a real PostgreSQL: health checks of every kind, dead services, the port of the kernel.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { after, describe, test } from 'node:test'
import type { HealthEntry } from '../../../../../conformance/registry/chapters/check.ts'
import { checkOf, listening, openRegistry, register, serving } from '../../../../../conformance/registry/fixture.ts'
import { startOwnRegistry } from '../../../../../conformance/registry/own-registry.ts'
import { until } from '../../../../../conformance/registry/registry-client.ts'

const own = await startOwnRegistry()
after(own.close)
const { client, running } = own

const deregister = (name: string) => client.put(`/v1/agent/service/deregister/${name}`)
const healthOf = async (name: string) => (await client.get(`/v1/health/service/${name}`)).json<readonly HealthEntry[]>()
const settled = (name: string, status: string) =>
  until(
    () => checkOf(own, name),
    (check) => check?.Status === status,
  )

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
    await register(own, { Name: 'with-body', Port: port, Check: check })
    const found = await settled('with-body', 'passing')
    assert.equal(seen[0], 'POST yes ping')
    assert.match(found?.Output ?? '', /^HTTP POST http:.*: 200 Output: all is well$/)
    server.close()
    server.closeAllConnections()
    const gone = await settled('with-body', 'critical')
    assert.match(gone?.Output ?? '', /ECONNREFUSED/)
    await deregister('with-body')
  })

  test('a slow answer is critical after its timeout, a redirect is not followed, an endless one is cut', async (context) => {
    const port = await serving(context, (request, response) => {
      if (request.url === '/slow') return
      if (request.url === '/moved') return void response.writeHead(302, { location: '/well' }).end()
      if (request.url === '/well') return void response.end()
      const flood = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', flood)
      flood()
    })
    for (const path of ['slow', 'moved', 'endless']) {
      const check = { HTTP: `http://127.0.0.1:${port}/${path}`, Interval: '1s', Timeout: '200ms' }
      await register(own, { Name: path, Check: { ...check, Status: 'warning' } })
    }
    assert.match((await settled('slow', 'critical'))?.Output ?? '', /no answer within 200 ms/)
    assert.match((await settled('moved', 'critical'))?.Output ?? '', /: 302 /)
    assert.equal((await settled('endless', 'passing'))?.Output.length, 4096)
    for (const path of ['slow', 'moved', 'endless']) await deregister(path)
  })

  test('a check that fails from the beginning tells why', async () => {
    await register(own, { Name: 'never', Check: { TCP: '127.0.0.1:1', Interval: '1s' } })
    const found = await until(
      () => checkOf(own, 'never'),
      (check) => check?.Output !== '',
    )
    assert.deepEqual([found?.Status, found?.Output], ['critical', 'TCP connect 127.0.0.1:1: ECONNREFUSED'])
    await deregister('never')
  })

  test('a TCP check follows the port', async (context) => {
    const server = createTcpServer((socket) => socket.destroy())
    const port = await listening(context, server)
    await register(own, { Name: 'tcp', Check: { TCP: `127.0.0.1:${port}`, Interval: '1s', Timeout: '1s' } })
    await settled('tcp', 'passing')
    server.close()
    await settled('tcp', 'critical')
    await deregister('tcp')
  })

  test('a TTL that runs out is critical, and a heartbeat makes it well again', async () => {
    await register(own, { Name: 'ttl', Check: { TTL: '150ms' } })
    const beat = () => client.put('/v1/agent/check/pass/service:ttl')
    assert.equal((await beat()).status, 200)
    assert.equal((await checkOf(own, 'ttl'))?.Status, 'passing')
    const late = await settled('ttl', 'critical')
    assert.equal(late?.Output, 'TTL expired')
    await beat()
    assert.equal((await checkOf(own, 'ttl'))?.Status, 'passing')
    await deregister('ttl')
  })

  test('heartbeats that say the same move no index', async () => {
    await register(own, { Name: 'steady', Check: { TTL: '30s', Status: 'passing' } })
    const before = await client.get('/v1/health/service/steady')
    for (let at = 0; at < 5; at++) await client.put('/v1/agent/check/pass/service:steady')
    const afterwards = await client.get('/v1/health/service/steady')
    assert.deepEqual([afterwards.index, afterwards.text], [before.index, before.text])
    await deregister('steady')
  })

  test('a check turns only after as many results as it asks for', async (context) => {
    const answered = { count: 0 }
    const port = await serving(context, (_request, response) => {
      answered.count += 1
      response.writeHead(500).end()
    })
    const check = { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Status: 'passing', FailuresBeforeCritical: 3 }
    await register(own, { Name: 'patient-check', Check: check })
    await until(
      () => answered.count,
      (count) => count >= 2,
    )
    assert.equal((await checkOf(own, 'patient-check'))?.Status, 'passing')
    await settled('patient-check', 'critical')
    assert.ok(answered.count >= 3)
    await deregister('patient-check')
  })

  test('a slow instance does not make another of the same origin late', async (context) => {
    const port = await serving(context, (request, response) => {
      if (request.url === '/quick') response.end()
    })
    const check = (path: string, Timeout: string) => ({
      HTTP: `http://127.0.0.1:${port}${path}`,
      Interval: '1s',
      Timeout,
    })
    for (let at = 0; at < 4; at++) await register(own, { Name: `hanging-${at}`, Check: check('/hangs', '20s') })
    await register(own, { Name: 'quick', Check: check('/quick', '900ms') })
    await settled('quick', 'passing')
    const { index } = await client.get('/v1/health/service/quick')
    const later = await client.get(`/v1/health/service/quick?index=${index}&wait=2s`)
    assert.equal(later.index, index, 'it did not stay well')
    for (const name of ['quick', 'hanging-0', 'hanging-1', 'hanging-2', 'hanging-3']) await deregister(name)
  })

  test('a service that stays critical is taken away after its time', async () => {
    await register(own, { Name: 'dead', Check: { TTL: '50ms', DeregisterCriticalServiceAfter: '200ms' } })
    await until(
      () => healthOf('dead'),
      (found) => found.length === 0,
    )
    assert.equal((await client.put('/v1/agent/check/pass/service:dead')).status, 404)
  })

  test('in the usual rhythm a time under a minute is lengthened, as in Consul', async (context) => {
    const usual = await openRegistry(context, { extra: {} })
    await register(usual, { Name: 'kept', Check: { TTL: '1s', DeregisterCriticalServiceAfter: '1s' } })
    const [row] = await usual.database.sql.query<{ ms: number }>({
      text: 'SELECT deregister_after_ms AS ms FROM registry.health_check',
    })
    assert.equal(row?.ms, 60_000)
  })
})

describe('the port of the kernel', () => {
  test('registers, watches, and forgets a process that died', async (context) => {
    const other = await startOwnRegistry({ database: own.database })
    context.after(other.close)
    const server = createServer((_request, response) => response.end())
    const port = await listening(context, server)
    const heard: number[] = []
    const stop = other.running.port.watch('emr', (instances) => heard.push(instances.length))
    assert.deepEqual(heard, [0])
    const checkUrl = `http://127.0.0.1:${port}/health/live`
    await running.port.register({ id: 'emr-1', service: 'emr', address: '127.0.0.1', port, tags: ['v1'], checkUrl })
    const [instance] = await until(
      () => other.running.port.instances('emr'),
      (instances) => instances.length === 1,
    )
    const expected = { id: 'emr-1', service: 'emr', address: '127.0.0.1', port, healthy: true, tags: ['v1'] }
    assert.deepEqual(instance, expected)
    server.close()
    server.closeAllConnections()
    await until(
      () => running.port.instances('emr'),
      (instances) => instances.length === 0,
    )
    await until(
      () => heard,
      (all) => all.join() === '0,1,0',
    )
    stop()
    await running.port.deregister('emr-1')
    assert.deepEqual(await healthOf('emr'), [])
  })

  test('an instance without a health address is looked at by its port', async (context) => {
    const port = await listening(
      context,
      createTcpServer((socket) => socket.destroy()),
    )
    await running.port.register({ id: 'raw-1', service: 'raw', address: '127.0.0.1', port, tags: [] })
    await until(
      () => running.port.instances('raw'),
      (instances) => instances.length === 1,
    )
    assert.equal((await checkOf(own, 'raw'))?.Type, 'tcp')
    await running.port.deregister('raw-1')
  })

  test('a watcher that throws does not keep others from hearing', async () => {
    const heard: number[] = []
    const stops = [
      running.port.watch('loud', () => {
        throw new Error('a fault of the watcher')
      }),
      running.port.watch('loud', (instances) => heard.push(instances.length)),
    ]
    await register(own, { Name: 'loud' })
    await until(
      () => heard.at(-1),
      (count) => count === 1,
    )
    for (const stop of stops) stop()
    await deregister('loud')
    await until(
      () => running.port.instances('loud').length,
      (count) => count === 0,
    )
    assert.deepEqual(heard, [0, 1])
  })
})
