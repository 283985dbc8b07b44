// Where requests go, told to operators: this process, instances of the registry, weighted targets, addresses; and to nobody else.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { gatewayFixture } from '../../../../../conformance/gateway/gateway-fixture.ts'
import type { Role } from '../../kernel/caller.ts'
import type { ReportedTarget } from './balancing/target-report.ts'
import { issueToken } from './index.ts'

const { own, upstream, admin, get, close } = await gatewayFixture()

after(close)

const as = async (role: Role, patient?: string) => {
  const token = await issueToken(own.sql, { role, ...(patient === undefined ? {} : { patient }) })
  return { authorization: `Bearer ${token}` }
}

async function targets(): Promise<readonly ReportedTarget[]> {
  const { status, body } = await get('/health/targets', await as('operator'))
  assert.equal(status, 200)
  assert.equal(typeof body.gateway, 'string')
  return body.targets as unknown as readonly ReportedTarget[]
}

const of = async (service: string) => (await targets()).filter((one) => one.service === service)

test('tells operators and administrators alone', async () => {
  assert.equal((await get('/health/targets')).status, 401)
  for (const role of ['clinician', 'compliance', 'data-scientist', 'frontend'] as const) {
    assert.equal((await get('/health/targets', await as(role))).status, 403, role)
  }
  assert.equal((await get('/health/targets', await as('patient', 'p'))).status, 403)
  assert.equal((await get('/health/targets', await as('admin'))).status, 200)
})

test('services are in this process, at instances, or nowhere', async () => {
  assert.deepEqual(
    (await targets()).map(({ service, kind, address, health, isInUse }) => [service, kind, address, health, isInUse]),
    [
      ['emr', 'local', null, 'healthy', true],
      ['far', 'instance', '127.0.0.1:1', 'healthy', true],
      ['far', 'instance', `127.0.0.1:${upstream.port}`, 'healthy', true],
      ['patient', 'local', null, 'healthy', true],
    ],
  )
})

test('an instance that nobody answers at gets an open circuit and no more requests', async () => {
  const headers = await as('clinician')
  for (let count = 0; count < 12; count += 1) await get('/far', headers)
  const [down, up] = await of('far')
  assert.deepEqual([down?.circuit, down?.isInUse], ['open', false])
  assert.deepEqual([up?.circuit, up?.isInUse, up?.underWay], ['closed', true, 0])
})

test('targets of an upstream show their share, and what an operator took out of use has none', async () => {
  await admin('POST', '/upstreams', 'name=scan.up')
  await admin('POST', '/upstreams/scan.up/targets', `target=127.0.0.1:${upstream.port}&weight=90`)
  await admin('POST', '/upstreams/scan.up/targets', 'target=lab-machine:80&weight=10')
  await admin('POST', '/services', 'name=scan&host=scan.up')
  await admin('POST', '/services', `name=lone&url=http://127.0.0.1:${upstream.port}`)
  const seen = async () => (await of('scan')).map(({ version, share, health }) => [version, share, health])
  assert.deepEqual(await seen(), [
    [null, 0.9, 'unwatched'],
    ['lab-machine', 0.1, 'healthy'],
  ])
  await admin('POST', `/upstreams/scan.up/targets/127.0.0.1:${upstream.port}/unhealthy`)
  assert.deepEqual(await seen(), [
    [null, 0, 'unhealthy'],
    ['lab-machine', 1, 'healthy'],
  ])
  const [lone] = await of('lone')
  assert.deepEqual([lone?.kind, lone?.address], ['address', `127.0.0.1:${upstream.port}`])
})
