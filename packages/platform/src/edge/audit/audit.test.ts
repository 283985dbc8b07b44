// The audit service through its door: events, roles, erasure, and what each use leaves behind.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { validateText } from '@xinglin/core/fhir/validation'
import fc from 'fast-check'
import { databaseOnOwnServer, type TestDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { audit, verifyTrail } from './index.ts'
import { type Ask, newest, type Reply, type ServiceUnderTest, serviceUnderTest } from './under-test/service.ts'
import { callerOf, readOf } from './under-test/trail.ts'

const shared: { database?: TestDatabase; service?: ServiceUnderTest } = {}

function service(): ServiceUnderTest {
  assert.ok(shared.service)
  return shared.service
}

const ask = (url: string, how?: Ask): Promise<Reply> => service().ask(url, how)

before(async () => {
  const database = await databaseOnOwnServer([audit.sql])
  Object.assign(shared, { database, service: await serviceUnderTest(database.sql, silentLogger) })
})

after(async () => {
  await shared.service?.close()
  await shared.database?.close()
})

test('an access that was recorded is found by its patient, newest first, as an AuditEvent', async () => {
  const { trail } = service()
  await trail.record(readOf('zhang-san'))
  await trail.record({ ...readOf('zhang-san'), interaction: 'vread', entities: ['Patient/zhang-san/_history/2'] })
  await trail.record(readOf('somebody-else'))
  const { status, type, body } = await ask('/audit/events?patient=zhang-san')
  assert.equal(status, 200)
  assert.match(type, /^application\/fhir\+json/)
  assert.equal(body.type, 'searchset')
  assert.deepEqual(validateText(JSON.stringify(body)), [])
  assert.deepEqual(validateText(JSON.stringify((await ask('/audit/events?patient=nobody')).body)), [])
  assert.deepEqual(
    body.entry.map((entry) => entry.resource.subtype[0]?.code),
    ['vread', 'read'],
  )
  const resource = body.entry[1]?.resource
  assert.ok(resource)
  assert.equal(resource.action, 'R')
  assert.equal(resource.outcome, '0')
  assert.deepEqual(resource.meta?.profile, [
    'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead',
  ])
  assert.deepEqual(
    resource.entity.map((entity) => entity.what?.reference ?? entity.what?.identifier?.value),
    ['Patient/zhang-san', 'Patient/zhang-san', '0123456789abcdef0123456789abcdef'],
  )
})

test('a search is found with its query, and the search of the trail itself too', async () => {
  const { trail } = service()
  const entry = readOf('li-si')
  await trail.record({ ...entry, action: 'E', interaction: 'search-type', query: 'Patient?name=李四', entities: [] })
  const first = await ask('/audit/events?patient=li-si')
  const query = newest(first).entity.find((entity) => entity.query !== undefined)
  assert.equal(Buffer.from(query?.query ?? '', 'base64').toString(), 'Patient?name=李四')
  const second = await ask('/audit/events?patient=li-si')
  assert.equal(second.body.entry.length, 2)
  const own = newest(second)
  assert.equal(own.agent.at(-1)?.altId, 'compliance')
  const ownQuery = own.entity.find((entity) => entity.query !== undefined)?.query
  assert.equal(Buffer.from(ownQuery ?? '', 'base64').toString(), 'GET /audit/events?patient=li-si')
})

test('filters narrow the search, and pages follow one another without gap or repetition', async () => {
  const { trail } = service()
  for (let number = 0; number < 25; number++) {
    await trail.record({ ...readOf(`paged-${number % 5}`), caller: callerOf('clinician', 'dr-paging') })
  }
  await trail.record({
    ...readOf('paged-0'),
    caller: callerOf('clinician', 'dr-paging'),
    outcome: 'refused',
    status: 403,
    reason: 'forbidden',
  })
  const seen: string[] = []
  let url: string | undefined = '/audit/events?agent=dr-paging&_count=7'
  while (url !== undefined) {
    const { body, status }: Reply = await ask(url)
    assert.equal(status, 200)
    seen.push(...body.entry.map((entry) => entry.resource.id))
    url = body.link.find((link) => link.relation === 'next')?.url
  }
  assert.equal(seen.length, 26)
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => Number(b) - Number(a)),
  )
  const count = async (query: string): Promise<number> =>
    (await ask(`/audit/events?agent=dr-paging&${query}`)).body.entry?.length ?? 0
  assert.equal(await count('outcome=refused'), 1)
  assert.equal(await count('outcome=4'), 1)
  assert.equal(await count('patient=Patient/paged-1'), 5)
  assert.equal(await count('entity=Patient/paged-2'), 5)
  assert.equal(await count('action=D'), 0)
  assert.equal(await count('interaction=read'), 26)
  const today = new Date().toISOString().slice(0, 10)
  assert.equal(await count(`date=ge${today}`), 26)
  assert.equal(await count(`date=lt${today}`), 0)
  assert.equal(await count(`date=ge${today}&date=gt${today}`), 0)
})

test('what a search cannot use is refused with 400', async () => {
  for (const query of [
    'colour=red',
    'patient=',
    'patient=a b',
    'action=X',
    'outcome=maybe',
    '_count=0',
    '_count=201',
    '_count=ten',
    '_before=-1',
    'date=yesterday',
    'date=ge2026-02-30',
    'date=2026&date=2027&date=2028',
    'entity=nothing',
    'patient=a&patient=b',
  ]) {
    const { status, type, body } = await ask(`/audit/events?${query}`)
    assert.equal(status, 400, query)
    assert.match(type, /^application\/problem\+json/)
    assert.ok(body.detail.length > 10, query)
  }
})

test('only compliance, admin and system may use the trail; a refusal is itself recorded', async () => {
  const paths = [
    '/audit/events',
    '/audit/events/1',
    '/audit/events?colour=red',
    '/audit/state',
    '/audit/checkpoints',
    '/audit/proof/inclusion?seq=0',
    '/audit/proof/consistency?from=0',
    '/audit/verify',
  ]
  for (const role of ['clinician', 'patient', 'frontend', 'operator', 'pharmacist'] as const) {
    for (const path of paths) assert.equal((await ask(path, { role })).status, 403, `${role} ${path}`)
  }
  assert.equal((await ask('/audit/verify', { role: 'clinician', method: 'POST' })).status, 403)
  const refusals = await ask('/audit/events?agent=operator&outcome=refused')
  assert.equal(refusals.body.entry.length, paths.length)
  assert.equal(newest(refusals).outcomeDesc, 'forbidden')
})

test('scopes narrow the use of the trail as they narrow every other access', async () => {
  const statusOf = async (scopes: readonly string[], path = '/audit/events', how: Ask = {}) =>
    (await ask(path, { role: 'admin', scopes, ...how })).status
  for (const scopes of [['user/Patient.rs'], ['patient/*.cruds'], ['openid'], ['user/AuditEvent.d']]) {
    assert.equal(await statusOf(scopes), 403, String(scopes))
  }
  assert.equal(await statusOf(['user/AuditEvent.rs']), 200)
  const erasure = { method: 'POST', payload: { reason: 'by law' } } as const
  assert.equal(await statusOf(['user/*.cruds'], '/audit/events/1/$erase', erasure), 403)
})

test('an event is erased by an admin with a reason; its place, the chain and the record of the erasure stay', async () => {
  const { trail, sql, folder } = service()
  await trail.record(readOf('forgotten'))
  await service().allSealed()
  const found = await ask('/audit/events?patient=forgotten')
  const { id } = newest(found)
  const address = `/audit/events/${id}/$erase`
  const reason = 'Art. 47 PIPL, request 2026-17'
  assert.equal((await ask(address, { method: 'POST', payload: { reason } })).status, 403)
  assert.equal((await ask(address, { method: 'POST', role: 'admin', payload: {} })).status, 400)
  assert.equal(
    (await ask('/audit/events/999999/$erase', { method: 'POST', role: 'admin', payload: { reason } })).status,
    404,
  )
  assert.equal((await ask(address, { method: 'POST', role: 'admin', payload: { reason } })).status, 200)
  assert.equal((await ask(address, { method: 'POST', role: 'admin', payload: { reason } })).status, 410)
  assert.equal((await ask(`/audit/events/${id}`)).status, 410)
  const [row] = await sql.query<{ text: string }>({
    text: 'SELECT row_to_json(e)::text AS text FROM audit.event e WHERE id = $1',
    values: [Number(id)],
  })
  assert.doesNotMatch(row?.text ?? '', /forgotten|dr-chen/)
  const record = await ask(`/audit/events?entity=AuditEvent/${id}&interaction=erase&outcome=success`)
  assert.equal(newest(record).outcomeDesc, reason)
  await service().allSealed()
  assert.equal(
    (
      await ask(`/audit/events/${newest(record).id}/$erase`, {
        method: 'POST',
        role: 'admin',
        payload: { reason },
      })
    ).status,
    422,
  )
  const report = await verifyTrail({ sql: sql, folder })
  assert.deepEqual(report.faults, [])
  assert.equal(report.erased.count, 1)
  assert.match(report.summary, /1 event erased by law/)
})

test('an unknown address and a wrong method are told apart', async () => {
  assert.equal((await ask('/audit/nothing')).status, 404)
  assert.equal((await ask('/audit/events', { method: 'POST' })).status, 405)
  assert.equal((await ask('/audit/events/0')).status, 400)
  assert.equal((await ask('/audit/events/999999')).status, 404)
})

const anyValue = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '-1',
    '0',
    '1',
    '1e9',
    '9007199254740993',
    '00',
    'null',
    '%00',
    '%',
    "' OR 1=1",
    'ge2026',
    'Patient/p',
    '\0',
  ),
  fc.integer().map(String),
)
const anyParameter = fc.constantFrom(
  ...['patient', 'agent', 'action', 'outcome', 'interaction', 'entity', 'date', '_count', '_before'],
  ...['seq', 'size', 'from', 'to', 'before', '__proto__', 'constructor', ''],
)
const anyAddress = fc.oneof(
  fc.constantFrom('/events', '/state', '/checkpoints', '/proof/inclusion', '/proof/consistency', '/verify'),
  anyValue.map((text) => `/events/${encodeURIComponent(text)}`),
)

test('mutated requests are answered or refused, never failed', async () => {
  await fc.assert(
    fc.asyncProperty(anyAddress, fc.array(fc.tuple(anyParameter, anyValue), { maxLength: 4 }), async (path, pairs) => {
      const url = `/audit${path}?${pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')}`
      const { status } = await ask(url)
      assert.ok([200, 400, 404].includes(status), `${status} ${url}`)
    }),
    { numRuns: 600 },
  )
})

test('mutated erasures are refused', async () => {
  const bodies = [[], {}, { reason: 1 }, { reason: 'ab' }, { reason: 'x'.repeat(501) }, { reason: 'abc', more: 1 }]
  for (const payload of bodies) {
    const { status } = await ask('/audit/events/1/$erase', { method: 'POST', role: 'admin', payload })
    assert.equal(status, 400, JSON.stringify(payload))
  }
})
