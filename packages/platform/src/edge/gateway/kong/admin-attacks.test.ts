// The admin port against hostile fields, foreign pages and wrong tokens.
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { after, before, test } from 'node:test'
import { type OwnGateway, startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'

const token = 'a token of sixteen characters or more'
const shared: { own?: OwnGateway } = {}

before(async () => {
  shared.own = await startOwnGateway({ settings: { KONG_ADMIN_TOKEN: token } })
})
after(() => shared.own?.close())

async function admin(path: string, body: string, headers: Record<string, string> = {}) {
  assert.ok(shared.own)
  const sent = { 'content-type': 'application/json', 'kong-admin-token': token, ...headers }
  const answer = await fetch(`${shared.own.adminUrl}${path}`, { method: 'POST', headers: sent, body })
  return { status: answer.status, body: (await answer.json()) as { fields?: Record<string, unknown> } }
}

test('texts that cannot be stored are named faults of the caller', async () => {
  assert.equal((await admin('/consumers', '{"username":"lab"}')).status, 201)
  for (const text of ['\\ud800', 'a\\udc00b', 'a\\u0000b']) {
    for (const [path, field] of [
      ['/consumers', 'username'],
      ['/consumers', 'custom_id'],
      ['/consumers/lab/jwt', 'key'],
      ['/consumers/lab/jwt', 'secret'],
      ['/services', 'name'],
      ['/services', 'host'],
    ] as const) {
      const { status, body } = await admin(path, `{"${field}":"${text}"}`)
      assert.equal(status, 400, `${path} ${field} ${text}`)
      assert.ok(body.fields?.[field], field)
    }
  }
})

test('addresses of every form name nothing, and are no fault of the server', async () => {
  assert.ok(shared.own)
  const { hostname, port } = new URL(shared.own.adminUrl)
  for (const path of [
    '//[',
    '//a:99999999/',
    'http://[',
    '/\\',
    '*',
    '/%',
    '/services/%ff',
    '//services',
    '/services//',
  ]) {
    const status = await new Promise((resolve, reject) => {
      const call = get({ host: hostname, port, path, headers: { 'kong-admin-token': token } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      call.once('error', reject)
    })
    assert.equal(status, 404, path)
  }
})

test('fields with names of prototypes are unknown fields', async () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const { status, body } = await admin('/services', `{"name":"x","host":"x","${name}":{"a":1}}`)
    assert.equal(status, 400, name)
    assert.match(JSON.stringify(body), /unknown field/)
    assert.equal((await admin('/plugins', JSON.stringify({ name }))).status, 400)
  }
})

test('only who has the token is answered, and never a page of another site or what acts for one', async () => {
  const call = (headers: Record<string, string>) => admin('/consumers', '{}', headers)
  for (const wrong of ['', 'x', token.slice(1), `${token}x`]) {
    assert.equal((await call({ 'kong-admin-token': wrong })).status, 401)
  }
  for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
    assert.equal((await call(headers as Record<string, string>)).status, 403)
  }
})
