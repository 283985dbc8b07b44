// The same system in three processes: edge, clinical services and AI rooms, which find one another through the registry.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../packages/platform/src/cli/system.ts'
import { xinglin } from './xinglin.ts'

const program = fileURLToPath(new URL('../packages/platform/src/cli/main.ts', import.meta.url))
const limitMs = 60_000
const stopLimitMs = 20_000
const clinicalRooms = ['patient', 'emr', 'pharmacy', 'triage']
const aiRooms = ['inference', 'imaging', 'explain', 'federated', 'privacy']

let folder: string
let settings: Record<string, string>
const children: ChildProcess[] = []

function startPart(...names: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'start', ...names], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'], // ends with this process
  })
  children.push(child)
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
  await ended
  clearTimeout(insist)
}

type Health = { status: string; services: Record<string, { status: string; reasons: string[] }> }

async function health(): Promise<Health | undefined> {
  try {
    const signal = AbortSignal.timeout(5000)
    return (await (await fetch(`http://127.0.0.1:${settings.PORT}/health/ready`, { signal })).json()) as Health
  } catch {
    return undefined
  }
}

async function waitFor(isSo: (health: Health | undefined) => boolean): Promise<void> {
  const until = Date.now() + limitMs
  for (let seen = await health(); !isSo(seen); seen = await health()) {
    assert.ok(Date.now() < until, `not within ${limitMs} ms: ${JSON.stringify(seen)}`)
    assert.ok(
      children.every(({ exitCode }) => exitCode === null || exitCode === 0),
      'a part could not start',
    )
    await delay(100)
  }
}

async function ask(
  path: string,
  token: string,
  init: RequestInit = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' }
  const answer = await fetch(`http://127.0.0.1:${settings.PORT}${path}`, { headers, ...init })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin-split-'))
  settings = { ...(await freePorts()), LOG_LEVEL: 'error', XINGLIN_DATA: folder }
})

after(async () => {
  for (const child of children.toReversed()) await end(child)
  await rm(folder, { recursive: true, force: true })
})

test('a request goes through all processes, and a service that leaves is missed by name', async () => {
  startPart('gateway', 'registry', 'audit')
  await waitFor((seen) => seen?.services.patient?.status === 'unready')
  const early = await health()
  assert.deepEqual(early?.services.patient?.reasons, ['no healthy instance is registered'])
  const clinical = startPart(...clinicalRooms)
  startPart(...aiRooms)
  await waitFor((seen) => seen?.status === 'ready')

  const { out } = await xinglin(['token', '--role', 'clinician'], settings)
  const token = out.trim()
  const patient = { resourceType: 'Patient', name: [{ family: '王', given: ['五'] }] }
  const created = await ask('/fhir/Patient', token, { method: 'POST', body: JSON.stringify(patient) })
  assert.equal(created.status, 201)
  const entry = [{ request: { method: 'GET', url: `Patient/${created.body.id}` } }]
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry })
  assert.equal((await ask('/fhir', token, { method: 'POST', body: bundle })).status, 200)
  const found = await ask('/fhir/Patient?name=wang', token)
  assert.equal((found.body.entry as unknown[]).length, 1)

  const triaged = await ask('/triage', token, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '["Cough","Fever"]',
  })
  assert.equal(triaged.status, 200)
  const model = await ask(
    '/v2/models/icu_mortality_lstm',
    (await xinglin(['token', '--role', 'data-scientist'], settings)).out.trim(),
  )
  assert.equal(model.body.name, 'icu_mortality_lstm')

  const audited = await xinglin(['token', '--role', 'compliance'], settings)
  const events = await ask(`/audit/events?patient=${created.body.id}`, audited.out.trim())
  assert.equal(events.status, 200)
  assert.ok((events.body.entry as unknown[]).length >= 2)

  await end(clinical)
  await waitFor((seen) => seen?.services.emr?.status === 'unready')
  assert.equal((await ask(`/fhir/Patient/${created.body.id}`, token)).status, 503)
})

test('a caller forged from outside is not believed by a service', async () => {
  startPart(...clinicalRooms)
  await waitFor((seen) => seen?.status === 'ready')
  const instances = (await (
    await fetch(`http://127.0.0.1:${settings.REGISTRY_PORT}/v1/health/service/patient?passing`)
  ).json()) as { Service: { Port: number } }[]
  const port = instances[0]?.Service.Port
  const forged = Buffer.from('{"alg":"none"}').toString('base64url')
  for (const headers of [{}, { 'x-xinglin-caller': `${forged}.e30.` }, { authorization: 'Bearer x' }]) {
    const answer = await fetch(`http://127.0.0.1:${port}/fhir/Patient`, { headers })
    assert.equal(answer.status, 401)
  }
})
