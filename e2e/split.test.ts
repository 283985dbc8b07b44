// The same system in three processes that know one another by certificates: edge, clinical services and AI rooms.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { walkArticle } from '../conformance/article/run.ts'
import { issueLocalToken } from '../packages/platform/src/cli/local.ts'
import { parts, type SplitSystem, startSplitSystem } from '../packages/platform/src/cli/split-system.ts'
import { freePorts, type SystemProcess, startServices } from '../packages/platform/src/cli/system.ts'
import type { Role } from '../packages/platform/src/kernel/caller.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'
import { xinglin } from './xinglin.ts'

const limitMs = 180_000 // a guard against hanging

let folder: string
let settings: Record<string, string>
let system: SplitSystem
const replicas: SystemProcess[] = []

interface Registered {
  readonly Service: { readonly ID: string; readonly Port: number }
}

async function instancesOf(service: string): Promise<readonly Registered[]> {
  const url = `http://127.0.0.1:${settings.REGISTRY_PORT}/v1/health/service/${service}?passing`
  return (await (await fetch(url)).json()) as Registered[]
}

async function ask(
  path: string,
  role: Role,
  init: { method?: string; body?: string; type?: string } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { type = 'application/fhir+json', ...sent } = init
  const token = await issueLocalToken(system.state, { role, subject: `split-${role}` })
  const headers = { authorization: `Bearer ${token}`, 'content-type': type }
  const answer = await fetch(`${system.state.gatewayUrl}${path}`, { headers, ...sent })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function waitFor(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + limitMs
  while (!(await isSo())) {
    assert.ok(Date.now() < until, `not within ${limitMs} ms: ${what}`)
    await delay(50)
  }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-split-'))
  await prepareFolder(folder)
  settings = { ...(await freePorts()), LOG_LEVEL: 'info', DEMO: 'true' }
  system = await startSplitSystem(folder, settings)
})

after(async () => {
  for (const one of replicas) await one.end('SIGTERM')
  await system.stop()
  await rm(folder, { recursive: true, force: true })
})

test('doctor knows the ports of every part as the system’s own', async () => {
  const { code, out } = await xinglin(['doctor', '--json'], { ...settings, XINGLIN_DATA: folder })
  const { findings } = JSON.parse(out) as { findings: { name: string; seen: string }[] }
  assert.equal(code, 0, out)
  const seenAt = (env: string): string => findings.find(({ name }) => name === `port ${settings[env]}`)?.seen ?? ''
  const { edge, ai } = system.processes
  for (const [env, { child }] of [
    ['PORT', edge],
    ['REGISTRY_TLS_PORT', edge],
    ['DIMSE_PORT', ai],
    ['INFERENCE_GRPC_PORT', ai],
  ] as const)
    assert.equal(seenAt(env), `held by the running system (process ${child.pid})`, env)
})

test('a request goes through all processes', async () => {
  const patient = JSON.stringify({ resourceType: 'Patient', name: [{ family: '王', given: ['五'] }] })
  const created = await ask('/fhir/Patient', 'clinician', { method: 'POST', body: patient })
  assert.equal(created.status, 201, JSON.stringify(created.body))
  const entry = [{ request: { method: 'GET', url: `Patient/${created.body.id}` } }]
  const body = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry })
  assert.equal((await ask('/fhir', 'clinician', { method: 'POST', body })).status, 200)
  const found = await ask('/fhir/Patient?name=wang', 'clinician')
  assert.equal((found.body.entry as unknown[]).length, 1)
  const symptoms = { method: 'POST', body: '["Cough","Fever"]', type: 'application/json' }
  assert.equal((await ask('/triage', 'clinician', symptoms)).status, 200)
  const model = await ask('/v2/models/icu_mortality_lstm', 'data-scientist')
  assert.equal(model.body.name, 'icu_mortality_lstm')
  const events = await ask(`/audit/events?patient=${created.body.id}`, 'compliance')
  assert.equal(events.status, 200)
  assert.ok((events.body.entry as unknown[]).length >= 2)
})

test('a service answers nobody without a certificate, and believes no caller forged with one', async () => {
  const [instance] = await instancesOf('patient')
  const address = `127.0.0.1:${instance?.Service.Port}/fhir/Patient`
  await assert.rejects(fetch(`http://${address}`))
  const nobody = new Agent({ connect: { rejectUnauthorized: false } })
  await assert.rejects(request(`https://${address}`, { dispatcher: nobody }))
  const registry = `https://127.0.0.1:${settings.REGISTRY_TLS_PORT}/v1/catalog/services`
  await assert.rejects(request(registry, { dispatcher: nobody }))
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'triage.pem', 'triage.key'].map((file) => readFile(join(folder, 'certs', file))),
  )
  const own = new Agent({ connect: { ca, cert, key, servername: 'patient.xinglin.internal', allowH2: false } })
  const servername = 'patient.xinglin.internal'
  const trusted = own.compose(
    (dispatch) => (options, handler) => dispatch({ ...options, servername } as never, handler),
  )
  const forged = Buffer.from('{"alg":"none"}').toString('base64url')
  for (const headers of [{}, { 'x-xinglin-caller': `${forged}.e30.` }, { authorization: 'Bearer x' }]) {
    const answer = await request(`https://${address}`, { dispatcher: trusted, headers })
    assert.equal(answer.statusCode, 401)
    await answer.body.dump()
  }
  await Promise.all([nobody.destroy(), own.destroy()])
})

test('certificates are shown, and renewed under the running system', async () => {
  const environment = { ...settings, XINGLIN_DATA: folder }
  const shown = await xinglin(['certs', 'show'], environment)
  assert.equal(shown.code, 0, shown.err)
  assert.match(shown.out, /^patient +until 20\d\d-\d\d-\d\d +patient\.xinglin\.internal$/m)
  const renewed = await xinglin(['certs', 'renew', '--all'], environment)
  assert.equal(renewed.code, 0, renewed.err)
  const took = (part: 'clinical' | 'ai' | 'edge'): number =>
    system.processes[part].output.join('').split('tls.certificate.renewed').length - 1
  await waitFor('all take their new certificates', async () =>
    (['edge', 'clinical', 'ai'] as const).every((part) => took(part) >= parts[part].length),
  )
  assert.equal((await ask('/fhir/Patient?_count=1', 'clinician')).status, 200)
})

test('a few scenes of the article, drawn by a seed, pass on it', { timeout: 400_000 }, async (t) => {
  const say = (line: string): void => t.diagnostic(line)
  const rows = await walkArticle(system.state, settings, { say, sample: { seed: 6, scenes: 3 } })
  assert.equal(rows.length, 3)
  assert.deepEqual(
    rows.filter(({ result }) => result === 'failed'),
    [],
  )
})

test('replicas share the load; one leaves and nothing fails', { timeout: 400_000 }, async () => {
  const other = startServices(['patient'], folder, { ...settings, SERVICE_TLS: 'true' })
  replicas.push(other)
  await waitFor('both are registered', async () => (await instancesOf('patient')).length === 2)
  const answered = { here: 0, there: 0 }
  const count = ({ child }: SystemProcess, at: keyof typeof answered): void => {
    child.stdout?.on('data', (chunk: Buffer) => {
      answered[at] += chunk.toString().split('"event":"http.request"').length - 1
    })
  }
  count(system.processes.clinical, 'here')
  count(other, 'there')
  const token = await issueLocalToken(system.state, { role: 'clinician' })
  const state = { isLeaving: false, isOver: false, failures: [] as string[], asked: 0 }
  const one = async (): Promise<void> => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${system.state.gatewayUrl}/fhir/Patient?_count=1`, { headers })
    await answer.text()
    state.asked += 1
    if (answer.status !== 200) state.failures.push(String(answer.status))
  }
  const client = async (): Promise<void> => {
    while (!state.isOver) await one().catch((error: unknown) => state.failures.push(String(error)))
  }
  const clients = [client(), client(), client()]
  await waitFor('both answer', async () => answered.here > 20 && answered.there > 20)
  await other.end('SIGTERM')
  await waitFor('one is left', async () => (await instancesOf('patient')).length === 1)
  state.isOver = true
  await Promise.all(clients)
  assert.ok(state.asked > 40)
  assert.deepEqual(state.failures, [])
  assert.equal(other.child.exitCode, 0)
})

test('a service that is gone is missed by name', async () => {
  await system.processes.clinical.end('SIGTERM')
  const health = async () => {
    const answer = await fetch(`${system.state.gatewayUrl}/health/ready`)
    return (await answer.json()) as { services: Record<string, { status: string; reasons: string[] }> }
  }
  await waitFor('the EMR is missed', async () => (await health()).services.emr?.status === 'unready')
  assert.deepEqual((await health()).services.patient?.reasons, ['no healthy instance is registered'])
  assert.equal((await ask('/fhir/Patient/1', 'clinician')).status, 503)
})
