// Which addresses a service must not lie at, in every notation that a resolver understands.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOwnGateway } from '../../../../../../conformance/gateway/own-gateway.ts'
import { isGuardedHost } from '../../../kernel/guarded-address.ts'

test('link-local, unspecified and metadata addresses are known in every notation', () => {
  const all = [
    ...['169.254.169.254', '169.254.0.23', '2852039166', '0xa9fea9fe', '169.254.43518', '0251.0376.0251.0376'],
    ...['0.0.0.0', '0', '0.1.2.3', '::', '0:0:0:0:0:0:0:0', 'fe80::1', 'FEBF::1', '::ffff:169.254.169.254'],
    ...['::ffff:a9fe:a9fe', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254'],
  ]
  assert.deepEqual(
    all.filter((host) => !isGuardedHost(host)),
    [],
  )
})

test('loopback, private and public addresses and names may be used', () => {
  const all = [
    ...['127.0.0.1', 'localhost', '::1', '10.0.0.1', '192.168.1.20', '172.17.0.1', '100.64.0.1', '203.0.113.5'],
    ...['fd12:3456::1', '2001:db8::1', '::ffff:10.0.0.1', 'patient-service', 'patient.service.consul', 'a.169.254.1.1'],
  ]
  assert.deepEqual(all.filter(isGuardedHost), [])
})

test('the admin port refuses them with the field and the setting, unless they are allowed', async (context) => {
  const own = await startOwnGateway()
  context.after(() => own.close())
  const send = async (method: string, path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${own.adminUrl}${path}`, { method, headers, body: JSON.stringify(body) })
    return { status: answer.status, text: await answer.text() }
  }
  const refusedAt = (field: string, { status, text }: { status: number; text: string }): void => {
    assert.equal(status, 400)
    assert.match(text, new RegExp(`${field}.*GATEWAY_LINK_LOCAL`))
  }
  refusedAt('host', await send('POST', '/services', { name: 'm', url: 'http://169.254.169.254/latest' }))
  refusedAt('host', await send('POST', '/services', { name: 'm', host: '2852039166' }))
  assert.equal((await send('POST', '/services', { name: 'm', url: 'http://127.0.0.1:9' })).status, 201)
  refusedAt('host', await send('PATCH', '/services/m', { host: 'fe80::1' }))
  assert.equal((await send('POST', '/upstreams', { name: 'u' })).status, 201)
  refusedAt('target', await send('POST', '/upstreams/u/targets', { target: '169.254.169.254:80' }))
  refusedAt('target', await send('POST', '/upstreams/u/targets', { target: '[fe80::1]:80' }))
  assert.equal((await send('POST', '/upstreams/u/targets', { target: '10.0.0.1:80' })).status, 201)
})
