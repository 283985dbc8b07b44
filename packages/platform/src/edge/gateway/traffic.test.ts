// The gateway as a whole, on a real PostgreSQL: canary weights, health, retries, circuits, groups, load.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { gatewayFixture } from '../../../../../conformance/gateway/gateway-fixture.ts'
import { fixedRegistry, startOwnGateway } from '../../../../../conformance/gateway/own-gateway.ts'
import { hmacToken } from '../../../../../conformance/gateway/tokens.ts'
import { issueToken } from './index.ts'

const fixture = await gatewayFixture()
const { own, database, admin, get } = fixture

interface Backend {
  readonly name: string
  readonly port: number
  readonly server: Server
  status: number
  health: number
  count: number
}

async function backend(name: string): Promise<Backend> {
  const state = { status: 200, health: 200, count: 0 }
  const server = createServer((request, response) => {
    const isProbe = request.url === '/healthy'
    if (!isProbe) state.count += 1
    response.statusCode = isProbe ? state.health : state.status
    response.end(name)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(state, { name, port, server })
}

const backends: Backend[] = []
before(async () => {
  for (const name of ['stable', 'canary']) backends.push(await backend(name))
})
after(async () => {
  await fixture.close()
  for (const { server } of backends) {
    server.closeAllConnections()
    server.close()
  }
})

function both(): readonly [Backend, Backend] {
  const [stable, canary] = backends
  assert.ok(stable && canary)
  return [stable, canary]
}

/** Defines an upstream `name` with both backends and a route `/name` to it. */
async function define(name: string, weights: readonly [number, number], checks = ''): Promise<void> {
  const [stable, canary] = both()
  for (const one of backends) Object.assign(one, { status: 200, health: 200, count: 0 })
  assert.equal((await admin('POST', '/upstreams', `name=${name}.up${checks}`)).status, 201)
  await admin('POST', `/upstreams/${name}.up/targets`, `target=127.0.0.1:${stable.port}&weight=${weights[0]}`)
  await admin('POST', `/upstreams/${name}.up/targets`, `target=127.0.0.1:${canary.port}&weight=${weights[1]}`)
  await admin('POST', '/services', `name=${name}&host=${name}.up`)
  assert.equal((await admin('POST', `/services/${name}/routes`, `paths[]=/${name}`)).status, 201)
}

const healthOf = async (name: string): Promise<readonly unknown[]> => {
  const { body } = await admin('GET', `/upstreams/${name}.up/health`)
  return (body.data as unknown as readonly { health: string }[]).map(({ health }) => health)
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await isSo())) {
    assert.ok(Date.now() < end, 'it did not come to be within a minute')
    await delay(50)
  }
}

describe('targets of an upstream', () => {
  test('share requests by weight, and a changed weight acts at once', async () => {
    const [stable, canary] = both()
    await define('share', [9, 1])
    for (let index = 0; index < 20; index++) assert.equal((await get('/share')).status, 200)
    assert.deepEqual([stable.count, canary.count], [18, 2])
    await admin('PATCH', `/upstreams/share.up/targets/127.0.0.1:${stable.port}`, 'weight=0')
    for (let index = 0; index < 5; index++) await get('/share')
    assert.deepEqual([stable.count, canary.count], [18, 7])
  })

  test('that answer 503 are passed over for those that do not, unless the request may not be repeated', async () => {
    const [stable, canary] = both()
    await define('repeat', [1, 1])
    canary.status = 503
    for (let index = 0; index < 6; index++) assert.equal((await get('/repeat')).body.text, 'stable')
    const posted = await Promise.all(
      Array.from({ length: 6 }, () => fetch(`${own.url}/repeat`, { method: 'POST', body: 'x' })),
    )
    const statuses = posted.map(({ status }) => status).toSorted()
    assert.deepEqual(statuses, [200, 200, 200, 503, 503, 503])
    stable.status = 503
    assert.equal((await get('/repeat')).status, 503)
  })

  test('cost no more retries than the budget has', async () => {
    const [stable, canary] = both()
    await define('budget', [1, 1])
    Object.assign(stable, { status: 503 })
    Object.assign(canary, { status: 503 })
    for (let index = 0; index < 60; index++) assert.equal((await get('/budget')).status, 503)
    const retries = stable.count + canary.count - 60
    assert.ok(retries >= 10 && retries <= 30, `${retries} retries`)
  })

  test('are left alone by their answers, and tried again after a rest or by an operator’s word', async () => {
    const [, canary] = both()
    await define('passive', [1, 1], '&healthchecks.passive.unhealthy.http_failures=2')
    canary.status = 500
    for (let index = 0; index < 4; index++) await get('/passive')
    assert.equal(canary.count, 2)
    for (let index = 0; index < 4; index++) assert.equal((await get('/passive')).status, 200)
    assert.equal(canary.count, 2)
    assert.deepEqual(await healthOf('passive'), ['HEALTHY', 'UNHEALTHY'])
    canary.status = 200
    const word = `/upstreams/passive.up/targets/127.0.0.1:${canary.port}`
    assert.equal((await admin('PUT', `${word}/healthy`)).status, 204)
    for (let index = 0; index < 4; index++) await get('/passive')
    assert.equal(canary.count, 4)
    assert.equal((await admin('PUT', `${word}/unhealthy`)).status, 204)
    for (let index = 0; index < 4; index++) await get('/passive')
    assert.equal(canary.count, 4)
    assert.equal((await admin('PUT', '/upstreams/passive.up/targets/10.0.0.9:1/healthy')).status, 404)
  })

  test('are probed: one that is ill gets no request, and is back when it is well', async () => {
    const [stable, canary] = both()
    const active = '&healthchecks.active.http_path=/healthy&healthchecks.active.healthy.interval=0.05'
    await define('probed', [1, 1], `${active}&healthchecks.active.unhealthy.interval=0.05`)
    canary.health = 500
    await until(async () => (await healthOf('probed')).join() === 'HEALTHY,UNHEALTHY')
    const before = canary.count
    for (let index = 0; index < 4; index++) assert.equal((await get('/probed')).body.text, 'stable')
    assert.equal(canary.count, before)
    stable.health = 500
    await until(async () => (await get('/probed')).status === 503)
    assert.ok(Number((await get('/probed')).headers.get('retry-after')) >= 1)
    Object.assign(stable, { health: 200 })
    Object.assign(canary, { health: 200 })
    await until(async () => (await healthOf('probed')).join() === 'HEALTHY,HEALTHY')
  })
})

test('versions of an own service share its requests by their tags', async () => {
  const [stable, canary] = both()
  for (const one of backends) Object.assign(one, { status: 200, count: 0 })
  const instance = { address: '127.0.0.1', healthy: true, service: 'far' }
  const split = await startOwnGateway({
    database,
    extra: { routes: [{ service: 'far', paths: ['/far'] }] },
    registry: fixedRegistry([
      { ...instance, id: 'one', port: stable.port, tags: ['v1'] },
      { ...instance, id: 'two', port: canary.port, tags: ['v2'] },
    ]),
  })
  await admin('POST', '/upstreams', 'name=far')
  await admin('POST', '/upstreams/far/targets', 'target=v1.far.service.consul&weight=3')
  await admin('POST', '/upstreams/far/targets', 'target=v2.far.service.consul&weight=1')
  const headers = { authorization: `Bearer ${await issueToken(own.sql, { role: 'clinician' })}` }
  await until(async () => {
    for (const one of backends) one.count = 0
    for (let index = 0; index < 8; index++) await (await fetch(`${split.url}/far/x`, { headers })).text()
    return stable.count === 6 && canary.count === 2
  })
  await split.close()
  await admin('DELETE', '/upstreams/far')
})

test('an upstream that cannot be reached is soon not tried any more', async () => {
  await admin('POST', '/services', 'name=away&url=http://127.0.0.1:1')
  await admin('POST', '/services/away/routes', 'paths[]=/away')
  for (let index = 0; index < 5; index++) assert.equal((await get('/away')).status, 503)
  const answer = await get('/away')
  assert.equal(answer.status, 503)
  assert.match(String(answer.body.detail), /No instance/)
})

test('only the groups that may call a service do, and the upstream is told them', async () => {
  await define('closed', [1, 0])
  await admin('POST', '/services/closed/plugins', 'name=jwt')
  await admin('POST', '/services/closed/plugins', 'name=acl&config.allow=radiology')
  await admin('POST', '/consumers', 'username=reader')
  const made = await admin('POST', '/consumers/reader/jwt')
  const headers = { authorization: `Bearer ${hmacToken(made.body as unknown as { key: string; secret: string })}` }
  assert.equal((await get('/closed')).status, 401)
  assert.equal((await get('/closed', headers)).status, 403)
  await admin('POST', '/consumers/reader/acls', 'group=radiology')
  assert.equal((await get('/closed', headers)).status, 200)
  const plugins = (await admin('GET', '/services/closed/plugins')).body.data as unknown as {
    id: string
    name: string
  }[]
  const acl = plugins.find(({ name }) => name === 'acl')
  await admin('DELETE', `/plugins/${acl?.id}`)
  await admin('POST', '/services/closed/plugins', 'name=acl&config.deny=night&config.include_consumer_groups=true')
  await admin('POST', '/consumer_groups', 'name=night')
  assert.equal((await get('/closed', headers)).status, 200)
  await admin('POST', '/consumer_groups/night/consumers', 'consumer=reader')
  assert.equal((await get('/closed', headers)).status, 403)
})

test('what is beyond the room for requests under way is refused with Retry-After, health is not', async () => {
  const small = await startOwnGateway({ database, settings: { GATEWAY_MAX_IN_FLIGHT: '2' } })
  await admin('POST', '/services', `name=hanging&url=http://127.0.0.1:${fixture.upstream.port}/hang&read_timeout=700`)
  await admin('POST', '/services/hanging/routes', 'paths[]=/hanging')
  await until(async () => (await fetch(`${small.url}/hanging`)).status === 504)
  const hanging = [1, 2].map(() => fetch(`${small.url}/hanging`))
  await delay(200)
  const refused = await fetch(`${small.url}/hanging`)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1'])
  assert.equal((await fetch(`${small.url}/health/live`)).status, 200)
  assert.deepEqual(
    (await Promise.all(hanging)).map(({ status }) => status),
    [504, 504],
  )
  await small.close()
})
