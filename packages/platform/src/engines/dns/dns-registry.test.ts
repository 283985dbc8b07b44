// Discovery by names: one instance a service, healthy while its name leads somewhere.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createCalls } from '../../kernel/call.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createLogger } from '../../kernel/log.ts'
import type { Instance } from '../../kernel/ports.ts'
import { createDnsRegistry } from './dns-registry.ts'

const log = createLogger({ level: 'silent' })

test('a service is where its name leads, with the port of all', async () => {
  const registry = createDnsRegistry({ pattern: '{service}.xinglin.svc:8000', log, resolve: async () => 'there' })
  const [instance, ...more] = registry.instances('patient')
  assert.deepEqual(more, [])
  assert.equal(instance?.address, 'patient.xinglin.svc')
  assert.equal(instance?.port, 8000)
  assert.equal(instance?.healthy, true)
  await registry.close()
})

test('watchers are told when a name leads nowhere, and when it does again', async () => {
  const names = { known: true }
  const resolve = async (): Promise<void> => {
    if (!names.known) throw new Error('ENOTFOUND')
  }
  const registry = createDnsRegistry({ pattern: '{service}:8000', log, resolve, everyMs: 5 })
  const seen: boolean[] = []
  const told = new EventTarget()
  registry.watch('emr', ([instance]: readonly Instance[]) => {
    seen.push(instance?.healthy === true)
    told.dispatchEvent(new Event('change'))
  })
  names.known = false
  await once(told, 'change')
  names.known = true
  await once(told, 'change')
  assert.deepEqual(seen, [true, false, true])
  await registry.close()
})

test('what is no name of a service is looked up nowhere', async () => {
  const asked: string[] = []
  const resolve = async (host: string): Promise<void> => void asked.push(host)
  const registry = createDnsRegistry({ pattern: '{service}:8000', log, resolve })
  assert.deepEqual(registry.instances('evil.example.org/x'), [])
  assert.deepEqual(asked, [])
  await registry.close()
})

test('a pattern without {service} or port is refused with what it must be', () => {
  for (const pattern of ['patient:8000', '{service}', '{service}:0', '{service}:99999', 'http://{service}:80/']) {
    assert.throws(() => createDnsRegistry({ pattern, log }), /SERVICE_DNS is .* must be host:port/)
  }
})

test('a call finds the service by its name', async () => {
  const server = createServer((request, response) => response.end(`${request.headers.host} ${request.url}`))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // Every name below localhost is this machine (RFC 6761), so the service's own name stands in the host.
  const registry = createDnsRegistry({ pattern: `{service}:${port}`, log })
  const calls = createCalls({
    ...{ local: () => undefined, registry, sign: () => 'token', clock: systemClock },
    self: { subject: 'test', name: 'Test', roles: ['system'], scopes: [], purpose: 'HOPERAT' },
  })
  const answer = await calls.call('localhost')('/health/live')
  assert.equal(await answer.text(), `localhost:${port} /health/live`)
  await calls.close()
  await registry.close()
  server.close()
})
