// Ports before a start: what is opened under which settings, all faults at once, and other numbers that nobody wants.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { readSettings } from '../kernel/config.ts'
import { freePort, isPortFree } from '../kernel/free-port.ts'
import { services, settingsByOwner as specs } from '../services.ts'
import { portFaults, requirePorts } from './port-faults.ts'
import { openedPorts, roomPorts } from './ports.ts'

const names = services.map(({ name }) => name)
const blockers: Server[] = []
const state = { admin: 0, room: 0 }

async function block(): Promise<number> {
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  blockers.push(server)
  return port
}

const ownedWith = (environment: Record<string, string>) => ({ specs, settings: readSettings(specs, environment) })
const envsOf = (environment: Record<string, string>, isSecure: boolean): readonly string[] =>
  openedPorts(ownedWith(environment), { names, isSecure }).map(({ env }) => env)

before(async () => {
  state.admin = await block()
  state.room = await block()
})
after(() => {
  for (const server of blockers) server.close()
})

test('a port is wanted only where the settings open it', () => {
  const usual = envsOf({}, false)
  for (const env of ['PORT', 'KONG_ADMIN_PORT', 'DIMSE_PORT', 'INFERENCE_GRPC_PORT'])
    assert.ok(usual.includes(env), env)
  for (const env of ['GATEWAY_TLS_PORT', 'REGISTRY_TLS_PORT']) assert.ok(!usual.includes(env), env)
  assert.ok(envsOf({ GATEWAY_TLS_HOST: '127.0.0.1' }, false).includes('GATEWAY_TLS_PORT'))
  assert.ok(envsOf({}, true).includes('REGISTRY_TLS_PORT'))
  assert.ok(!envsOf({ DIMSE: 'false' }, false).includes('DIMSE_PORT'))
  assert.ok(!envsOf({ OTLP_RECEIVER: 'false' }, false).some((env) => env.startsWith('OTLP_')))
  assert.deepEqual(openedPorts(ownedWith({}), { names: ['patient'], isSecure: true }), [])
})

test('proposes neither a port that another service has, nor one twice, nor one that is taken', async () => {
  const environment = {
    KONG_ADMIN_PORT: String(state.admin),
    PORT: String(state.admin),
    REGISTRY_PORT: `${state.admin + 10}`,
  }
  const owned = ownedWith(environment)
  const wanted = openedPorts(owned, { names: ['gateway'], isSecure: false }).filter(({ env }) => env in environment)
  const faults = await portFaults(wanted, owned)
  assert.deepEqual(
    faults.map(({ port, state: word }) => [port.env, word]),
    [
      ['PORT', 'taken'],
      ['KONG_ADMIN_PORT', 'twice'],
    ],
  )
  const proposed = faults.map(({ instead }) => instead ?? 0)
  assert.equal(new Set(proposed).size, 2)
  for (const port of proposed) {
    assert.ok(![state.admin, state.admin + 10].includes(port), String(port))
    assert.ok(await isPortFree(port))
  }
})

test('a default port of another service is not proposed, though it is free', async () => {
  const taken = { owner: 'gateway', env: 'X', host: '127.0.0.1', port: state.admin }
  const elsewhere = {
    specs: { other: { port: { env: 'Y', kind: 'port', fallback: state.admin + 10, about: 'Y' } } },
    settings: {},
  } as const
  const [fault] = await portFaults([taken], elsewhere)
  assert.ok((fault?.instead ?? 0) > state.admin + 10)
})

test('all that cannot be opened are named at once, with the settings to start with', async () => {
  const owned = ownedWith({
    KONG_ADMIN_PORT: String(state.admin),
    OTLP_HOST: '192.0.2.1',
    OTLP_TOKEN: 'x'.repeat(16),
    SERVICE_PORT: String(state.room),
  })
  const wanted = [
    ...openedPorts(owned, { names: ['telemetry'], isSecure: false }),
    ...openedPorts(owned, { names: ['gateway'], isSecure: false }).filter(({ env }) => env === 'KONG_ADMIN_PORT'),
    ...roomPorts(['gateway', 'patient'], owned.settings.process),
    { owner: 'gateway', env: 'PORT', host: '127.0.0.1', port: 0 },
  ]
  await assert.rejects(requirePorts(wanted, owned), (error) => {
    assert.ok(error instanceof AppError && error.code === 'unavailable')
    assert.match(error.message, new RegExp(`port ${state.admin} on 127.0.0.1 is taken .*\\(KONG_ADMIN_PORT\\)`))
    assert.match(error.message, new RegExp(`port ${state.room} on 127.0.0.1 is taken .*\\(SERVICE_PORT\\)`))
    assert.match(error.message, /port 4318 on 192\.0\.2\.1 is at an address that this machine does not have/)
    assert.match(error.message, /start with other ones: KONG_ADMIN_PORT=\d+ SERVICE_PORT=0$/)
    return true
  })
})
