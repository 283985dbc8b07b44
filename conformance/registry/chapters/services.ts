// Services and checks: what is registered is shown, in Consul's shape, in every list.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type RegistryClient, until } from '../registry-client.ts'
import { freshName, type HealthCheck, type HealthEntry, type RegistryCheck } from './check.ts'

const health = async (client: RegistryClient, name: string, query = ''): Promise<readonly HealthEntry[]> =>
  (await client.get(`/v1/health/service/${name}${query}`)).json<readonly HealthEntry[]>()

// A real Consul shows in the catalogue a moment later what its agent knows.
const settledHealth = (client: RegistryClient, name: string, count: number, query = '') =>
  until(
    () => health(client, name, query),
    (found) => found.length === count,
  )

async function withService(
  client: RegistryClient,
  fields: Readonly<Record<string, unknown>>,
  run: (name: string) => Promise<void>,
): Promise<void> {
  const name = freshName('service')
  const put = await client.put('/v1/agent/service/register', { Name: name, ID: `${name}-1`, Port: 8000, ...fields })
  assert.equal(put.status, 200, put.text)
  try {
    await run(name)
  } finally {
    await client.put(`/v1/agent/service/deregister/${name}-1`)
  }
}

const ttl = { Check: { TTL: '30s' } }

/** Checks of services. */
export const serviceChecks: readonly RegistryCheck[] = [
  {
    title: 'a registered service is shown with address, port, tags and meta',
    run: (client) =>
      withService(client, { Address: '127.0.0.1', Tags: ['a', 'b'], Meta: { version: '1' } }, async (name) => {
        const [entry] = await settledHealth(client, name, 1)
        assert.deepEqual(
          [entry?.Service.ID, entry?.Service.Service, entry?.Service.Address, entry?.Service.Port],
          [`${name}-1`, name, '127.0.0.1', 8000],
        )
        assert.deepEqual([entry?.Service.Tags, entry?.Service.Meta], [['a', 'b'], { version: '1' }])
        assert.ok((entry?.Service.CreateIndex ?? 0) > 0)
        const catalog = await client.get(`/v1/catalog/service/${name}`)
        const [flat] = catalog.json<readonly Record<string, unknown>[]>()
        assert.deepEqual(
          [flat?.['ServiceID'], flat?.['ServiceName'], flat?.['ServicePort'], flat?.['ServiceTags']],
          [`${name}-1`, name, 8000, ['a', 'b']],
        )
        const agent = (await client.get('/v1/agent/services')).json<Record<string, { Service: string }>>()
        assert.equal(agent[`${name}-1`]?.Service, name)
        const names = (await client.get('/v1/catalog/services')).json<Record<string, readonly string[]>>()
        assert.deepEqual([...(names[name] ?? [])].sort(), ['a', 'b'])
      }),
  },
  {
    title: 'names of fields may be written in lower case, as Python clients do',
    run: async (client) => {
      const name = freshName('lower')
      const body = { name, id: `${name}-1`, address: '127.0.0.1', port: 1, tags: ['t'], check: { ttl: '30s' } }
      assert.equal((await client.put('/v1/agent/service/register', body)).status, 200)
      const [entry] = await settledHealth(client, name, 1)
      assert.equal(entry?.Checks.find(({ ServiceID }) => ServiceID === `${name}-1`)?.Type, 'ttl')
      await client.put(`/v1/agent/service/deregister/${name}-1`)
    },
  },
  {
    title: 'a service without id takes its name; without a name it is refused',
    run: async (client) => {
      const name = freshName('unnamed')
      assert.equal((await client.put('/v1/agent/service/register', { Name: name })).status, 200)
      await settledHealth(client, name, 1)
      assert.equal((await client.put(`/v1/agent/service/deregister/${name}`)).status, 200)
      const refused = await client.put('/v1/agent/service/register', { Port: 1 })
      assert.deepEqual([refused.status, refused.text], [400, 'Missing service name'])
    },
  },
  {
    title: 'a TTL check begins critical and follows pass, warn, fail and update',
    run: (client) =>
      withService(client, ttl, async (name) => {
        const statusIs = (status: string) =>
          until(
            async () => (await client.get(`/v1/health/checks/${name}`)).json<readonly HealthCheck[]>()[0],
            (check) => check?.Status === status,
          )
        await statusIs('critical')
        for (const [verb, status] of [
          ['pass', 'passing'],
          ['warn', 'warning'],
          ['fail', 'critical'],
        ] as const) {
          assert.equal((await client.put(`/v1/agent/check/${verb}/service:${name}-1?note=because`)).status, 200)
          assert.equal((await statusIs(status))?.Output, 'because')
        }
        const update = await client.put(`/v1/agent/check/update/service:${name}-1`, { Status: 'passing', Output: 'o' })
        assert.equal(update.status, 200)
        await statusIs('passing')
        const bad = await client.put(`/v1/agent/check/update/service:${name}-1`, { Status: 'well' })
        assert.equal(bad.status, 400)
      }),
  },
  {
    title: '?passing leaves out what is not well, ?tag what has not the tag, ?filter what does not fit',
    run: (client) =>
      withService(client, { ...ttl, Tags: ['x'] }, async (name) => {
        await settledHealth(client, name, 1)
        assert.equal((await health(client, name, '?passing')).length, 0)
        await client.put(`/v1/agent/check/pass/service:${name}-1`)
        await settledHealth(client, name, 1, '?passing=1')
        assert.equal((await health(client, name, '?tag=x')).length, 1)
        assert.equal((await health(client, name, '?tag=y')).length, 0)
        const filter = (text: string) => health(client, name, `?filter=${encodeURIComponent(text)}`)
        assert.equal((await filter('"x" in Service.Tags')).length, 1)
        assert.equal((await filter('Service.Port == 8000 and not (Service.Tags contains "y")')).length, 1)
        assert.equal((await filter('Service.Meta is empty')).length, 1)
        assert.equal((await filter('Service.Port != 8000 or "z" in Service.Tags')).length, 0)
      }),
  },
  {
    title: 'an HTTP check passes for 200, warns for 429 and is critical for 500',
    run: async (client) => {
      const answer = { status: 200 }
      const server = createServer((_request, response) => {
        response.writeHead(answer.status).end('body')
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const check = { HTTP: `http://127.0.0.1:${port}/health`, Interval: '1s', Timeout: '1s' }
      await withService(client, { Port: port, Check: check }, async (name) => {
        for (const [status, word] of [
          [200, 'passing'],
          [429, 'warning'],
          [500, 'critical'],
        ] as const) {
          answer.status = status
          await until(
            async () => (await client.get(`/v1/health/checks/${name}`)).json<readonly HealthCheck[]>()[0],
            (found) => found?.Status === word,
          )
        }
      })
      server.closeAllConnections()
      server.close()
    },
  },
  {
    title: 'maintenance makes a service critical, and ends',
    run: (client) =>
      withService(client, {}, async (name) => {
        await settledHealth(client, name, 1, '?passing')
        const on = await client.put(`/v1/agent/service/maintenance/${name}-1?enable=true&reason=works`)
        assert.equal(on.status, 200)
        await settledHealth(client, name, 0, '?passing')
        const [entry] = await health(client, name)
        const check = entry?.Checks.find(({ CheckID }) => CheckID === `_service_maintenance:${name}-1`)
        assert.deepEqual([check?.Status, check?.Name], ['critical', 'Service Maintenance Mode'])
        await client.put(`/v1/agent/service/maintenance/${name}-1?enable=false`)
        await settledHealth(client, name, 1, '?passing')
      }),
  },
  {
    title: 'a check can be added to a service and taken away; its state counts',
    run: (client) =>
      withService(client, {}, async (name) => {
        const id = `${name}-check`
        const body = { ID: id, Name: 'disk', ServiceID: `${name}-1`, TTL: '30s' }
        assert.equal((await client.put('/v1/agent/check/register', body)).status, 200)
        await settledHealth(client, name, 0, '?passing')
        const critical = (await client.get('/v1/health/state/critical')).json<readonly HealthCheck[]>()
        assert.ok(critical.some(({ CheckID }) => CheckID === id))
        const checks = (await client.get('/v1/agent/checks')).json<Record<string, HealthCheck>>()
        assert.equal(checks[id]?.Name, 'disk')
        assert.equal((await client.put(`/v1/agent/check/deregister/${id}`)).status, 200)
        await settledHealth(client, name, 1, '?passing')
      }),
  },
  {
    title: 'a service that is registered again changes, and keeps the state of its check',
    run: (client) =>
      withService(client, ttl, async (name) => {
        await client.put(`/v1/agent/check/pass/service:${name}-1`)
        await settledHealth(client, name, 1, '?passing')
        await client.put('/v1/agent/service/register', { Name: name, ID: `${name}-1`, Port: 9, ...ttl })
        const [entry] = await until(
          () => health(client, name, '?passing'),
          ([first]) => first?.Service.Port === 9,
        )
        assert.ok(entry !== undefined && entry.Service.ModifyIndex > entry.Service.CreateIndex)
      }),
  },
  {
    title: 'what is not there answers 404 with its id',
    run: async (client) => {
      const id = freshName('missing')
      for (const path of [
        `/v1/agent/service/deregister/${id}`,
        `/v1/agent/check/deregister/${id}`,
        `/v1/agent/check/pass/${id}`,
        `/v1/agent/service/maintenance/${id}?enable=true`,
      ]) {
        const answer = await client.put(path)
        assert.deepEqual([path, answer.status, answer.text.includes(id)], [path, 404, true])
      }
      assert.deepEqual((await client.get(`/v1/health/service/${id}`)).json(), [])
      assert.equal((await client.get(`/v1/catalog/node/${id}`)).text.trim(), 'null')
      const check = { Name: 'c', TTL: '10s', ServiceID: id }
      assert.equal((await client.put('/v1/agent/check/register', check)).status, 404)
    },
  },
  {
    title: 'the agent tells its node, which the catalogue lists',
    run: async (client) => {
      const self = (await client.get('/v1/agent/self')).json<{ Config: { NodeName: string; Datacenter: string } }>()
      const { NodeName, Datacenter } = self.Config
      const nodes = (await client.get('/v1/catalog/nodes')).json<readonly { Node: string }[]>()
      assert.ok(nodes.some(({ Node }) => Node === NodeName))
      const datacenters = (await client.get('/v1/catalog/datacenters')).json<readonly string[]>()
      assert.ok(datacenters.includes(Datacenter))
      const members = (await client.get('/v1/agent/members')).json<readonly { Name: string; Status: number }[]>()
      assert.equal(members.find(({ Name }) => Name === NodeName)?.Status, 1)
      const node = (await client.get(`/v1/catalog/node/${NodeName}`)).json<{ Services: object }>()
      assert.equal(typeof node.Services, 'object')
      const checks = (await client.get(`/v1/health/node/${NodeName}`)).json<readonly HealthCheck[]>()
      assert.ok(checks.some(({ CheckID }) => CheckID === 'serfHealth'))
      assert.match((await client.get('/v1/status/leader')).json<string>(), /:\d+$/)
      assert.equal((await client.get('/v1/status/peers')).json<readonly string[]>().length, 1)
    },
  },
  {
    title: 'unknown addresses and methods are refused in plain text',
    run: async (client) => {
      assert.equal((await client.get('/v1/nothing')).status, 404)
      const method = await client.put('/v1/catalog/nodes')
      assert.deepEqual([method.status, method.text.trim()], [405, 'method PUT not allowed'])
      assert.match(method.headers.get('allow') ?? '', /GET/)
    },
  },
]
