// The engine against our own registry over HTTP: finding, following, an outage, forgetting, a token.
import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { type OwnRegistry, startOwnRegistry } from '../../../../../conformance/registry/own-registry.ts'
import { until } from '../../../../../conformance/registry/registry-client.ts'
import { registry } from '../../edge/registry/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { Instance } from '../../kernel/ports.ts'
import { testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { type ConsulRegistry, type ConsulRegistryOptions, createConsulRegistry } from './index.ts'

const database = await testDatabase([registry.sql])
const opened: OwnRegistry[] = []
after(async () => {
  await Promise.all(opened.map(({ close }) => close()))
  await database.close()
})

async function open(settings: Readonly<Record<string, string>> = {}): Promise<OwnRegistry> {
  const own = await startOwnRegistry({ database, settings })
  opened.push(own)
  return own
}

function engine(context: TestContext, url: string, options: Partial<ConsulRegistryOptions> = {}): ConsulRegistry {
  const made = createConsulRegistry({ url, log: silentLogger, clock: systemClock, ...options })
  context.after(() => made.close())
  return made
}

async function serve(context: TestContext, onRequest: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(onRequest)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { server, port: (server.address() as AddressInfo).port }
}

const well: RequestListener = (_request, response) => void response.end()

test('what one process registers another finds once it is well, and loses when it is closed', async (context) => {
  const own = await open()
  const { port } = await serve(context, well)
  const [one, two] = [engine(context, own.url), engine(context, own.url)]
  const heard: (readonly Instance[])[] = []
  const stop = two.watch('pharmacy', (instances) => heard.push(instances))
  assert.deepEqual(heard, [[]])
  const checkUrl = `http://127.0.0.1:${port}/health/live`
  await one.register({ id: 'pharmacy-1', service: 'pharmacy', address: '127.0.0.1', port, tags: ['v1'], checkUrl })
  const [found] = await until(
    () => two.instances('pharmacy'),
    (instances) => instances.length === 1,
  )
  assert.deepEqual(found, {
    id: 'pharmacy-1',
    service: 'pharmacy',
    address: '127.0.0.1',
    port,
    healthy: true,
    tags: ['v1'],
  })
  const check = (await own.client.get('/v1/agent/checks')).json<Record<string, Record<string, unknown>>>()
  const { Type, Interval, Timeout } = check['service:pharmacy-1'] ?? {}
  assert.deepEqual([Type, Interval, Timeout], ['http', '2s', '2s'])
  await one.close()
  await until(
    () => two.instances('pharmacy'),
    (instances) => instances.length === 0,
  )
  assert.deepEqual(
    heard.map(({ length }) => length),
    [0, 1, 0],
  )
  stop()
})

test('a service is known once the registry has answered, also when it is nowhere', async (context) => {
  const own = await open()
  const one = engine(context, own.url)
  assert.equal(one.isKnown('nowhere'), false)
  await until(
    () => one.isKnown('nowhere'),
    (isKnown) => isKnown,
  )
  assert.deepEqual(one.instances('nowhere'), [])
})

test('an instance that turns critical is no longer handed out', async (context) => {
  const own = await open()
  const answer = { status: 200 }
  const { port } = await serve(context, (_request, response) => response.writeHead(answer.status).end())
  const one = engine(context, own.url)
  const checkUrl = `http://127.0.0.1:${port}/`
  await one.register({ id: 'ill-1', service: 'ill', address: '127.0.0.1', port, tags: [], checkUrl })
  const count = (wanted: number) =>
    until(
      () => one.instances('ill'),
      ({ length }) => length === wanted,
    )
  await count(1)
  answer.status = 503
  await count(0)
  answer.status = 200
  await count(1)
  await one.deregister('ill-1')
  await count(0)
  await one.deregister('ill-1') // twice is fine
})

test('the last answer outlives an outage, and what was registered is registered again', async (context) => {
  const first = await open()
  const { port: registryPort } = new URL(first.url)
  const { port } = await serve(context, well)
  const one = engine(context, first.url)
  const heard: number[] = []
  one.watch('emr', (instances) => heard.push(instances.length))
  const checkUrl = `http://127.0.0.1:${port}/`
  await one.register({ id: 'emr-1', service: 'emr', address: '127.0.0.1', port, tags: [], checkUrl })
  await until(
    () => one.instances('emr').length,
    (length) => length === 1,
  )
  await first.close()
  await assert.rejects(one.deregister('other'), (error: unknown) => error instanceof AppError)
  assert.equal(one.instances('emr').length, 1)
  // The registry comes back and knows nothing any more, not even how far its index had come.
  await database.sql.query({ text: 'DELETE FROM registry.service' })
  await database.sql.query({ text: `UPDATE registry.topic SET index = 1` })
  await database.sql.query({ text: `SELECT setval('registry.change_index', 2)` })
  const second = await open({ REGISTRY_PORT: registryPort })
  await until(
    async () => Object.keys((await second.client.get('/v1/agent/services')).json<object>()),
    (ids) => ids.includes('emr-1'),
  )
  await until(
    () => heard.at(-1),
    (last) => last === 1,
  )
  assert.equal(one.instances('emr').length, 1)
  await second.client.put('/v1/kv/x', '1')
  await second.client.put('/v1/agent/service/maintenance/emr-1?enable=true')
  await until(
    () => one.instances('emr').length,
    (length) => length === 0,
  )
})

test('a registry that is not there yet is tried until it is', async (context) => {
  const { server, port: freePort } = await serve(context, well)
  await new Promise((resolve) => server.close(resolve))
  const { port } = await serve(context, well)
  const one = engine(context, `127.0.0.1:${freePort}`)
  await one.register({ id: 'early-1', service: 'early', address: '127.0.0.1', port, tags: [] })
  assert.deepEqual(one.instances('early'), [])
  await open({ REGISTRY_PORT: String(freePort) })
  await until(
    () => one.instances('early').length,
    (length) => length === 1,
  )
})

test('where several registries are named, the next is asked when one is gone', async (context) => {
  const [first, second] = [await open(), await open()]
  const { port } = await serve(context, well)
  const one = engine(context, `${first.url}, ${second.url}`)
  await one.register({ id: 'ha-1', service: 'ha', address: '127.0.0.1', port, tags: [] })
  await until(
    () => one.instances('ha').length,
    (length) => length === 1,
  )
  await first.close()
  await one.deregister('ha-1')
  await until(
    () => one.instances('ha').length,
    (length) => length === 0,
  )
})

test('a refusal of what is registered is told; a wrong token finds nothing, the right one all', async (context) => {
  const token = 'the-token-of-this-registry'
  const own = await open({ REGISTRY_TOKEN: token })
  const [stranger, friend] = [engine(context, own.url), engine(context, own.url, { token })]
  const instance = { id: 'guarded-1', service: 'guarded', address: '127.0.0.1', port: 1, tags: [] }
  await assert.rejects(
    stranger.register(instance),
    (error: unknown) => error instanceof AppError && /403/.test(error.message),
  )
  await assert.rejects(
    friend.register({ ...instance, address: 'not an address' }),
    (error: unknown) => error instanceof AppError && /Address/.test(error.message),
  )
  const { port } = await serve(context, well)
  await friend.register({ ...instance, port })
  await until(
    () => friend.instances('guarded').length,
    (length) => length === 1,
  )
  assert.deepEqual(stranger.instances('guarded'), [])
})

test('an answer that is not Consul’s changes nothing, and is not asked for without pause', async (context) => {
  const asked = { count: 0 }
  const answers = ['{"not":"a list"}', '[{"Service":{}}]', 'no JSON', '[]']
  const { port } = await serve(context, (_request, response) => {
    const text = answers[asked.count % answers.length]
    asked.count += 1
    response.writeHead(200, { 'x-consul-index': '7' }).end(text)
  })
  const one = engine(context, `http://127.0.0.1:${port}`)
  assert.deepEqual(one.instances('x'), [])
  const begun = performance.now()
  await until(
    () => asked.count,
    (count) => count >= 6,
  )
  assert.ok(performance.now() - begun > 500, 'six questions came within half a second')
  assert.deepEqual(one.instances('x'), [])
})

test('closing ends waiting questions at once and refuses new watchers', async () => {
  const own = await open()
  const one = createConsulRegistry({ url: own.url, log: silentLogger, clock: systemClock })
  const heard: number[] = []
  one.watch('slow', (instances) => heard.push(instances.length))
  await own.client.put('/v1/agent/service/register', { Name: 'slow' })
  await until(
    () => heard.at(-1),
    (length) => length === 1,
  )
  const begun = performance.now()
  await one.close()
  assert.ok(performance.now() - begun < 20_000)
  assert.equal(one.instances('slow').length, 1)
  assert.throws(() => one.watch('slow', () => undefined), /closed/)
})

test('an address that cannot be one is refused', () => {
  for (const url of ['', 'ftp://x:1', 'http://user:secret@x:1', 'http://x:1/path', 'http://']) {
    assert.throws(
      () => createConsulRegistry({ url, log: silentLogger, clock: systemClock }),
      (error: unknown) => error instanceof AppError && error.code === 'invalid-parameter',
      url,
    )
  }
})
