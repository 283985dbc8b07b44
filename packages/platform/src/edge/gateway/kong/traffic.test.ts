// Groups, upstreams and targets at the admin port, in Kong's words.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'

const shared: { own?: OwnGateway } = {}

before(async () => {
  shared.own = await startOwnGateway()
})
after(() => shared.own?.close())

type Body = Readonly<Record<string, unknown>>

// What lies at a path of a body.
function at(body: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string | number, unknown>)[name], body)
}

async function admin(method: string, path: string, form?: string) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const sent = form === undefined ? { method } : { method, headers, body: form }
  const answer = await fetch(`${shared.own?.adminUrl}${path}`, sent)
  const text = await answer.text()
  return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Body }
}

test('an upstream has Kong’s defaults, and what is sent of a record keeps the rest', async () => {
  const form = 'name=patients&healthchecks.active.healthy.interval=5&healthchecks.passive.unhealthy.http_statuses=503'
  const made = await admin('POST', '/upstreams', form)
  assert.equal(made.status, 201)
  const { body } = made
  assert.deepEqual(
    [body.algorithm, body.slots, body.hash_on, at(body, 'healthchecks', 'threshold')],
    ['round-robin', 10_000, 'none', 0],
  )
  const healthy = { interval: 5, successes: 0, http_statuses: [200, 302] }
  assert.deepEqual(at(body, 'healthchecks', 'active', 'healthy'), healthy)
  const unhealthy = { http_failures: 0, tcp_failures: 0, timeouts: 0, http_statuses: [503] }
  assert.deepEqual(at(body, 'healthchecks', 'passive', 'unhealthy'), unhealthy)
  const changed = await admin('PATCH', '/upstreams/patients', 'healthchecks.active.unhealthy.interval=1')
  assert.equal(changed.status, 200)
  assert.deepEqual(at(changed.body, 'healthchecks', 'active', 'healthy'), healthy)
  assert.equal(at(changed.body, 'healthchecks', 'active', 'unhealthy', 'interval'), 1)
})

test('targets have a weight and a place in their upstream alone', async () => {
  const made = await admin('POST', '/upstreams/patients/targets', 'target=10.0.0.1:8000&weight=90')
  assert.deepEqual([made.status, made.body.weight], [201, 90])
  assert.equal((await admin('POST', '/upstreams/patients/targets', 'target=v2.patient.service.consul')).status, 201)
  const twice = await admin('POST', '/upstreams/patients/targets', 'target=10.0.0.1:8000')
  assert.deepEqual([twice.status, twice.body.code], [409, 5])
  assert.equal((await admin('PATCH', '/upstreams/patients/targets/10.0.0.1:8000', 'weight=0')).body.weight, 0)
  await admin('POST', '/upstreams', 'name=labs')
  assert.equal((await admin('POST', '/upstreams/labs/targets', 'target=10.0.0.1:8000&weight=7')).status, 201)
  assert.equal((await admin('GET', '/upstreams/labs/targets/10.0.0.1:8000')).body.weight, 7)
  assert.equal((await admin('DELETE', '/upstreams/labs')).status, 204)
  assert.equal(at((await admin('GET', '/upstreams/patients/targets')).body, 'data', 'length'), 2)
})

test('bad upstreams and targets are named faults', async () => {
  const bad = await admin('POST', '/upstreams', 'name=a b&algorithm=lottery&healthchecks.active.healthy.interval=-1')
  assert.equal(bad.status, 400)
  assert.deepEqual(Object.keys(bad.body.fields ?? {}), ['name', 'algorithm', 'healthchecks'])
  for (const target of ['', 'a b:1', 'x:0', 'x:99999', '[::1', 'http://x', 'x/y']) {
    const answer = await admin('POST', '/upstreams/patients/targets', new URLSearchParams({ target }).toString())
    assert.equal(answer.status, 400, target)
  }
  assert.equal((await admin('POST', '/upstreams/patients/targets', 'target=x:1&weight=65536')).status, 400)
  assert.equal((await admin('POST', '/upstreams/none/targets', 'target=x:1')).status, 404)
  assert.equal((await admin('POST', '/upstreams', 'name=x&healthchecks=1')).status, 400)
  assert.equal((await admin('POST', '/upstreams', 'name=x&healthchecks.active.colour=red')).status, 400)
})

test('a consumer is put into groups by both of Kong’s ways', async () => {
  await admin('POST', '/consumers', 'username=lab')
  const acl = await admin('POST', '/consumers/lab/acls', 'group=radiology')
  assert.deepEqual([acl.status, acl.body.group], [201, 'radiology'])
  assert.equal((await admin('POST', '/consumers/lab/acls', 'group=radiology')).status, 409)
  assert.equal((await admin('POST', '/consumers/lab/acls')).status, 400)
  assert.equal((await admin('POST', '/consumer_groups', 'name=gold')).status, 201)
  const joined = await admin('POST', '/consumer_groups/gold/consumers', 'consumer=lab')
  assert.equal(joined.status, 201)
  assert.equal(at(joined.body, 'consumer_group', 'name'), 'gold')
  assert.equal(at(joined.body, 'consumers', 0, 'username'), 'lab')
  assert.equal((await admin('POST', '/consumers/lab/consumer_groups', 'group=gold')).status, 409)
  assert.equal(at((await admin('GET', '/consumers/lab/consumer_groups')).body, 'data', 0, 'name'), 'gold')
  assert.equal((await admin('POST', '/consumer_groups/gold/consumers', 'consumer=nobody')).status, 400)
  assert.equal((await admin('DELETE', '/consumer_groups/gold/consumers/lab')).status, 204)
  assert.deepEqual((await admin('GET', '/consumer_groups/gold/consumers')).body.data, [])
  assert.equal((await admin('DELETE', '/consumers/lab')).status, 204)
  assert.deepEqual((await admin('GET', '/acls')).body.data, [])
})

test('the plugin acl takes either those who may or those who may not', async () => {
  assert.equal((await admin('POST', '/plugins', 'name=acl')).status, 400)
  assert.equal((await admin('POST', '/plugins', 'name=acl&config.allow=a&config.deny=b')).status, 400)
  const made = await admin('POST', '/plugins', 'name=acl&config.allow=a&enabled=false')
  assert.deepEqual([made.status, at(made.body, 'config', 'allow')], [201, ['a']])
})
