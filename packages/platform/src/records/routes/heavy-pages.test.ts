// However heavy the records, an answer is bounded: pages end early and go on by their links, Bundles say what was left out.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { searchKnowledge } from '@xinglin/core/fhir/search'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../../kernel/clock.ts'
import { buildServiceApp } from '../../kernel/http.ts'
import { type StoreFixture, storeFixture } from '../../testing/record-store.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createSearch } from '../search/search.ts'
import { maxPageBytes } from '../store/page-bytes.ts'
import { fhirRoutes } from './fhir-routes.ts'

const baseUrl = 'http://127.0.0.1/fhir'
const heavyBytes = 6_000_000
const heavy = ['h1', 'h2', 'h3', 'h4', 'h5']
const shared: { store?: StoreFixture; app?: FastifyInstance } = {}

async function send(method: 'GET' | 'POST' | 'PUT', url: string, body?: unknown) {
  assert.ok(shared.app)
  const answer = await shared.app.inject({
    method,
    url: `/fhir${url}`,
    headers: { 'x-xinglin-caller': 'any', ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  })
  return { status: answer.statusCode, bytes: answer.body.length, body: JSON.parse(answer.body) }
}

async function sendText(url: string): Promise<string> {
  assert.ok(shared.app)
  return (await shared.app.inject({ url: `/fhir${url}`, headers: { 'x-xinglin-caller': 'any' } })).body
}

before(async () => {
  const store = await storeFixture()
  const routes = fhirRoutes({
    ...{ records: store.records, baseUrl, version: '0.0.0', date: new Date(0), system: true },
    types: ['Patient', 'Observation'],
    search: createSearch({ sql: store.database.sql, knowledge: searchKnowledge(), cursorKey: 'a test key' }),
    audit: { append: async () => undefined, record: async () => undefined },
  })
  const app = buildServiceApp({
    ...{ service: 'test', running: { routes }, verifyCaller: () => store.context().caller },
    ...{ log: silentLogger, clock: systemClock },
  })
  Object.assign(shared, { store, app })
  await app.ready()
  await send('PUT', '/Patient/p', { resourceType: 'Patient', id: 'p' })
  const valueString = 'x'.repeat(heavyBytes)
  for (const id of heavy) {
    const about = { subject: { reference: 'Patient/p' }, performer: [{ reference: 'Patient/p' }] }
    await send('PUT', `/Observation/${id}`, { resourceType: 'Observation', id, status: 'final', ...about, valueString })
  }
})
after(async () => {
  await shared.app?.close()
  await shared.store?.close()
})

async function idsOfAllPages(url: string): Promise<readonly string[]> {
  const ids: string[] = []
  for (let next: string | undefined = url, page = 0; next !== undefined; page += 1) {
    assert.ok(page < 10, 'the pages do not end')
    const { status, bytes, body } = await send('GET', next)
    assert.equal(status, 200)
    assert.ok(bytes < maxPageBytes + 2 * heavyBytes, `${bytes} bytes`)
    ids.push(...(body.entry ?? []).map((entry: { resource: { id: string } }) => entry.resource.id))
    const link = body.link.find(({ relation }: { relation: string }) => relation === 'next')
    next = link?.url.slice(baseUrl.length)
  }
  return ids
}

test('searches, histories and $everything go on where a page became too heavy', async () => {
  for (const [url, more] of [
    ['/Observation?_count=1000', []],
    ['/Observation?_sort=_id&_count=1000', []],
    ['/Observation?patient=p&_count=1000', []],
    ['/Observation/_history?_count=1000', []],
    ['/_history?_count=1000', ['p']],
    ['/Patient/p/$everything?_count=1000', ['p']],
  ] as const) {
    assert.deepEqual((await idsOfAllPages(url)).toSorted(), [...heavy, ...more], url)
  }
})

test('what is too long to be read by eyes is not indented', async () => {
  assert.equal((await sendText('/Patient/p?_pretty=true')).split('\n').length > 3, true)
  assert.equal((await sendText('/Observation/h1?_pretty=true')).split('\n').length, 1)
})

test('what is included is bounded, and the answer says so', async () => {
  const { bytes, body } = await send('GET', '/Patient?_revinclude=Observation:subject')
  assert.ok(bytes < maxPageBytes + 2 * heavyBytes)
  const kinds = body.entry.map((entry: { resource: { resourceType: string } }) => entry.resource.resourceType)
  assert.ok(kinds.includes('Observation') && kinds.includes('OperationOutcome'), String(kinds))
})

test('a Bundle of reads is bounded: a batch leaves entries out aloud, a transaction is refused', async () => {
  const entry = Array.from({ length: 12 }, (_, n) => ({
    request: { method: 'GET', url: n % 2 === 0 ? 'Observation/h1' : 'Observation?_count=1' },
  }))
  const batch = await send('POST', '', { resourceType: 'Bundle', type: 'batch', entry })
  const statuses = batch.body.entry.map((one: { response: { status: string } }) => one.response.status.slice(0, 3))
  assert.equal(statuses[0], '200')
  assert.equal(statuses.at(-1), '413')
  assert.ok(batch.bytes < 32_000_000 + 5 * heavyBytes, `${batch.bytes}`)
  const transaction = await send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })
  assert.equal(transaction.status, 413)
})
