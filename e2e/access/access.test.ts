// Every route of the running system is asked by every role, by nobody, with forged and outdated credentials, by another patient and
// with narrowed scopes; routes.tsv says who may. Nothing of a patient may reach who may not, and a new route must be judged first.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { freePorts } from '../../packages/platform/src/cli/system.ts'
import type { Role } from '../../packages/platform/src/kernel/caller.ts'
import { processEnvironment } from '../../packages/platform/src/kernel/config.ts'
import { type RunningProcess, startProcess } from '../../packages/platform/src/main.ts'
import { prepareFolder } from '../../packages/platform/src/testing/prepared-folder.ts'
import { credential, narrowed, outerRoles, strangers, tokenOfRole } from './callers.ts'
import { mark, records } from './records.ts'
import { requestFor } from './requests.ts'
import { type Expectation, readExpectations } from './table.ts'

const table = readExpectations()
let folder: string
let running: RunningProcess
let url: string
let adminUrl: string

interface Answer {
  readonly status: number
  readonly text: string
}

async function ask(expected: Expectation, token: string | undefined, isAllowed = false): Promise<Answer> {
  const { method, path, headers, body } = requestFor(expected, isAllowed)
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const sent = { method, headers: { ...headers, ...authorization }, ...(body === undefined ? {} : { body }) }
  const answer = await fetch(`${url}${path}`, { ...sent, redirect: 'manual' })
  return { status: answer.status, text: await answer.text() }
}

const postJson = (address: string, body: object, token?: string): Promise<Response> => {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const headers = { 'content-type': 'application/json', ...authorization }
  return fetch(address, { method: 'POST', headers, body: JSON.stringify(body) })
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-access-'))
  await prepareFolder(folder)
  const settings = { RATE_LIMIT_PER_SECOND: '100000', RATE_LIMIT_BURST: '100000', CHAOS: 'true' }
  const own = { ...(await freePorts()), ...settings, XINGLIN_DATA: folder, LOG_LEVEL: 'error' }
  running = await startProcess({
    environment: { ...processEnvironment(), ...own },
    names: [],
    consoleFolder: new URL('../../packages/console/dist/', import.meta.url),
  })
  assert.ok(running.gateway !== undefined)
  ;({ url, adminUrl } = running.gateway)
  const consumer = { username: 'everybody', tags: outerRoles.map((role) => `role:${role}`) }
  assert.equal((await postJson(`${adminUrl}/consumers`, consumer)).status, 201)
  assert.equal((await postJson(`${adminUrl}/consumers/everybody/jwt`, credential)).status, 201)
  const entry = records.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }))
  const bundle = { resourceType: 'Bundle', type: 'transaction', entry }
  const made = await postJson(`${url}/fhir`, bundle, tokenOfRole('admin'))
  assert.equal(made.status, 200, await made.text())
})

after(async () => {
  await running?.shutdown.run('the test is over')
  await rm(folder, { recursive: true, force: true })
})

const routeKey = ({ service, method, route }: Pick<Expectation, 'service' | 'method' | 'route'>) =>
  `${service} ${method} ${route}`

// What each service answers alike, for the one who runs it and without anything of a person.
const ofTheHouse = /^(HEAD|OPTIONS) | \/(health|metrics)(\/|$)/

test('every route of every service has its line in routes.tsv, and the reverse', () => {
  const present = [...running.routes()].flatMap(([service, routes]) =>
    routes.filter((route) => !ofTheHouse.test(route)).map((route) => `${service} ${route}`),
  )
  const known = new Set(table.map(routeKey))
  assert.deepEqual(
    present.filter((route) => !known.has(route)),
    [],
    'routes that nobody has judged',
  )
  assert.deepEqual(
    [...known].filter((route) => !present.includes(route)),
    [],
    'lines without a route',
  )
})

// Reads come first, so that what they ask for is still as it was made.
const order = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const inOrder = table.toSorted((a, b) => order.indexOf(a.method) - order.indexOf(b.method))
const refusals: ReadonlySet<number> = new Set([401, 403, 404])
const faults: ReadonlySet<number> = new Set([400, 409, 412, 415, 422])
const reached = { withMark: 0 }

/** What is wrong with an answer to a role, if anything. */
function faultOf({ who, note }: Expectation, isAllowed: boolean, { status, text }: Answer): string | undefined {
  if (status >= 500 && status !== 501 && status !== 503) return 'failed'
  if (who === 'public') return status === 401 || status === 403 || text.includes(mark) ? 'not public' : undefined
  if (who === 'unrouted') return status === 404 ? undefined : 'routed'
  if (isAllowed) return status === 401 || status === 403 ? 'refused' : undefined
  if (text.includes(mark)) return 'LEAKED'
  const isRefused =
    refusals.has(status) || (note === 'shape' && faults.has(status)) || (note === 'empty' && status === 200)
  return isRefused ? undefined : 'let in'
}

// All cells take half a minute of CPU. Without ACCESS=all each route is asked by a third of the roles, in turn, and by one that may.
const isWhole = process.env['ACCESS'] === 'all'
const rolesFor = ({ who }: Expectation, at: number): readonly Role[] => {
  if (isWhole) return outerRoles
  const first = Array.isArray(who) ? who[at % who.length] : undefined
  return outerRoles.filter((role, index) => role === first || index % 3 === at % 3)
}

test('who may is let in, and nobody else', async () => {
  const wrong: string[] = []
  for (const [at, expected] of inOrder.entries()) {
    const judge = async (role: Role): Promise<void> => {
      const isAllowed = Array.isArray(expected.who) && expected.who.includes(role)
      const answer = await ask(expected, tokenOfRole(role), isAllowed)
      if (answer.text.includes(mark)) reached.withMark += 1
      const fault = faultOf(expected, isAllowed, answer)
      if (fault !== undefined) wrong.push(`${routeKey(expected)} ${expected.type}: ${role} ${fault} (${answer.status})`)
    }
    await Promise.all(rolesFor(expected, at).map(judge))
  }
  assert.deepEqual(wrong, [])
  // The mark is really there to be leaked.
  assert.ok(reached.withMark > 50, String(reached.withMark))
})

test('nobody, and no forged or outdated credential, gets in anywhere', async () => {
  const wrong: string[] = []
  const names = Object.keys(strangers)
  for (const [at, expected] of inOrder.entries()) {
    // Nobody everywhere, and the others in turn: the credential is judged before the route.
    for (const name of ['nobody', names[1 + (at % (names.length - 1))] ?? '']) {
      const answer = await ask(expected, strangers[name])
      const isFine = Array.isArray(expected.who)
        ? answer.status === 401
        : faultOf(expected, false, answer) === undefined
      if (!isFine || answer.text.includes(mark)) wrong.push(`${routeKey(expected)}: ${name} (${answer.status})`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('another patient, and tokens narrowed elsewhere, see and change nothing of the patient', async () => {
  const wrong: string[] = []
  for (const expected of inOrder) {
    for (const [name, token] of Object.entries(narrowed())) {
      const { status, text } = await ask(expected, token)
      if (text.includes(mark) || status >= 500)
        wrong.push(`${routeKey(expected)} ${expected.type}: ${name} (${status})`)
    }
  }
  assert.deepEqual(wrong, [])
  for (const { resourceType, id } of records) {
    const kept = await fetch(`${url}/fhir/${resourceType}/${id}`, {
      headers: { authorization: `Bearer ${tokenOfRole('admin')}` },
    })
    assert.equal(kept.status, 200, `${resourceType}/${id} is still there`)
  }
})

/** Status of a plain request with headers of one's own, as a page of another origin would make it through the browser. */
function statusOf(address: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(address, { headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.once('error', reject).end()
  })
}

test('every other door stands on this machine alone, and pages of other origins do not act there', async () => {
  const doors = running.ports.map(({ env, host }) => `${env} ${host}`).toSorted()
  // Without certificates of one's own no door speaks TLS.
  assert.deepEqual(doors, [
    ...[
      'DIMSE_PORT 127.0.0.1',
      'FLOWER_PORT 127.0.0.1',
      'GATEWAY_GRPC_PORT 127.0.0.1',
      'INFERENCE_GRPC_PORT 127.0.0.1',
    ],
    ...['INFERENCE_HTTP_PORT 127.0.0.1', 'INFERENCE_METRICS_PORT 127.0.0.1', 'KONG_ADMIN_PORT 127.0.0.1'],
    ...['OTLP_GRPC_PORT 127.0.0.1', 'OTLP_PORT 127.0.0.1', 'PORT 127.0.0.1', 'REGISTRY_PORT 127.0.0.1'],
  ])
  const { registryUrl = '' } = running
  for (const address of [
    `${adminUrl}/consumers`,
    `${registryUrl}/v1/kv/?recurse`,
    `${registryUrl}/v1/agent/services`,
  ]) {
    assert.equal(await statusOf(address, { host: 'attacker.example' }), 403, `${address} for another host name`)
    const crossed = { 'sec-fetch-site': 'cross-site', origin: 'https://attacker.example' }
    assert.equal(await statusOf(address, crossed), 403, `${address} for a page of another origin`)
  }
})

test('the gateway’s own pages tell nothing of a patient to anybody', async () => {
  for (const page of ['/', '/app/', '/auth/session', '/auth/personas', '/health/live', '/health/ready', '/ca.crt']) {
    for (const token of [undefined, tokenOfRole('operator')]) {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const answer = await fetch(`${url}${page}`, { headers, redirect: 'manual' })
      assert.ok(answer.status < 500, page)
      assert.ok(!(await answer.text()).includes(mark), page)
    }
  }
})
