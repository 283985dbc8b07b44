// CDS Hooks over HTTP: discovery, cards with their source, prefetch or the records, and what is refused.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Caller, Role } from '../../../kernel/caller.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { buildServiceApp } from '../../../kernel/http.ts'
import { createIds } from '../../../kernel/ids.ts'
import type { AuditEntry, CallService } from '../../../kernel/ports.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { createMedicines } from '../medicines/holder.ts'
import { cdsHooksRoutes } from './routes.ts'

interface Cards {
  readonly cards: readonly {
    readonly summary: string
    readonly indicator: string
    readonly source: { readonly label: string }
    readonly overrideReasons?: readonly unknown[]
  }[]
}

const audits: AuditEntry[] = []
const asked: string[] = []
const held: { app?: FastifyInstance } = {}

const request = (id: string, text: string, more: object = {}) => ({
  resourceType: 'MedicationRequest',
  id,
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/p' },
  medicationCodeableConcept: { text },
  ...more,
})
const bundle = (...resources: readonly object[]) => ({
  resourceType: 'Bundle',
  entry: resources.map((resource) => ({ resource })),
})

// The records: what the patient takes on two pages, and one allergy.
const records: CallService = () => async (path) => {
  asked.push(path)
  if (path.startsWith('/fhir/AllergyIntolerance')) {
    return Response.json(bundle({ resourceType: 'AllergyIntolerance', id: 'a', code: { text: 'Penicillin' } }))
  }
  if (path.includes('page=2')) return Response.json(bundle(request('two', 'Simvastatin 20 MG')))
  const next = 'http://127.0.0.1:8080/fhir/MedicationRequest?page=2'
  return Response.json({ ...bundle(request('one', 'Warfarin 5 MG')), link: [{ relation: 'next', url: next }] })
}

async function post(payload: string | object, role: Role = 'clinician') {
  const caller: Caller = { subject: 's', name: 's', roles: [role], scopes: [], purpose: 'TREAT' }
  const answer = await held.app?.inject({
    method: 'POST',
    url: '/cds-services/medication-safety',
    headers: { 'x-xinglin-caller': JSON.stringify(caller), 'content-type': 'application/json' },
    payload,
  })
  if (answer === undefined) throw new Error('not started')
  return { status: answer.statusCode, type: String(answer.headers['content-type']), body: answer.json() as Cards }
}

const hook = (drafts: object, more: object = {}) => ({
  hook: 'order-sign',
  hookInstance: 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea',
  context: { userId: 'Practitioner/dr-chen', patientId: 'p', draftOrders: drafts },
  ...more,
})

before(async () => {
  const audit = {
    append: async () => undefined,
    record: async (entry: AuditEntry) => {
      audits.push(entry)
    },
  }
  const medicines = createMedicines()
  const parts = { call: records, audit, ids: createIds(systemClock), medicines: () => medicines.current() }
  const verifyCaller = (token: string): Caller => JSON.parse(token) as Caller
  const running = { routes: cdsHooksRoutes(parts) }
  held.app = buildServiceApp({ service: 'pharmacy', running, verifyCaller, log: silentLogger, clock: systemClock })
  await held.app.ready()
})

after(async () => {
  await held.app?.close()
})

test('tells everybody which hook it serves and what it wants beforehand', async () => {
  const answer = await held.app?.inject({ url: '/cds-services' })
  assert.ok(answer !== undefined)
  const { services } = answer.json() as { services: readonly { hook: string; id: string; prefetch: object }[] }
  assert.deepEqual(
    services.map(({ hook: name, id }) => [name, id]),
    [['order-sign', 'medication-safety']],
  )
  assert.deepEqual(Object.keys(services[0]?.prefetch ?? {}), ['medications', 'allergies'])
})

test('warns of what the records hold, over all pages, with the source and reasons to override', async () => {
  const { status, body } = await post(hook(bundle(request('x', 'Clarithromycin 500 MG', { status: 'draft' }))))
  assert.equal(status, 200)
  const [first] = body.cards
  assert.equal(first?.indicator, 'critical')
  assert.match(first?.summary ?? '', /contraindicated.*clarithromycin with simvastatin/)
  assert.match(first?.source.label ?? '', /ANSM/)
  assert.ok((first?.overrideReasons ?? []).length > 0)
  assert.ok(body.cards.every(({ summary }) => summary.length <= 140))
  assert.deepEqual(audits.at(-1)?.patients, ['p'])
})

test('warns of an allergy, and asks nothing of the records that was brought along', async () => {
  const before_ = asked.length
  const prefetch = {
    medications: bundle(),
    allergies: bundle({ resourceType: 'AllergyIntolerance', id: 'a', code: { text: 'Penicillin' } }),
  }
  const { body } = await post(hook(bundle(request('x', 'Amoxicillin 500 MG', { status: 'draft' })), { prefetch }))
  assert.deepEqual(
    body.cards.map(({ indicator, source }) => [indicator, source.label]),
    [['critical', 'The patient’s recorded allergies']],
  )
  assert.equal(asked.length, before_)
})

test('compares the drafts with each other, each pair once, and is silent where nothing is known', async () => {
  const prefetch = { medications: bundle(), allergies: bundle() }
  const drafts = bundle(
    request('x', 'Clarithromycin 500 MG', { status: 'draft' }),
    request('y', 'Simvastatin 20 MG', { status: 'draft' }),
  )
  assert.equal(
    (await post(hook(drafts, { prefetch }))).body.cards.filter(({ indicator }) => indicator === 'critical').length,
    1,
  )
  assert.deepEqual((await post(hook(bundle(request('x', 'a box of nothing')), { prefetch }))).body.cards, [])
  assert.deepEqual((await post(hook(bundle(), { prefetch }))).body.cards, [])
})

test('refuses other callers, other patients and what is no hook', async () => {
  assert.equal((await post(hook(bundle()), 'patient')).status, 403)
  const foreign = hook(bundle(request('x', 'Warfarin', { subject: { reference: 'Patient/q' } })))
  assert.equal((await post(foreign)).status, 400)
  for (const bad of [
    '{',
    {},
    { hook: 'order-sign' },
    hook({ resourceType: 'Patient' }),
    { ...hook(bundle()), hook: 'x' },
  ]) {
    const { status, type } = await post(bad)
    assert.equal(status, 400)
    assert.match(type, /problem\+json/)
  }
})

test('takes entries and orders of any shape without failing', async () => {
  const order = { resourceType: 'MedicationRequest', status: 'draft' }
  const shapes: readonly unknown[] = [
    ...[null, 1, 'x', [], {}, { resource: null }, { resource: 1 }, { resource: {} }, { resource: { resourceType: 1 } }],
    ...[
      null,
      1,
      'x',
      [],
      [null],
      {},
      { coding: null },
      { coding: [null] },
      { coding: [{ code: 1 }] },
      { text: {} },
    ].flatMap((medicine) => [
      { resource: { ...order, medicationCodeableConcept: medicine } },
      { resource: { ...order, medicationReference: medicine, subject: medicine, dosageInstruction: medicine } },
    ]),
  ]
  for (const shape of shapes) {
    const entry = [shape]
    const sent = { resourceType: 'Bundle', entry }
    const { status } = await post(hook(sent, { prefetch: { medications: sent, allergies: sent } }))
    assert.equal(status, 200, JSON.stringify(shape))
  }
})
