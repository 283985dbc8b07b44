// A service's HTTP: who may enter, what is refused and how it is said, limits, health, deadline and log.
import assert from 'node:assert/strict'
import { createServer, get as httpGet, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync } from 'fastify'
import { silentLogger } from '../testing/silent-logger.ts'
import { attachCaller } from './attached-caller.ts'
import type { Caller } from './caller.ts'
import { systemClock } from './clock.ts'
import { buildServiceApp, type ServiceAppOptions } from './http.ts'
import { callerHeader, signInternalToken, verifyInternalToken } from './internal-token.ts'
import { createLogger } from './log.ts'

const key = new Uint8Array(32).fill(7)
const chen: Caller = { subject: 'dr-chen', name: '陈医生', roles: ['clinician'], scopes: [], purpose: 'TREAT' }
const token = signInternalToken(chen, key)
const asChen = { [callerHeader]: token }

const routes: FastifyPluginAsync = async (app) => {
  app.get('/who', (request) => ({ subject: request.caller.subject, frozen: Object.isFrozen(request.caller) }))
  app.get('/open', { config: { public: true } }, (request) => ({ traceId: request.traceId }))
  app.get('/broken', () => {
    throw new Error('secret of Zhang San')
  })
  app.get('/fhir/gone', { config: { errors: 'fhir' } }, () => {
    throw new AppError('deleted', 'Patient/1 was deleted')
  })
  app.get('/busy', () => {
    throw new AppError('unavailable', 'later', { retryAfterSeconds: 3 })
  })
  app.get('/slow', async (request) => {
    await delay(5000, undefined, { signal: request.deadline })
  })
  app.get('/stuck', { handlerTimeout: 100 }, () => new Promise(() => undefined))
  const count = { type: 'integer', minimum: 1 }
  const tags = { type: 'array', items: { type: 'string' } }
  app.get(
    '/list',
    { schema: { querystring: { type: 'object', properties: { count, tags } } } },
    (request) => request.query,
  )
  const person = {
    type: 'object',
    required: ['name'],
    properties: {
      name: { type: 'string' },
      pets: { type: 'array', items: { type: 'object', properties: { kind: { type: 'string' } } } },
    },
  }
  app.post('/people', { config: { whenInvalid: 'unprocessable' }, schema: { body: person } }, (request) => request.body)
}

function appOf(extra: Partial<ServiceAppOptions> = {}) {
  return buildServiceApp({
    service: 'sample',
    running: { routes },
    verifyCaller: (text) => verifyInternalToken(text, key),
    log: silentLogger,
    clock: systemClock,
    limits: { bodyBytes: 1000, urlBytes: 2000, requestMs: 300 },
    ...extra,
  })
}

const post = (payload: string | object, contentType = 'application/json') =>
  ({ method: 'POST', url: '/people', payload, headers: { ...asChen, 'content-type': contentType } }) as const

test('lets in a caller with an internal token and nobody else', async () => {
  const app = appOf()
  const known = await app.inject({ url: '/who', headers: asChen })
  assert.deepEqual(known.json(), { subject: 'dr-chen', frozen: true })
  const stranger = await app.inject({ url: '/who' })
  assert.equal(stranger.statusCode, 401)
  assert.equal(stranger.headers['www-authenticate'], 'Bearer')
  const forged = await app.inject({ url: '/who', headers: { [callerHeader]: `${token.slice(0, -3)}abc` } })
  assert.equal(forged.statusCode, 401)
  assert.equal((await app.inject({ url: '/open' })).statusCode, 200)
  await app.close()
})

test('takes the caller attached in the process, through app.routing', async () => {
  const app = appOf()
  await app.ready()
  const server = createServer((request, response) => {
    attachCaller(request, chen)
    app.routing(request, response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/who`)
  assert.deepEqual(await answer.json(), { subject: 'dr-chen', frozen: true })
  server.close()
  await app.close()
})

test('keeps the trace of the sender and starts one where there is none', async () => {
  const app = appOf()
  const traceId = 'a'.repeat(32)
  const answer = await app.inject({ url: '/open', headers: { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } })
  assert.deepEqual(answer.json(), { traceId })
  assert.match((await app.inject({ url: '/open' })).json().traceId, /^[0-9a-f]{32}$/)
  await app.close()
})

test('tells nothing of an unknown error but the trace id', async () => {
  const app = appOf()
  const answer = await app.inject({ url: '/broken', headers: asChen })
  assert.equal(answer.statusCode, 500)
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
  assert.doesNotMatch(answer.body, /Zhang/)
  assert.match(answer.json().detail, /[0-9a-f]{32}/)
  await app.close()
})

test('answers errors of FHIR routes as OperationOutcome, also for addresses that are unknown', async () => {
  const app = appOf()
  const gone = await app.inject({ url: '/fhir/gone', headers: asChen })
  assert.equal(gone.statusCode, 410)
  assert.equal(gone.headers['content-type'], 'application/fhir+json; charset=utf-8')
  assert.equal(gone.json().issue[0].code, 'deleted')
  const unknown = await app.inject({ url: '/fhir/nowhere', headers: asChen })
  assert.deepEqual([unknown.statusCode, unknown.json().resourceType], [404, 'OperationOutcome'])
  await app.close()
})

test('says when to come back, and which methods an address takes', async () => {
  const app = appOf()
  const busy = await app.inject({ url: '/busy', headers: asChen })
  assert.deepEqual([busy.statusCode, busy.headers['retry-after']], [503, '3'])
  const wrong = await app.inject({ method: 'DELETE', url: '/who', headers: asChen })
  assert.deepEqual([wrong.statusCode, wrong.headers['allow']], [405, 'GET, HEAD'])
  await app.close()
})

test('refuses what does not fit the schema and names the field', async () => {
  const app = appOf()
  const cases = [
    [await app.inject(post({})), 422, /name/],
    [await app.inject(post({ name: 1 })), 422, /body\.name must be string/],
    [await app.inject(post({ name: 'x', nick: 'y' })), 422, /nick/],
    [await app.inject(post({ name: 'x', pets: [{ kind: 'cat', age: 3 }] })), 422, /pets\.0\.age/],
    [await app.inject({ url: '/list?count=x', headers: asChen }), 400, /querystring\.count must be integer/],
    [await app.inject({ url: '/list?count=0', headers: asChen }), 400, /count must be >= 1/],
    [await app.inject({ url: '/list?page=1', headers: asChen }), 400, /page/],
  ] as const
  for (const [answer, status, pattern] of cases) {
    assert.equal(answer.statusCode, status, answer.body)
    assert.match(answer.json().detail, pattern)
  }
  const list = await app.inject({ url: '/list?count=3&tags=a', headers: asChen })
  assert.deepEqual(list.json(), { count: 3, tags: ['a'] })
  await app.close()
})

test('refuses bodies and addresses that are broken, foreign or too large', async () => {
  const app = appOf()
  const statuses = await Promise.all(
    [
      post('{"name":'),
      post('{"__proto__":{"a":1},"name":"x"}'),
      post('', 'application/json'),
      post('x', 'text/plain'),
      post('x', 'application/xml'),
      post({ name: 'x'.repeat(2000) }),
      { url: `/who?q=${'x'.repeat(3000)}`, headers: asChen } as const,
      { url: '/who/%E0%A4%A', headers: asChen } as const,
    ].map(async (request) => (await app.inject(request)).statusCode),
  )
  assert.deepEqual(statuses, [400, 400, 400, 415, 415, 413, 431, 400])
  await app.close()
})

test('refuses bytes that are no UTF-8, and bodies that would have to be decompressed', async () => {
  const app = appOf()
  const named = (bytes: readonly number[]) =>
    Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')])
  // GB 18030, an overlong slash, half a character, a surrogate
  for (const bytes of [
    [0xd5, 0xc5],
    [0xc0, 0xaf],
    [0xe5, 0xbc],
    [0xed, 0xa0, 0x80],
  ]) {
    const answer = await app.inject(post(named(bytes)))
    assert.deepEqual([answer.statusCode, answer.json().code], [400, 'malformed-body'])
  }
  assert.equal((await app.inject(post({ name: '张伟😀' }))).json().name, '张伟😀')
  for (const [encoding, status] of [
    ['gzip', 415],
    ['x', 415],
    ['identity', 200],
  ] as const) {
    const { headers, ...request } = post({ name: 'x' })
    const answer = await app.inject({ ...request, headers: { ...headers, 'content-encoding': encoding } })
    assert.equal(answer.statusCode, status, encoding)
  }
  await app.close()
})

test('large answers under way are bounded together; what is read makes room', async () => {
  const running = {
    routes: (async (app) => void app.get('/large', () => 'x'.repeat(20_000_000))) as FastifyPluginAsync,
  }
  const app = appOf({ running, limits: { answersCharacters: 50_000_000 } })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const ask = (isRead: boolean): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const call = httpGet({ host: '127.0.0.1', port, path: '/large', headers: asChen, agent: false }, (answer) => {
        if (isRead) answer.resume()
        resolve(answer)
      })
      call.once('error', reject)
    })
  const unread = [await ask(false), await ask(false)]
  assert.deepEqual(
    unread.map(({ statusCode }) => statusCode),
    [200, 200],
  )
  const refused = await ask(true)
  assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [503, '2'])
  for (const answer of unread) answer.destroy()
  await delay(100)
  assert.equal((await ask(true)).statusCode, 200)
  await app.close()
})

test('ends a request at its deadline, whether the handler listens or not', async () => {
  const app = appOf()
  assert.equal((await app.inject({ url: '/slow', headers: asChen })).statusCode, 504)
  assert.equal((await app.inject({ url: '/stuck', headers: asChen })).statusCode, 504)
  const hurried = performance.now()
  const answer = await app.inject({ url: '/slow', headers: { ...asChen, 'x-xinglin-timeout-ms': '20' } })
  assert.equal(answer.statusCode, 504)
  assert.ok(performance.now() - hurried < 250)
  await app.close()
})

test('keeps answers out of caches and of guesses about their type, unless a route says otherwise', async () => {
  const app = appOf({
    running: {
      routes: async (own) => {
        own.get('/record', () => ({}))
        own.get('/public', (_request, reply) => reply.header('cache-control', 'public, max-age=300').send({}))
      },
    },
  })
  for (const [url, cacheControl] of [
    ['/record', 'no-store'],
    ['/none', 'no-store'],
    ['/public', 'public, max-age=300'],
  ] as const) {
    const { headers } = await app.inject({ url, headers: asChen })
    assert.deepEqual([headers['cache-control'], headers['x-content-type-options']], [cacheControl, 'nosniff'], url)
  }
  await app.close()
})

test('is ready without reasons, and says why it is not', async () => {
  const ready = appOf()
  assert.deepEqual((await ready.inject({ url: '/health/ready' })).json(), {
    status: 'ready',
    service: 'sample',
    reasons: [],
  })
  assert.equal((await ready.inject({ url: '/health/live' })).statusCode, 200)
  const unready = appOf({ running: { routes, ready: async () => ['the database cannot be reached'] } })
  const answer = await unready.inject({ url: '/health/ready' })
  assert.deepEqual([answer.statusCode, answer.json().reasons], [503, ['the database cannot be reached']])
  await ready.close()
  await unready.close()
})

test('logs the pattern of a route, never its address or the text of an error', async () => {
  const lines: string[] = []
  const app = appOf({ log: createLogger({ level: 'debug', write: (line) => lines.push(line) }) })
  await app.inject({ url: '/who?name=ZhangSan', headers: asChen })
  await app.inject(post('{"name": "Zhang San"'))
  await app.inject({ url: '/fhir/Patient/zhang-san', headers: asChen })
  const text = lines.join('')
  assert.doesNotMatch(text, /zhang/i)
  assert.match(text, /"route":"\/who","status":200/)
  await app.close()
})
