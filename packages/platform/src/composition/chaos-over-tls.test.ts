// An experiment on a running system whose services speak mutual TLS: led through the proxy they stay well, and so do others' services.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { request } from 'undici'
import { type OwnRegistry, startOwnRegistry } from '../../../../conformance/registry/own-registry.ts'
import { demandAuthority, issueInto } from '../cli/certs/authority.ts'
import { startGuard } from '../edge/chaos/index.ts'
import { runningField } from '../edge/chaos/running/running-field.ts'
import { systemClock } from '../kernel/clock.ts'
import { type OpenPort, openPort } from '../kernel/listener.ts'
import { registrationBody } from '../kernel/registration-body.ts'
import { createShutdown } from '../kernel/shutdown.ts'
import { serviceHostName, type Transport } from '../kernel/transport.ts'
import { silentLogger } from '../testing/silent-logger.ts'
import { certificatesFolder, ownPaths } from './certificate-files.ts'
import { openTransport, type ProcessTransport } from './transport.ts'

const latencyMs = 150
const names = ['patient', 'emr', 'registry'] as const
const shutdown = createShutdown({ log: silentLogger })

interface Scene {
  readonly folder: string
  readonly transports: Readonly<Record<(typeof names)[number], ProcessTransport>>
  readonly emr: Transport
  readonly service: OpenPort
  readonly registry: OwnRegistry
  /** When the health of the service was asked. */
  readonly looks: readonly number[]
}
let scene: Scene

async function openScene(folder: string): Promise<Scene> {
  const certificates = certificatesFolder(folder)
  const authority = await demandAuthority(certificates, new Date())
  for (const name of names)
    await issueInto(authority, { name, use: 'peer', names: [serviceHostName(name)] }, new Date())
  const settings = { isOn: true, authority: undefined, certificate: undefined, key: undefined }
  const common = { ...{ settings, log: silentLogger, clock: systemClock, shutdown }, isSplit: true, dataFolder: folder }
  const open = (name: string): Promise<ProcessTransport> =>
    openTransport({ ...common, serviceHost: '127.0.0.1', names: [name] })
  const transports = { patient: await open('patient'), emr: await open('emr'), registry: await open('registry') }
  const pool = { connections: 4, keepAliveMs: 1000, connectMs: 10_000 }
  const [looking, emr] = [transports.registry.open(pool), transports.emr.open(pool)]
  shutdown.add('connections', async () => void (await Promise.all([looking.close(), emr.close()])))
  const tls = transports.patient.listener('patient')
  const looks: number[] = []
  const service = await openPort({ host: '127.0.0.1', port: 0, setting: 'SERVICE_PORT', tls }, (asked, response) => {
    if (asked.url === '/health/ready') looks.push(performance.now())
    response.end('well')
  })
  const timing = { sweepEveryMs: 40, leaseMs: 800, forgivenGapMs: 60_000 }
  const registry = await startOwnRegistry({ extra: { timing, transport: looking } })
  return { folder, transports, emr, service, registry, looks }
}

before(async () => {
  scene = await openScene(await mkdtemp(join(tmpdir(), 'xinglin-chaos-tls-')))
})
after(async () => {
  await scene.registry.close()
  await shutdown.run('done')
  await scene.service.close()
  await rm(scene.folder, { recursive: true, force: true })
})

async function register(body: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await scene.registry.client.put('/v1/agent/service/register', JSON.stringify(body))
  assert.equal(answer.status, 200, answer.text)
}

interface Entry {
  readonly Service: { readonly Address: string; readonly Port: number; readonly Weights: unknown }
  readonly Checks: readonly Readonly<Record<'ServiceID' | 'Status' | 'Output' | 'Timeout' | 'Type', string>>[]
}

// All but the index of the last change, which each has anew.
async function look(service: string) {
  const entries = (await scene.registry.client.get(`/v1/health/service/${service}`)).json<readonly Entry[]>()
  const [entry] = entries
  const check = entry?.Checks.find(({ ServiceID }) => ServiceID !== '')
  assert.ok(entry !== undefined && check !== undefined)
  const still = { ModifyIndex: 0 }
  return { ...entry.Service, ...still, check: { ...check, ...still } }
}

// Whatever it found: the first look that was made at this port. Later ones that find the same are not kept.
async function lookedAt(service: string, port: number): Promise<Awaited<ReturnType<typeof look>>> {
  for (let left = 600; left > 0; left -= 1) {
    const seen = await look(service)
    if (seen.Port === port && seen.check.Output.includes(`:${port}/`)) return seen
    await pause(50)
  }
  throw new Error(`No look at ${service} at port ${port} was made in time`)
}

// A look begins when the one before has ended; the first may have been on its way already.
async function untilLookedAgain(service: string): Promise<void> {
  const begun = scene.looks.length
  for (let left = 600; left > 0 && scene.looks.length < begun + 3; left -= 1) {
    assert.equal((await look(service)).check.Status, 'passing', (await look(service)).check.Output)
    await pause(50)
  }
  assert.ok(scene.looks.length >= begun + 3, 'nobody looked at its health in time')
}

async function withField(work: (field: ReturnType<typeof runningField>) => Promise<void>): Promise<void> {
  const guard = startGuard(join(scene.folder, 'chaos'))
  try {
    await work(runningField({ url: scene.registry.url }, guard))
  } finally {
    await guard.end()
  }
}

const orderFor = (id: string, service: string) => ({
  id: 'slow',
  instances: [{ id, service, process: undefined }],
  inbound: undefined,
  outbound: { delay: { latencyMs, jitterMs: 0, correlation: 0 } },
  peers: undefined,
})

test('a service of ours is led through the proxy and back, believed by its callers and by those who look at its health', async () => {
  const { port } = scene.service
  const checkUrl = `https://127.0.0.1:${port}/health/ready`
  const instance = { service: 'patient', address: '127.0.0.1', port, tags: ['xinglin'], checkUrl }
  await register(registrationBody({ id: 'patient-1', ...instance }))
  const before = await lookedAt('patient', port)
  assert.equal(before.check.Status, 'passing', before.check.Output)
  await withField(async (field) => {
    await field.instances()
    await field.harm(orderFor('patient-1', 'patient'))
    const led = await look('patient')
    assert.notEqual(led.Port, port)
    await untilLookedAgain('patient')
    const begunMs = performance.now()
    const dispatcher = scene.emr.dispatcher('patient')
    const answer = await request(`https://127.0.0.1:${led.Port}/`, { dispatcher })
    assert.equal(await answer.body.text(), 'well')
    assert.ok(performance.now() - begunMs >= latencyMs - 1)
    const wrong = request(`https://127.0.0.1:${led.Port}/`, { dispatcher: scene.emr.dispatcher('pharmacy') })
    await assert.rejects(wrong, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })
  const after = await look('patient')
  assert.equal(after.check.Status, 'passing', after.check.Output)
  assert.deepEqual(after, before)
})

test('a service of others keeps its own check while its callers are led away', async () => {
  const { port } = scene.service // anything that takes connections
  await register({
    ...{ ID: 'lab-1', Name: 'lab', Address: '127.0.0.1', Port: port, Weights: { Passing: 7, Warning: 2 } },
    Check: { CheckID: 'lab-beats', TTL: '60s', Status: 'passing' },
  })
  const before = await look('lab')
  const beat = async (): Promise<void> => {
    assert.equal((await scene.registry.client.put('/v1/agent/check/pass/lab-beats')).status, 200)
  }
  await withField(async (field) => {
    await field.instances()
    await field.harm(orderFor('lab-1', 'lab'))
    const led = await look('lab')
    assert.notEqual(led.Port, port)
    assert.deepEqual([led.check, led.Weights], [before.check, before.Weights])
    await beat()
  })
  const after = await look('lab')
  assert.deepEqual([after.Port, after.check, after.Weights], [port, before.check, before.Weights])
  await beat()
})

test('a service of others that shows a certificate for its own name is not led to where nobody would believe it', async (context) => {
  const authority = await demandAuthority(join(scene.folder, 'others'), new Date())
  await issueInto(authority, { name: 'billing', use: 'server', names: ['localhost'] }, new Date())
  const paths = ownPaths(authority.folder, 'billing')
  const server = createHttps({ cert: await readFile(paths.certificate), key: await readFile(paths.key) })
  server.on('request', (_request, response) => void response.end('billing'))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const HTTP = `https://localhost:${port}/health`
  const check = { HTTP, Interval: '1s', TLSSkipVerify: true, TLSServerName: 'localhost' }
  await register({ ID: 'billing-1', Name: 'billing', Address: 'localhost', Port: port, Check: check })
  const before = await lookedAt('billing', port)
  assert.equal(before.check.Status, 'passing', before.check.Output)
  await withField(async (field) => {
    await field.instances()
    await assert.rejects(field.harm(orderFor('billing-1', 'billing')), (error: unknown) => {
      assert.ok(error instanceof AppError && error.code === 'unprocessable')
      assert.match(error.message, /billing at localhost:\d+ shows a certificate for its own address/)
      return true
    })
  })
  assert.deepEqual(await look('billing'), before)
})
