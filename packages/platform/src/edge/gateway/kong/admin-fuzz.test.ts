// Every admin address with bodies of every kind: an answer in Kong's words, never a failure of the server, nothing half stored.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'

const shared: { own?: OwnGateway } = {}

before(async () => {
  shared.own = await startOwnGateway()
  for (const [path, body] of [
    ['/services', { name: 'known', host: 'x' }],
    ['/consumers', { username: 'known' }],
    ['/upstreams', { name: 'known' }],
    ['/consumer_groups', { name: 'known' }],
  ] as const)
    assert.equal((await send('POST', path, JSON.stringify(body))).status, 201)
})
after(() => shared.own?.close())

const json = 'application/json'

async function send(method: string, path: string, body: string | undefined, type = json) {
  const sent = body === undefined || method === 'GET' ? {} : { body, headers: { 'content-type': type } }
  const answer = await fetch(`${shared.own?.adminUrl}${path}`, { method, ...sent })
  return { status: answer.status, text: await answer.text() }
}

const lists = [
  '/services',
  '/services/known/routes',
  '/services/known/plugins',
  '/routes',
  '/plugins',
  '/consumers',
  '/consumers/known/jwt',
  '/consumers/known/acls',
  '/consumers/known/consumer_groups',
  '/consumer_groups',
  '/consumer_groups/known/consumers',
  '/consumer_groups/known/plugins',
  '/upstreams',
  '/upstreams/known/targets',
  '/upstreams/known/health',
  '/acls',
  '/metrics',
]
const names = [
  'name',
  'host',
  'url',
  'paths',
  'config',
  'target',
  'weight',
  'group',
  'consumer',
  'healthchecks',
  'tags',
]
const values = fc.oneof(
  fc.constantFrom(
    'jwt',
    'acl',
    'rate-limiting',
    'known',
    'http://x:1',
    'x:1',
    '/a',
    '',
    '\u0000',
    '\ud800',
    -1,
    1e308,
    null,
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(fc.constantFrom('active', 'passive', 'allow', 'minute', 'healthy', 'id', '__proto__'), fc.jsonValue()),
)
const bodies = fc.oneof(
  fc.dictionary(fc.constantFrom(...names), values).map((body) => ({ text: JSON.stringify(body), type: json })),
  fc.jsonValue().map((body) => ({ text: JSON.stringify(body), type: json })),
  fc.string().map((text) => ({ text, type: json })),
  fc.dictionary(fc.constantFrom(...names, 'config.a.b.c.d.e.f', 'paths[999999]'), fc.string()).map((fields) => ({
    text: new URLSearchParams(fields).toString(),
    type: 'application/x-www-form-urlencoded',
  })),
  fc.string().map((text) => ({ text, type: 'text/xml' })),
)
const requests = fc.record({
  method: fc.constantFrom('POST', 'PATCH', 'PUT', 'DELETE', 'GET'),
  path: fc.oneof(
    fc.constantFrom(...lists),
    fc.constantFrom(...lists).map((path) => `${path}/known/healthy`),
  ),
  body: bodies,
})

test('no body at any address is a failure of the server, and every refusal says what is wrong', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async ({ method, path, body }) => {
      const { status, text } = await send(method, path, body.text, body.type)
      assert.ok(status < 500, `${method} ${path} ${body.text}: ${status} ${text}`)
      if (status < 400 || text === '') return
      assert.equal(typeof (JSON.parse(text) as { message?: unknown }).message, 'string')
    }),
    { numRuns: 200, seed: 4 },
  )
  assert.equal((await send('GET', '/services', undefined)).status, 200)
  const target = { target: '127.0.0.1:1', weight: 5 }
  assert.equal((await send('POST', '/upstreams/known/targets', JSON.stringify(target))).status, 201)
})
