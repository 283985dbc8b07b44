// The audit service through its door: routes, roles, what each use leaves behind.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { validateText } from '@xinglin/core/fhir/validation'
import { verifyConsistency, verifyInclusion } from '@xinglin/core/merkle'
import type { FastifyInstance } from 'fastify'
import type { Role } from '../../kernel/caller.ts'
import { systemClock } from '../../kernel/clock.ts'
import { buildServiceApp } from '../../kernel/http.ts'
import { createIds } from '../../kernel/ids.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService } from '../../kernel/service.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { audit, createTrail, type Trail, type TrailReport, verifyTrail } from './index.ts'
import { callerOf, readOf } from './trail-under-test.ts'

interface House {
  readonly database: TestDatabase
  readonly trail: Trail
  readonly running: RunningService
  readonly app: FastifyInstance
  readonly folder: string
}

const house: { open?: House } = {}
const opened = (): House => {
  assert.ok(house.open)
  return house.open
}

before(async () => {
  const database = await testDatabase([audit.sql])
  const folder = join(await mkdtemp(join(tmpdir(), 'xinglin-audit-')), 'audit')
  const common = { sql: database.sql, log: silentLogger, clock: systemClock }
  const trail = createTrail(common)
  const ports = { ...common, audit: trail, ids: createIds(systemClock) } as unknown as Ports // all it asks for
  const running = await audit.create(ports, { sealEveryMs: 20, checkpointEverySeconds: 1 }, { folder })
  const app = buildServiceApp({
    service: 'audit',
    running,
    verifyCaller: (token) => callerOf(token as Role), // the tests send the role itself
    ...common,
  })
  await app.ready()
  await running.start?.()
  house.open = { database, trail, running, app, folder }
})

after(async () => {
  const { database, trail, running, app, folder } = opened()
  await app.close()
  await running.close?.()
  await trail.close()
  await database.close()
  await rm(join(folder, '..'), { recursive: true, force: true })
})

interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly role?: Role
  readonly payload?: object
}

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: Body
}

interface Shown {
  readonly id: string
  readonly action: string
  readonly outcome: string
  readonly outcomeDesc?: string
  readonly meta?: { readonly profile: readonly string[] }
  readonly subtype: readonly { readonly code: string }[]
  readonly agent: readonly { readonly altId?: string }[]
  readonly entity: readonly {
    readonly query?: string
    readonly what?: { readonly reference?: string; readonly identifier?: { readonly value: string } }
  }[]
  readonly extension: readonly { readonly url: string; readonly valueDecimal?: number }[]
}

/** What the answers hold, each test looking at its own part. */
interface Body {
  readonly type: string
  readonly entry: readonly { readonly resource: Shown }[]
  readonly link: readonly { readonly relation: string; readonly url: string }[]
  readonly detail: string
  readonly size: number
  readonly root: string
  readonly lagMs: number
  readonly publicKey: string
  readonly fromRoot: string
  readonly toRoot: string
  readonly proof: readonly string[]
  readonly leaf: string
  readonly eventId: number
  readonly checkpoints: readonly { readonly number: number; readonly note: string }[]
  readonly next: string
  readonly state: string
  readonly report: TrailReport
  readonly checked: number
  readonly verified: { readonly ok: boolean; readonly size: number }
}

/** The newest event of an answer. */
function newest({ body }: Reply): Shown {
  const [entry] = body.entry
  assert.ok(entry)
  return entry.resource
}

async function ask(url: string, { method = 'GET', role = 'compliance', payload }: Ask = {}): Promise<Reply> {
  const answer = await opened().app.inject({
    method,
    url,
    headers: { 'x-xinglin-caller': role },
    ...(payload === undefined ? {} : { payload }),
  })
  const body = answer.body === '' ? undefined : JSON.parse(answer.body)
  return { status: answer.statusCode, type: String(answer.headers['content-type']), body }
}

/** Waits until everything recorded so far is sealed. */
async function allSealed(): Promise<void> {
  const { sql } = opened().database
  const [last] = await sql.query<{ id: number }>({ text: 'SELECT max(id) AS id FROM audit.event' })
  for (let turn = 0; turn < 500; turn++) {
    const [row] = await sql.query<{ count: number }>({
      text: 'SELECT count(*)::int AS count FROM audit.event e WHERE id <= $1 AND NOT EXISTS (SELECT FROM audit.seal s WHERE s.event_id = e.id)',
      values: [last?.id ?? 0],
    })
    if (row?.count === 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail('the sealer did not come to the newest event within five seconds')
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const fromHex = (text: string): Uint8Array => Buffer.from(text, 'hex')

test('an access that was recorded is found by its patient, newest first, as an AuditEvent', async () => {
  const { trail } = opened()
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
  const { trail } = opened()
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
  const { trail } = opened()
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

test('state, checkpoint and proofs fit together and are checked with the public key and hashes alone', async () => {
  const { trail, folder } = opened()
  await trail.record(readOf('proven'))
  const before = (await ask('/audit/state')).body
  await trail.record(readOf('proven'))
  await allSealed()
  const { body: state } = await ask('/audit/state')
  assert.ok(state.size > before.size)
  assert.ok(state.lagMs < 1000)
  assert.equal(state.publicKey, await readFile(join(folder, 'public-key.pem'), 'utf8'))
  const { body: consistency } = await ask(`/audit/proof/consistency?from=${before.size}&to=${state.size}`)
  assert.equal(consistency.fromRoot, before.root)
  assert.equal(consistency.toRoot, state.root)
  const claim = {
    from: before.size,
    to: state.size,
    fromRoot: fromHex(before.root),
    toRoot: fromHex(state.root),
    proof: consistency.proof.map(fromHex),
  }
  assert.ok(verifyConsistency(sha256, claim))
  const found = await ask('/audit/events?patient=proven&_count=1')
  const seq = newest(found).extension.find(({ url }) => url === 'urn:xinglin:audit:seq')?.valueDecimal ?? -1
  const { body: inclusion } = await ask(`/audit/proof/inclusion?seq=${seq}&size=${state.size}`)
  assert.equal(String(inclusion.eventId), newest(found).id)
  assert.ok(
    verifyInclusion(sha256, {
      index: seq,
      size: state.size,
      leaf: fromHex(inclusion.leaf),
      root: fromHex(state.root),
      proof: inclusion.proof.map(fromHex),
    }),
  )
})

test('proofs of what is not there are refused', async () => {
  for (const [path, status] of [
    ['inclusion', 400],
    ['inclusion?seq=-1', 400],
    ['inclusion?seq=x', 400],
    ['inclusion?seq=1e9', 400],
    ['inclusion?seq=999999999', 404],
    ['inclusion?seq=0&size=0', 404],
    ['inclusion?seq=0&size=999999999', 404],
    ['consistency?from=2&to=1', 400],
    ['consistency?from=1&to=999999999', 404],
    ['consistency?to=1', 400],
  ] as const) {
    assert.equal((await ask(`/audit/proof/${path}`)).status, status, path)
  }
})

test('the key is outside the database, for its owner alone', async () => {
  const { folder } = opened()
  assert.equal((await stat(join(folder, 'signing-key.pem'))).mode & 0o777, 0o600)
  assert.equal((await stat(folder)).mode & 0o777, 0o700)
})

test('checkpoints come as signed notes, newest first, in pages', async () => {
  const { trail } = opened()
  const numbers = async (): Promise<readonly number[]> =>
    (await ask('/audit/checkpoints?_count=200')).body.checkpoints.map((one) => one.number)
  for (let turn = 0; (await numbers()).length < 2 && turn < 300; turn++) {
    await trail.record(readOf('checkpointed'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { body: page } = await ask('/audit/checkpoints?_count=1')
  assert.equal(page.checkpoints.length, 1)
  assert.match(page.checkpoints[0]?.note ?? '', /^xinglin\.audit\/[0-9a-f-]{36}\n\d+\n[A-Za-z0-9+/=]{44}\n/)
  const { body: next } = await ask(page.next)
  assert.equal(next.checkpoints[0]?.number, (page.checkpoints[0]?.number ?? 0) - 1)
})

test('an event is erased by an admin with a reason; its place, the chain and the record of the erasure stay', async () => {
  const { trail, database, folder } = opened()
  await trail.record(readOf('forgotten'))
  await allSealed()
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
  const [row] = await database.sql.query<{ text: string }>({
    text: 'SELECT row_to_json(e)::text AS text FROM audit.event e WHERE id = $1',
    values: [Number(id)],
  })
  assert.doesNotMatch(row?.text ?? '', /forgotten|dr-chen/)
  const record = await ask(`/audit/events?entity=AuditEvent/${id}&interaction=erase&outcome=success`)
  assert.equal(newest(record).outcomeDesc, reason)
  await allSealed()
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
  const report = await verifyTrail({ sql: database.sql, folder })
  assert.deepEqual(report.faults, [])
  assert.equal(report.erased.count, 1)
  assert.match(report.summary, /1 event erased by law/)
})

test('a verification runs in the background and tells how far it is', async () => {
  assert.equal((await ask('/audit/verify', { method: 'POST' })).status, 202)
  let { body } = await ask('/audit/verify')
  for (let turn = 0; body.state === 'running' && turn < 500; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    body = (await ask('/audit/verify')).body
  }
  assert.equal(body.state, 'done')
  assert.ok(body.report.ok, body.report.summary)
  assert.equal(body.report.sealed, body.checked)
  const { body: state } = await ask('/audit/state')
  assert.deepEqual([state.verified.ok, state.verified.size], [true, body.checked])
})

test('an unknown address and a wrong method are told apart', async () => {
  assert.equal((await ask('/audit/nothing')).status, 404)
  assert.equal((await ask('/audit/events', { method: 'POST' })).status, 405)
  assert.equal((await ask('/audit/events/0')).status, 400)
  assert.equal((await ask('/audit/events/999999')).status, 404)
})
