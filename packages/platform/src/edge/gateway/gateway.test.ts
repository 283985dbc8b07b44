// The gateway as a whole, on a real PostgreSQL: the article's calls, admission, delivery, own pages, stop.
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { after, describe, test } from 'node:test'
import { gatewayFixture } from '../../../../../conformance/gateway/gateway-fixture.ts'
import { internalKey, startOwnGateway } from '../../../../../conformance/gateway/own-gateway.ts'
import { hmacToken } from '../../../../../conformance/gateway/tokens.ts'
import { verifyInternalToken } from '../../kernel/internal-token.ts'
import { issueToken } from './index.ts'

const { own, database, upstream, admin, get, close } = await gatewayFixture()

after(close)

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('the admin calls of the article', () => {
  let credential: { key: string; secret: string }

  test('answer 201 one after the other and act at once', async () => {
    const service = await admin('POST', '/services', 'name=patient-service&url=http://patient-service:8000')
    assert.equal(service.status, 201)
    assert.deepEqual(
      [service.body.host, service.body.port, service.body.path, service.body.retries],
      ['patient-service', 8000, null, 5],
    )
    const route = await admin('POST', '/services/patient-service/routes', 'paths[]=/api/v1/patients')
    assert.equal(route.status, 201)
    assert.deepEqual(
      [route.body.paths, route.body.strip_path, route.body.preserve_host],
      [['/api/v1/patients'], true, false],
    )
    assert.equal((await admin('POST', '/services/patient-service/plugins', 'name=jwt')).status, 201)
    assert.equal((await admin('POST', '/consumers', 'username=medical-frontend-app')).status, 201)
    const made = await admin('POST', '/consumers/medical-frontend-app/jwt')
    assert.equal(made.status, 201)
    assert.equal(made.body.algorithm, 'HS256')
    credential = made.body as unknown as typeof credential
  })

  test('a token of the new credential reaches our patient service under its full path', async () => {
    const answer = await get('/api/v1/patients/1?x=1', {
      ...bearer(hmacToken(credential)),
      'x-xinglin-caller': 'forged',
      'x-consumer-id': 'forged',
    })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.url, '/api/v1/patients/1?x=1')
    const { caller, headers } = answer.body as unknown as {
      caller: Record<string, unknown>
      headers: Record<string, unknown>
    }
    assert.deepEqual(
      [caller.subject, caller.roles, caller.address],
      ['medical-frontend-app', ['frontend'], '127.0.0.1'],
    )
    assert.deepEqual([headers['x-xinglin-caller'], headers['x-consumer-id']], [undefined, undefined])
    assert.match(String(headers.traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    assert.equal(answer.headers.get('x-request-id'), headers['x-request-id'])
  })

  test('a deleted credential is refused at once, although its token was remembered', async () => {
    const second = await admin('POST', '/consumers/medical-frontend-app/jwt', 'key=second')
    const token = hmacToken(second.body as unknown as typeof credential)
    assert.equal((await get('/fhir/Patient', bearer(token))).status, 200)
    assert.equal((await admin('DELETE', `/consumers/medical-frontend-app/jwt/${second.body.id}`)).status, 204)
    assert.equal((await get('/fhir/Patient', bearer(token))).status, 401)
    assert.equal((await get('/fhir/Patient', bearer(hmacToken(credential)))).status, 200)
  })

  test('refusals have the shape that Kong gives them', async () => {
    const twice = await admin('POST', '/services', 'name=patient-service&url=http://x')
    assert.deepEqual(
      [twice.status, twice.body.code, twice.body.name, twice.body.fields],
      [409, 5, 'unique constraint violation', { name: 'patient-service' }],
    )
    const bad = await admin('POST', '/services', 'name=other&port=99999&colour=red')
    assert.equal(bad.status, 400)
    assert.deepEqual(bad.body.fields, {
      colour: 'unknown field',
      host: 'required field missing',
      port: 'value should be between 0 and 65535',
    })
    const unknown = await admin('POST', '/services/patient-service/plugins', 'name=lottery')
    assert.deepEqual([unknown.status, Object.keys(unknown.body.fields ?? {})], [400, ['name']])
    assert.equal((await admin('GET', '/services/nothing')).status, 404)
    assert.equal((await admin('DELETE', '/services/nothing')).status, 204)
    assert.equal((await admin('DELETE', '/services/patient-service')).status, 400)
    assert.equal((await admin('PUT', '/services/patient-service')).status, 405)
    assert.equal((await admin('POST', '/consumers', 'username=x&tags[]=role:system')).status, 400)
    assert.equal((await admin('POST', '/consumers/medical-frontend-app/jwt', 'algorithm=RS256')).status, 400)
  })

  test('what is defined can be read, changed and paged', async () => {
    const list = await admin('GET', '/services/patient-service/plugins')
    assert.deepEqual(
      (list.body.data as unknown as { name: string }[]).map(({ name }) => name),
      ['jwt'],
    )
    const changed = await admin('PATCH', '/services/patient-service', 'read_timeout=1000')
    assert.deepEqual([changed.status, changed.body.read_timeout, changed.body.port], [200, 1000, 8000])
    const page = await admin('GET', '/consumers?size=1')
    assert.equal((page.body.data as unknown as unknown[]).length, 1)
    const next = await admin('GET', String(page.body.next))
    assert.equal((next.body.data as unknown as unknown[]).length, 1)
    assert.equal((await admin('GET', '/')).status, 200)
    assert.equal((await admin('GET', '/status')).status, 200)
  })

  test('a page of another site cannot call the admin API', async () => {
    for (const headers of [
      { origin: 'http://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { host: 'evil.example' },
    ]) {
      const answer = await new Promise((resolve, reject) => {
        const call = httpRequest(`${own.adminUrl}/consumers`, { method: 'POST', headers }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        call.once('error', reject)
        call.end()
      })
      assert.equal(answer, 403)
    }
  })

  test('another gateway on the same database follows within a second', async () => {
    const other = await startOwnGateway({ database })
    const followedMs = async (key: string): Promise<number> => {
      const made = await admin('POST', '/consumers/medical-frontend-app/jwt', `key=${key}`)
      const token = hmacToken(made.body as unknown as typeof credential)
      const begun = performance.now()
      for (;;) {
        const { status } = await fetch(`${other.url}/fhir/Patient`, { headers: bearer(token) })
        if (status === 200) return performance.now() - begun
        assert.ok(performance.now() - begun < 60_000, `still ${status} after a minute`)
      }
    }
    // A busy machine may take longer once, but not each time.
    const all: number[] = []
    while (all.length < 5 && !all.some((ms) => ms < 1000)) all.push(await followedMs(`third-${all.length}`))
    assert.ok(Math.min(...all) < 1000, `${all.join(', ')} ms`)
    await other.close()
  })
})

describe('admission', () => {
  test('without credential: 401 with a challenge, as OperationOutcome under /fhir and problem details elsewhere', async () => {
    const fhir = await get('/fhir/Observation')
    assert.deepEqual(
      [fhir.status, fhir.body.resourceType, fhir.headers.get('www-authenticate')],
      [401, 'OperationOutcome', 'Bearer'],
    )
    const plain = await get('/api/v1/patients')
    assert.equal(plain.status, 401)
    assert.match(plain.headers.get('content-type') ?? '', /problem\+json/)
    const refused = own.audits.filter((entry) => entry.interaction === 'edge-refusal')
    assert.ok(refused.some((entry) => entry.status === 401 && entry.query === 'GET /fhir/Observation'))
  })

  test('what describes the product is public', async () => {
    assert.equal((await get('/fhir/metadata')).status, 200)
    assert.equal((await get('/fhir/metadata/x')).status, 401)
  })

  test('an issued token has its role and its patient, and no more', async () => {
    const token = await issueToken(own.sql, { role: 'patient', patient: 'p1', subject: 'zhang-san' })
    const { body } = await get('/fhir/Patient/p1', bearer(token))
    const { caller } = body as unknown as { caller: Record<string, unknown> }
    assert.deepEqual([caller.subject, caller.roles, caller.patient], ['zhang-san', ['patient'], 'p1'])
    await assert.rejects(issueToken(own.sql, { role: 'patient' }), /id of the Patient/)
  })

  test('claims cannot widen what the consumer may', async () => {
    await admin('POST', '/consumers', 'username=narrow&tags[]=role:clinician&tags[]=patient:p7')
    const made = await admin('POST', '/consumers/narrow/jwt')
    const credential = made.body as unknown as { key: string; secret: string }
    assert.equal((await get('/fhir/Patient', bearer(hmacToken(credential, { role: 'admin' })))).status, 403)
    assert.equal((await get('/fhir/Patient', bearer(hmacToken(credential, { patient: 'p8' })))).status, 403)
    const narrowed = await get(
      '/fhir/Patient',
      bearer(hmacToken(credential, { role: ['clinician', 'admin'], scope: 'patient/*.rs' })),
    )
    const { caller } = narrowed.body as unknown as { caller: Record<string, unknown> }
    assert.deepEqual([caller.roles, caller.scopes, caller.patient], [['clinician'], ['patient/*.rs'], 'p7'])
  })

  test('an address or a host that could be read in two ways is refused', async () => {
    const statusOf = (head: string) =>
      new Promise((resolve) => {
        const socket = connect(Number(new URL(own.url).port), '127.0.0.1')
        socket.once('data', (chunk) => resolve(String(chunk).split(' ')[1]))
        socket.write(`${head}\r\nconnection: close\r\n\r\n`)
      })
    assert.equal(await statusOf('GET /fhir/%2e%2e/admin HTTP/1.1\r\nhost: x'), '400')
    assert.equal(await statusOf('GET /fhir/metadata HTTP/1.1\r\nhost: x\r\nhost: y'), '400')
    assert.equal(await statusOf('GET /fhir/metadata HTTP/1.1\r\nhost: a/b'), '400')
    assert.equal(await statusOf('GET /fhir/metadata HTTP/1.1\r\nhost: x'), '200')
  })
})

describe('delivery', () => {
  test('to instances in the registry, past one that is down, with the signed caller', async () => {
    const token = await issueToken(own.sql, { role: 'clinician' })
    for (let index = 0; index < 3; index++) {
      upstream.seen.length = 0
      const response = await fetch(`${own.url}/far/a?b=c`, { method: 'POST', body: 'hello', headers: bearer(token) })
      assert.equal(response.status, 200)
      assert.equal(await response.text(), 'saw /far/a?b=c')
      const [seen] = upstream.seen
      assert.equal(seen?.body, 'hello')
      assert.equal(verifyInternalToken(String(seen?.headers['x-xinglin-caller']), internalKey).subject, 'clinician')
      assert.equal(response.headers.get('x-secret'), null)
      assert.equal(response.headers.get('x-kept'), '2')
    }
  })

  test('to an upstream by its address, with the prefix cut off and the consumer named', async () => {
    await admin('POST', '/services', `name=lab&url=http://127.0.0.1:${upstream.port}/base`)
    await admin('POST', '/services/lab/routes', 'paths[]=/lab')
    upstream.seen.length = 0
    const open = await get('/lab/x?y=1', { cookie: 'a=1; xinglin_session=secret' })
    assert.deepEqual([open.status, open.body.text], [200, 'saw /base/x?y=1'])
    assert.equal(upstream.seen[0]?.headers.cookie, 'a=1')
    assert.equal(upstream.seen[0]?.headers['x-xinglin-caller'], undefined)
    await admin('POST', '/services/lab/plugins', 'name=jwt')
    assert.equal((await get('/lab/x')).status, 401)
    await admin('POST', '/consumers', 'username=lab-app')
    const made = await admin('POST', '/consumers/lab-app/jwt')
    assert.equal(
      (await get('/lab/x', bearer(hmacToken(made.body as unknown as { key: string; secret: string })))).status,
      200,
    )
    assert.equal(upstream.seen.at(-1)?.headers['x-consumer-username'], 'lab-app')
  })

  test('to an upstream whose host the registry knows', async () => {
    await admin('POST', '/services', 'name=machine&url=http://lab-machine:9')
    await admin('POST', '/services/machine/routes', 'paths[]=/machine&strip_path=false')
    assert.equal((await get('/machine/1')).body.text, 'saw /machine/1')
  })

  test('late answers are 504, unreachable upstreams 503', async () => {
    await admin('POST', '/services', `name=slow&url=http://127.0.0.1:${upstream.port}/hang&read_timeout=100`)
    await admin('POST', '/services/slow/routes', 'paths[]=/slow')
    assert.equal((await get('/slow')).status, 504)
    await admin('POST', '/services', 'name=gone&url=http://127.0.0.1:1')
    await admin('POST', '/services/gone/routes', 'paths[]=/gone')
    assert.equal((await get('/gone')).status, 503)
  })
})

test('asking who is signed in is answered with 401 and is no refused access of the trail', async () => {
  const before = own.audits.length
  assert.equal((await get('/auth/session')).status, 401)
  assert.equal(own.audits.length, before)
})

test('its own pages: root, health, console', async () => {
  assert.equal((await get('/', { accept: 'text/html' })).headers.get('location'), '/app/')
  assert.equal((await get('/')).body.name, 'Xinglin')
  assert.equal((await get('/health/live')).status, 200)
  assert.equal((await get('/health/ready')).status, 200)
  assert.equal((await get('/app/')).status, 404)
  assert.equal((await get('/nothing')).status, 404)
})

test('stops when the last answer is out, and says which port is taken', async () => {
  const small = await startOwnGateway({ database })
  const { port } = new URL(small.url)
  await assert.rejects(startOwnGateway({ database, settings: { PORT: port } }), /PORT/)
  const call = fetch(`${small.url}/health/live`)
  await call
  await small.running.close?.()
  await assert.rejects(fetch(`${small.url}/health/live`))
})
