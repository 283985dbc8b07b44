// The room over a real registry and a real service: callers are led through the fault and back, whoever may; killed guards are made good.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { type OwnRegistry, startOwnRegistry } from '../../../../../conformance/registry/own-registry.ts'
import type { Caller, Role } from '../../kernel/caller.ts'
import { systemClock } from '../../kernel/clock.ts'
import { buildServiceApp } from '../../kernel/http.ts'
import { createIds } from '../../kernel/ids.ts'
import type { CallService, Ports } from '../../kernel/ports.ts'
import type { RunningService } from '../../kernel/service.ts'
import { createMetrics, noTelemetry } from '../../kernel/telemetry/index.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { registry as registryRoom } from '../registry/index.ts'
import { startGuard } from './guard/guard.ts'
import { chaos, registeredInstances, rescue } from './index.ts'

const times = { beforeMs: 300, faultMs: 1000, quietMs: 300, afterMs: 3000 }
const delayed = `apiVersion: chaos-mesh.org/v1alpha1
kind: NetworkChaos
metadata: {name: slow}
spec: {action: delay, mode: all, selector: {labelSelectors: {app: patient-service}}, delay: {latency: 150ms}, duration: 60s}`

interface Shared {
  database: TestDatabase
  registry: OwnRegistry
  server: Server
  port: number
  folder: string
  rooms: Readonly<Record<'open' | 'closed', { readonly app: FastifyInstance; readonly running: RunningService }>>
}
const shared = {} as Shared // filled before the first test

const patients = () => registeredInstances({ url: shared.registry.url }, 'patient')

// As between services: a healthy instance is found by the registry and asked over HTTP.
const call: CallService = (service) => async (path) => {
  const found = await registeredInstances({ url: shared.registry.url }, service)
  const instance = found.find(({ isHealthy }) => isHealthy)
  return instance === undefined
    ? new Response(null, { status: 503 })
    : fetch(`http://${instance.address}:${instance.port}${path}`)
}

async function openRoom(isEnabled: boolean) {
  const metrics = createMetrics({ resource: {}, hasProcessMetrics: false })
  const count = metrics.counter({
    name: 'xinglin.gateway.requests',
    help: 'x',
    labels: ['route', 'service', 'status_class'],
  })
  count({ route: 'a', service: 'patient', status_class: '2xx' }, 9)
  count({ route: 'b', service: 'patient', status_class: '5xx' })
  const common = { sql: shared.database.sql, log: silentLogger, clock: systemClock }
  const ports = {
    ...{ ...common, call, ids: createIds(systemClock), registry: { instances: () => [] } },
    telemetry: { ...noTelemetry, metrics },
  } as unknown as Ports // all it asks for
  const running = await chaos.create(
    ports,
    { isEnabled },
    {
      services: [
        { name: 'patient', isHere: true },
        { name: 'emr', isHere: false },
      ],
      readiness: async () => ({ patient: [], emr: ['no healthy instance is registered'] }),
      registry: { url: shared.registry.url },
      journalFolder: join(shared.folder, 'chaos'),
      times,
    },
  )
  const verifyCaller = (role: string): Caller => ({
    subject: role,
    name: role,
    roles: [role as Role],
    scopes: [],
    purpose: 'HOPERAT',
  })
  const app = buildServiceApp({ service: 'chaos', running, verifyCaller, log: silentLogger, clock: systemClock })
  await app.ready()
  await running.start?.()
  return { app, running }
}

before(async () => {
  const database = await testDatabase([registryRoom.sql, chaos.sql])
  const registry = await startOwnRegistry({ database })
  const server = createServer((_request, response) => void response.end('well'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  Object.assign(shared, { database, registry, server, port, folder: await mkdtemp(join(tmpdir(), 'xinglin-room-')) })
  const Check = { HTTP: `http://127.0.0.1:${port}/health/ready`, Interval: '1s', Timeout: '1s', Status: 'passing' }
  const body = { ID: 'patient-1', Name: 'patient', Address: '127.0.0.1', Port: port, Tags: ['xinglin'], Check }
  await registry.client.put('/v1/agent/service/register', JSON.stringify(body))
  shared.rooms = { open: await openRoom(true), closed: await openRoom(false) }
})

after(async () => {
  for (const { app, running } of Object.values(shared.rooms)) {
    await app.close()
    await running.close?.()
  }
  shared.server.closeAllConnections()
  shared.server.close()
  await shared.registry.close()
  await shared.database.close()
  await rm(shared.folder, { recursive: true, force: true })
})

interface Told {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>> & { readonly state: string; readonly id: string }
}

async function ask(url: string, role: Role, payload?: object, room: 'open' | 'closed' = 'open'): Promise<Told> {
  const answer = await shared.rooms[room].app.inject({
    method: payload === undefined ? 'GET' : 'POST',
    url,
    headers: { 'x-xinglin-caller': role },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: answer.statusCode, body: answer.body === '' ? {} : JSON.parse(answer.body) }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let left = 200; !(await isSo()); left -= 1) {
    assert.ok(left > 0, 'it did not come in time')
    await pause(50)
  }
}

// The guard of the one before takes a moment to end.
async function begin(document: string): Promise<string> {
  const held = { id: '' }
  await until(async () => {
    const { status, body } = await ask('/chaos/experiments', 'operator', { document })
    held.id = body.id
    assert.ok(status === 202 || status === 409, `${status}`)
    return status === 202
  })
  return held.id
}

const isLedAway = async (): Promise<boolean> => (await patients())[0]?.port !== shared.port

test('operators alone look and start, and nobody starts where it is off', async () => {
  for (const role of ['clinician', 'patient', 'data-scientist'] as const) {
    assert.equal((await ask('/chaos/experiments', role)).status, 403)
    assert.equal((await ask('/chaos/map', role)).status, 403)
    assert.equal((await ask('/chaos/experiments', role, { document: delayed })).status, 403)
  }
  const off = await ask('/chaos/experiments', 'operator', { document: delayed }, 'closed')
  assert.equal(off.status, 403)
  assert.match(String(off.body['detail']), /CHAOS=true/)
  assert.equal((await ask('/chaos/experiments', 'operator', { document: 'kind: x' })).status, 422)
  assert.equal((await ask('/chaos/experiments', 'operator', { nothing: 1 })).status, 400)
})

test('the map tells health and what the gateway counted', async () => {
  const { body } = await ask('/chaos/map', 'operator')
  const [patient, emr] = body['services'] as readonly Readonly<Record<string, unknown>>[]
  assert.deepEqual([patient?.['requests'], patient?.['success'], patient?.['replicas']], [10, 0.9, 1])
  assert.deepEqual(
    [emr?.['success'], emr?.['replicas'], emr?.['reasons']],
    [null, 0, ['no healthy instance is registered']],
  )
  assert.deepEqual(body['calls'], [{ from: 'gateway', to: 'patient' }])
})

test('callers are led through the delay and back, and the report is kept', async () => {
  const document = delayed.replace('60s', '1s')
  const id = await begin(document)
  assert.equal((await ask('/chaos/experiments', 'operator', { document })).status, 409)
  await until(isLedAway)
  const [led] = await patients()
  assert.equal(led?.isHealthy, true)
  await pause(100)
  const begun = performance.now()
  assert.equal(await (await call('patient')('/')).text(), 'well')
  assert.ok(performance.now() - begun > 140)
  await until(async () => (await ask(`/chaos/experiments/${id}`, 'operator')).body.state !== 'running')
  const { body } = await ask(`/chaos/experiments/${id}`, 'operator')
  assert.equal(body.state, 'held', JSON.stringify(body))
  const report = body['report'] as { readonly during: { readonly idempotent: { readonly p99Ms: number } } }
  assert.ok(report.during.idempotent.p99Ms >= 150)
  assert.deepEqual([await isLedAway(), (await patients())[0]?.isHealthy], [false, true])
})

test('an experiment is ended from outside, and what was done is taken back', async () => {
  const id = await begin(delayed)
  await until(isLedAway)
  assert.equal((await ask(`/chaos/experiments/${id}/abort`, 'operator', {})).status, 204)
  assert.equal(await isLedAway(), false)
  const told = await ask(`/chaos/experiments/${id}`, 'operator')
  assert.equal(told.body.state, 'aborted')
  assert.equal((await ask(`/chaos/experiments/${id}/abort`, 'operator', {})).status, 404)
})

test('processes of a running system are not killed, and services that are not there are named', async () => {
  const kill =
    'apiVersion: chaos-mesh.org/v1alpha1\nkind: PodChaos\nmetadata: {name: k}\nspec: {action: pod-kill, mode: one, selector: {labelSelectors: {app: patient}}}'
  for (const [document, reason] of [
    [kill, /nobody would start them again/],
    [delayed.replace('patient-service', 'triage'), /No instance of triage runs here; there are patient/],
  ] as const) {
    const id = await begin(document)
    await until(async () => (await ask(`/chaos/experiments/${id}`, 'operator')).body.state === 'failed')
    assert.match(String((await ask(`/chaos/experiments/${id}`, 'operator')).body['reason']), reason)
  }
})

test('a guard that is killed leaves a journal, by which a rescue leads callers back', async () => {
  const folder = join(shared.folder, 'killed')
  const guard = startGuard(folder)
  const [instance] = await patients()
  assert.ok(instance !== undefined && guard.pid !== undefined)
  await guard.order({ kind: 'open', name: 'p', host: instance.address, port: instance.port })
  const registry = { url: shared.registry.url }
  await guard.order({ kind: 'lead', registry, instance, name: 'p', isForGood: false })
  assert.equal(await isLedAway(), true)
  assert.deepEqual(await rescue(folder), []) // it still runs
  process.kill(guard.pid, 'SIGKILL')
  await assert.rejects(guard.order({ kind: 'counts' }))
  await until(async () => (await rescue(folder)).length === 1)
  assert.equal(await isLedAway(), false)
  assert.deepEqual(await readdir(folder), [])
})
