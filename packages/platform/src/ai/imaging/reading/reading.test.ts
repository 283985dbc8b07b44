// Readings from HTTP to the records: a real model, a real database, the phantom's known nodules; cancelled, killed and refused ones too.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { itemsOf, numberOf, textOf } from '@xinglin/core/dicom'
import { createChestPhantom, phantomFiles, phantomUids } from '@xinglin/core/dicom/phantom'
import type { Bundle, Resource } from '@xinglin/core/fhir'
import { validateResource } from '@xinglin/core/fhir/validation'
import type { FastifyInstance } from 'fastify'
import { createDicomCodecs } from '../../../engines/dicom-codecs/index.ts'
import { openDiskBlobs } from '../../../engines/disk/index.ts'
import type { Caller, Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { readSettings } from '../../../kernel/config.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import { createEvents, kernelSql } from '../../../kernel/outbox.ts'
import type { AuditEntry, Ports } from '../../../kernel/ports.ts'
import { noTelemetry } from '../../../kernel/telemetry/index.ts'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { imaging } from '../index.ts'
import { multipart } from '../under-test/service.ts'
import { type Gate, localModels, whyNoModel } from './under-test/local-models.ts'

const skip = whyNoModel

const phantom = createChestPhantom({
  ...{ seed: 21, size: 160, slices: 4, sliceMm: 6, fieldMm: 320 },
  nodules: [{ diameterMm: 16, texture: 'solid', side: 'left' }],
})
const { study, series } = phantomUids(phantom)
const files = [...phantomFiles(phantom, { patientId: 'MRN-1', patientName: 'Zhang^San' })].map(({ bytes }) => bytes)

interface System {
  readonly app: FastifyInstance
  readonly database: TestDatabase
  readonly audits: AuditEntry[]
  /** What the records were given. */
  readonly bundles: { readonly bundle: Bundle; readonly caller: Caller | undefined }[]
  readonly gate: Gate
  close(): Promise<void>
}

const state: { system?: System; caller: Caller } = { caller: callerOf('radiologist') }

function callerOf(role: Role): Caller {
  return { subject: role, name: 'Dr Li', roles: [role], scopes: [], purpose: 'TREAT', actor: `Practitioner/${role}` }
}

function neighbours(bundles: System['bundles']): Ports['call'] {
  return (service) => async (_path, init) => {
    if (service === 'patient') {
      return Response.json({ entry: [{ resource: { resourceType: 'Patient', id: 'p1', birthDate: '1990-01-01' } }] })
    }
    bundles.push({ bundle: JSON.parse(String(init?.body)) as Bundle, caller: init?.caller })
    return Response.json({ resourceType: 'Bundle', type: 'transaction-response' })
  }
}

async function startSystem(): Promise<System> {
  const database = await testDatabase([kernelSql, imaging.sql])
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-reading-'))
  const codec = createDicomCodecs({ log: silentLogger })
  const audits: AuditEntry[] = []
  const bundles: System['bundles'] = []
  const gate: System['gate'] = { pass: async () => undefined, asked: 0 }
  const { sql } = database
  const events = createEvents({ sql, log: silentLogger, owner: randomUUID() })
  const audit: Ports['audit'] = {
    append: async (tx, entries) => tx.afterCommit(() => audits.push(...entries)),
    record: async (entry) => void audits.push(entry),
  }
  const blobs = await openDiskBlobs(folder)
  const ports = {
    telemetry: noTelemetry,
    ...{ sql, events, audit, blobs, clock: systemClock, ids: createIds(systemClock), log: silentLogger },
    ...{ call: neighbours(bundles), models: await localModels(gate) },
  } as unknown as Ports // imaging asks for no others
  const { own: settings } = readSettings({ own: imaging.settings }, { DIMSE: 'false' })
  const create = async () => {
    const running = await imaging.create(ports, settings, {
      ...{ baseUrl: 'http://test/dicom-web', codec },
      withheldFrom: async () => [],
    })
    const parts = { service: 'imaging', running, log: silentLogger, clock: systemClock }
    const app = buildServiceApp({ ...parts, verifyCaller: () => state.caller })
    await app.ready()
    await running.start?.()
    return { running, app }
  }
  const current = await create()
  await events.start()
  return {
    ...{ database, audits, bundles, gate, app: current.app },
    async close() {
      await current.running.close?.()
      await current.app.close()
      await events.close()
      await codec.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function system(): System {
  if (state.system === undefined) throw new Error('The system has not started')
  return state.system
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

async function ask(
  path: string,
  how: { method?: 'GET' | 'POST' | 'PUT'; body?: object; role?: Role; headers?: object } = {},
): Promise<Answer> {
  state.caller = callerOf(how.role ?? 'radiologist')
  const { method = 'GET', body, headers = {} } = how
  const answer = await system().app.inject({
    ...{ method, url: path, headers: { 'x-xinglin-caller': 'test', ...headers } },
    ...(body === undefined ? {} : { payload: body }),
  })
  return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? {} : JSON.parse(answer.body) }
}

const base = '/api/v1/imaging/readings'

async function until(id: unknown, states: readonly string[]): Promise<Answer['body']> {
  const limit = Date.now() + 60_000
  for (;;) {
    const { body } = await ask(`${base}/${id}`)
    if (states.includes(String(body['state']))) return body
    if (Date.now() > limit) throw new Error(`The reading stays ${JSON.stringify(body['progress'])}`)
    await delay(30)
  }
}

async function store(all: readonly Uint8Array[]): Promise<void> {
  state.caller = callerOf('radiologist')
  const answer = await system().app.inject({
    method: 'POST',
    url: '/dicom-web/studies',
    headers: {
      'x-xinglin-caller': 'test',
      'content-type': 'multipart/related; type="application/dicom"; boundary=test-boundary',
    },
    payload: multipart(all),
  })
  assert.equal(answer.statusCode, 200, answer.body)
}

before(async () => {
  if (skip !== false) return
  state.system = await startSystem()
  await store(files)
})
after(() => state.system?.close())

type Nodule = Readonly<Record<string, unknown>> & {
  readonly number: number
  readonly evidence: { readonly centreMm: readonly number[] }
}
const nodulesOf = (body: Answer['body']) => body['nodules'] as readonly Nodule[]

test('reads a series, finds the nodule, drafts a report, and lets only a radiologist sign it', { skip }, async () => {
  const asked = await ask(base, { method: 'POST', body: { study, series } })
  assert.equal(asked.status, 202)
  const again = await ask(base, { method: 'POST', body: { study, series } })
  assert.deepEqual([again.status, again.body['id']], [200, asked.body['id']])
  const ready = await until(asked.body['id'], ['ready', 'failed'])
  assert.equal(ready['state'], 'ready', JSON.stringify(ready['failure']))
  const [known] = phantom.nodules
  const nodules = nodulesOf(ready)
  const near = nodules.find(({ evidence }) => {
    const away = evidence.centreMm.map((value, axis) => value - (known?.centreMm[axis] ?? 0))
    return Math.hypot(...away) < (known?.diameterMm ?? 0) / 2
  })
  assert.ok(near, `none of ${nodules.length} marks lies in the nodule`)
  assert.match(String(ready['notice']), /not signed/)

  const draft = system().bundles.at(-1)
  assert.equal(draft?.caller, undefined)
  const resources = draft?.bundle.entry?.flatMap(({ resource }) => resource ?? []) ?? []
  for (const resource of resources) {
    assert.deepEqual(
      validateResource(resource).filter(({ severity }) => severity === 'error' || severity === 'fatal'),
      [],
    )
  }
  const report = resources.find(({ resourceType }) => resourceType === 'DiagnosticReport')
  assert.equal(report?.status, 'preliminary')
  assert.equal(resources.length, nodules.length + 1)

  const id = String(asked.body['id'])
  const early = await ask(`${base}/${id}/sign`, { method: 'POST', body: {} })
  assert.deepEqual([early.status, early.body['code']], [409, 'conflict'])
  for (const role of ['clinician', 'system', 'admin'] as const) {
    const refused = await ask(`${base}/${id}/sign`, { method: 'POST', body: {}, role })
    assert.equal(refused.status, 403)
  }
  for (const { number } of nodules) {
    const decision = number === near.number ? 'accepted' : 'rejected'
    const decided = await ask(`${base}/${id}/nodules/${number}`, { method: 'PUT', body: { decision } })
    assert.equal(decided.status, 200)
  }
  const stale = await ask(`${base}/${id}/sign`, { method: 'POST', body: {}, headers: { 'if-match': '"1"' } })
  assert.equal(stale.status, 412)
  const signed = await ask(`${base}/${id}/sign`, {
    method: 'POST',
    body: { conclusion: 'One nodule in the left lung.' },
  })
  assert.deepEqual([signed.status, signed.body['state'], signed.body['signedBy']], [200, 'signed', 'Dr Li'])

  const final = system().bundles.at(-1)
  assert.equal(final?.caller?.subject, 'radiologist')
  const written = (final?.bundle.entry ?? []).flatMap(({ resource }) => resource ?? []) as readonly Resource[]
  const closed = written.find(({ resourceType }) => resourceType === 'DiagnosticReport')
  assert.equal(closed?.status, 'final')
  assert.deepEqual(closed?.resultsInterpreter, [{ reference: 'Practitioner/radiologist', display: 'Dr Li' }])
  assert.match(String(closed?.conclusion), /^One nodule in the left lung\.\nNodule/)
  const statuses = written.filter(({ resourceType }) => resourceType === 'Observation').map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 'final').length, 1)
  assert.ok(system().audits.some(({ interaction, outcome }) => interaction === 'reading-sign' && outcome === 'success'))
  assert.equal((await ask(`${base}/${id}/sign`, { method: 'POST', body: {} })).status, 409)
})

test('stores a segmentation of the nodules in the study', { skip }, async () => {
  const { body } = await ask(`${base}?study=${study}&state=signed`)
  const [reading] = body['readings'] as readonly Answer['body'][]
  const metadata = await ask(`/dicom-web/studies/${study}/metadata`)
  const all = metadata.body as unknown as readonly Parameters<typeof textOf>[0][]
  const segmentation = all.find((one) => textOf(one, '00080018') === reading?.['segmentation'])
  assert.equal(segmentation && textOf(segmentation, '00080060'), 'SEG')
  const whole = await ask(`${base}/${reading?.['id']}`)
  assert.equal(segmentation && itemsOf(segmentation, '00620002').length, nodulesOf(whole.body).length)
  const masks = await ask(`${base}/${reading?.['id']}/masks`)
  const frames = (masks.body['nodules'] as readonly { runs: object }[]).reduce(
    (sum, { runs }) => sum + Object.keys(runs).length,
    0,
  )
  assert.equal(segmentation && numberOf(segmentation, '00280008'), frames)
})

test('keeps the marked slices of a reading that was stopped, cancels one, and tries it again', { skip }, async () => {
  const { gate } = system()
  const hold = Promise.withResolvers<void>()
  const first = gate.asked
  gate.pass = () => (gate.asked - first > 2 ? hold.promise : Promise.resolve())
  const { body } = await ask(base, { method: 'POST', body: { study, series } })
  const id = String(body['id'])
  while (gate.asked - first < 4) await delay(20)
  assert.equal((await ask(`${base}/${id}/cancel`, { method: 'POST' })).status, 202)
  hold.resolve()
  await until(id, ['cancelled'])
  const before = gate.asked
  gate.pass = async () => undefined
  assert.equal((await ask(`${base}/${id}/cancel`, { method: 'POST' })).status, 409)
  assert.equal((await ask(`${base}/${id}/retry`, { method: 'POST' })).status, 202)
  const done = await until(id, ['ready', 'failed'])
  assert.equal(done['state'], 'ready')
  const slices = Number((done['lungs'] as { slicesWithLung: number }).slicesWithLung)
  assert.ok(gate.asked - before < slices, `${gate.asked - before} slices asked again of ${slices}`)
  assert.equal((await ask(`${base}/${id}/cancel`, { method: 'POST' })).status, 202) // a draft nobody wants
})

test('goes on after its process died in the middle', { skip }, async () => {
  const { gate, database } = system()
  const { body } = await ask(base, { method: 'POST', body: { study, series } })
  const id = String(body['id'])
  await until(id, ['ready'])
  // As a killed process leaves it: running, with a lease that nobody renews, and half of the slices.
  await database.sql.query({
    text: `UPDATE imaging.reading SET state = 'running', lease_owner = 'dead', lease_until = now() - interval '1 second' WHERE id = $1`,
    values: [id],
  })
  await database.sql.query({
    text: 'DELETE FROM imaging.reading_slice WHERE reading = $1 AND slice >= 2',
    values: [id],
  })
  const before = gate.asked
  const done = await until(id, ['ready', 'failed'])
  assert.equal(done['state'], 'ready')
  assert.ok(gate.asked - before <= 2 && gate.asked > before)
  await ask(`${base}/${id}/cancel`, { method: 'POST' })
})

test('refuses what cannot be read, and tells nothing to strangers', { skip }, async () => {
  const gap = [...phantomFiles(phantom, { occasion: 9, patientId: 'MRN-1' })].filter((_, at) => at !== 1)
  await store(gap.map(({ bytes }) => bytes))
  const uids = phantomUids(phantom, { occasion: 9 })
  const uneven = await ask(base, { method: 'POST', body: { study: uids.study, series: uids.series } })
  assert.deepEqual([uneven.status, uneven.body['code']], [422, 'unprocessable'])
  assert.match(String(uneven.body['detail']), /missing/)
  assert.equal((await ask(base, { method: 'POST', body: { study, series: '1.2.3' } })).status, 404)
  assert.equal((await ask(base, { method: 'POST', body: { study } })).status, 400)
  assert.equal((await ask(base, { method: 'POST', body: { study, series }, role: 'pharmacist' })).status, 403)
  assert.equal((await ask(`${base}/${randomUUID()}`)).status, 404)
  assert.equal((await ask(`${base}/x`)).status, 400)
  assert.equal((await ask(`${base}?color=red`)).status, 400)
})
