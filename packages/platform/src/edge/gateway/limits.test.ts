// The gateway as a whole, on a real PostgreSQL: limits of rate and size, and calls of other origins.
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { gatewayFixture } from '../../../../../conformance/gateway/gateway-fixture.ts'
import { startOwnGateway } from '../../../../../conformance/gateway/own-gateway.ts'
import { hmacToken } from '../../../../../conformance/gateway/tokens.ts'
import { issueToken } from './index.ts'

const { own, database, upstream, admin, get, close } = await gatewayFixture()

after(close)

await admin('POST', '/services', 'name=patient-service&url=http://patient-service:8000')
await admin('POST', '/services/patient-service/routes', 'paths[]=/api/v1/patients')
for (const username of ['lab-app', 'narrow']) await admin('POST', '/consumers', `username=${username}`)

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('limits', () => {
  test("Kong's rate limit answers 429 with Retry-After and RateLimit", async () => {
    await admin('POST', '/services', `name=busy&url=http://127.0.0.1:${upstream.port}`)
    await admin('POST', '/services/busy/routes', 'paths[]=/busy')
    assert.equal((await admin('POST', '/services/busy/plugins', 'name=rate-limiting')).status, 400)
    assert.equal(
      (await admin('POST', '/services/busy/plugins', 'name=rate-limiting&config.hour=2&config.policy=local')).status,
      201,
    )
    const answers = [await get('/busy'), await get('/busy'), await get('/busy')]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 429],
    )
    assert.equal(answers[0]?.headers.get('ratelimit-policy'), '"hour";q=2')
    assert.match(answers[2]?.headers.get('ratelimit') ?? '', /^"hour";r=0;t=\d+$/)
    assert.match(answers[2]?.headers.get('retry-after') ?? '', /^\d+$/)
  })

  test('a body above the limit is 413, by its length and while it streams', async () => {
    await admin(
      'POST',
      '/services/patient-service/plugins',
      'name=request-size-limiting&config.allowed_payload_size=10&config.size_unit=bytes',
    )
    const token = await issueToken(own.sql, { role: 'clinician' })
    const post = (body: string | ReadableStream, more = {}) =>
      fetch(`${own.url}/api/v1/patients`, { method: 'POST', body, headers: bearer(token), ...more })
    assert.equal((await post('x'.repeat(10))).status, 200)
    assert.equal((await post('x'.repeat(11))).status, 413)
    const stream = new ReadableStream({
      start(controller) {
        for (let index = 0; index < 4; index++) controller.enqueue(new TextEncoder().encode('12345'))
        controller.close()
      },
    })
    assert.equal((await post(stream, { duplex: 'half' })).status, 413)
  })

  test('bodies under way have a bound together: the next one is 503 until there is room again', async () => {
    const settings = { GATEWAY_MAX_BODIES_BYTES: String(2 ** 20) }
    const tight = await startOwnGateway({ database, settings })
    await delay(300)
    const headers = bearer(await issueToken(own.sql, { role: 'clinician' }))
    const size = 700_000
    const open = () => {
      const call = httpRequest(`${tight.url}/fhir/Observation`, {
        method: 'POST',
        headers: { ...headers, 'content-length': size },
      })
      const status = new Promise<number>((resolve, reject) => {
        call.once('error', reject)
        call.once('response', (response) => {
          response.resume()
          response.once('end', () => resolve(response.statusCode ?? 0))
        })
      })
      call.write('x')
      return { call, status }
    }
    const first = open()
    await delay(100)
    const second = await fetch(`${tight.url}/fhir/Observation`, { method: 'POST', headers, body: 'x'.repeat(size) })
    assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '2'])
    const chunks = new ReadableStream({
      start(controller) {
        for (let index = 0; index < 7; index++) controller.enqueue(new Uint8Array(100_000))
        controller.close()
      },
    })
    const streamed = { method: 'POST', headers, body: chunks, duplex: 'half' } as const
    assert.equal((await fetch(`${tight.url}/fhir/Observation`, streamed)).status, 503)
    assert.equal((await fetch(`${tight.url}/fhir/Observation`, { method: 'POST', headers, body: 'small' })).status, 200)
    first.call.end('x'.repeat(size - 1))
    assert.equal(await first.status, 200)
    const third = open()
    third.call.end('x'.repeat(size - 1))
    assert.equal(await third.status, 200)
    const gone = open()
    await delay(50)
    gone.status.catch(() => undefined) // it is cut off
    gone.call.destroy()
    await delay(100)
    assert.equal(
      (await fetch(`${tight.url}/fhir/Observation`, { method: 'POST', headers, body: 'x'.repeat(size) })).status,
      200,
    )
    await tight.close()
  })

  test('headers above the limit are 431', async () => {
    const status = await new Promise((resolve) => {
      const call = httpRequest(`${own.url}/`, { headers: { 'x-big': 'x'.repeat(20_000) } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      call.end()
    })
    assert.equal(status, 431)
  })

  test('one consumer cannot use up the bucket of another', async () => {
    const small = await startOwnGateway({ database, settings: { RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '3' } })
    const one = await admin('POST', '/consumers/lab-app/jwt')
    const two = await admin('POST', '/consumers/narrow/jwt')
    await delay(300)
    const call = async (made: typeof one) =>
      (
        await fetch(`${small.url}/fhir/Patient`, {
          headers: bearer(hmacToken(made.body as unknown as { key: string; secret: string })),
        })
      ).status
    const statuses = [await call(one), await call(one), await call(one), await call(one)]
    assert.deepEqual(statuses, [200, 200, 200, 429])
    assert.equal(await call(two), 200)
    await small.close()
  })
})

describe('cross-origin calls', () => {
  test('are not allowed by default and allowed by the plugin', async () => {
    const preflight = (path: string) =>
      fetch(`${own.url}${path}`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://a.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      })
    assert.equal((await preflight('/fhir/Patient')).headers.get('access-control-allow-origin'), null)
    await admin('POST', '/services', 'name=lab&url=http://127.0.0.1:9')
    await admin('POST', '/services/lab/routes', 'paths[]=/lab')
    await admin('POST', '/services/lab/plugins', 'name=cors&config.origins[]=https://a.example&config.max_age=60')
    const allowed = await preflight('/lab')
    assert.equal(allowed.status, 204)
    assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://a.example')
    assert.equal(allowed.headers.get('access-control-allow-headers'), 'authorization')
  })
})
