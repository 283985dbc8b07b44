// Values that would be stored otherwise than sent, break the searches of others, or match what was not asked for.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { searchKnowledge } from '@xinglin/core/fhir/search'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../../kernel/clock.ts'
import { buildServiceApp } from '../../kernel/http.ts'
import { type StoreFixture, storeFixture } from '../../testing/record-store.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createSearch } from '../search/search.ts'
import { fhirRoutes } from './fhir-routes.ts'

const shared: { store?: StoreFixture; app?: FastifyInstance } = {}

before(async () => {
  const store = await storeFixture()
  const routes = fhirRoutes({
    records: store.records,
    search: createSearch({ sql: store.database.sql, knowledge: searchKnowledge(), cursorKey: 'a test key' }),
    audit: { append: async () => undefined, record: async () => undefined },
    types: ['Patient', 'Observation'],
    system: true,
    baseUrl: 'http://127.0.0.1/fhir',
    version: '0.0.0',
    date: new Date(0),
  })
  const verifyCaller = () => store.context().caller
  const app = buildServiceApp({
    ...{ service: 'test', running: { routes }, verifyCaller },
    ...{ log: silentLogger, clock: systemClock },
  })
  Object.assign(shared, { store, app })
  await app.ready()
})
after(async () => {
  await shared.app?.close()
  await shared.store?.close()
})

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

async function send(method: Method, url: string, payload?: string | Buffer, type = 'application/fhir+json') {
  assert.ok(shared.app)
  const headers = { 'x-xinglin-caller': 'any', ...(payload === undefined ? {} : { 'content-type': type }) }
  const request = { method, url: `/fhir${url}`, headers, ...(payload === undefined ? {} : { payload }) }
  const { statusCode, body } = await shared.app.inject(request)
  return { status: statusCode, body: body === '' ? undefined : JSON.parse(body) }
}

const patient = (family: string): string => `{"resourceType":"Patient","name":[{"family":"${family}"}]}`
const observation = (id: string, value: string): string =>
  `{"resourceType":"Observation","id":"${id}","status":"final","code":{"text":"x"},"valueQuantity":{"value":${value}}}`

test('a body in another encoding is refused, not stored with replacement characters', async () => {
  const [before = '', after = ''] = patient('|').split('|')
  for (const bytes of [[0xd5, 0xc5], [0xc0, 0xaf], [0xff]]) {
    const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])
    for (const url of ['/Patient', '', '/Patient/$validate']) assert.equal((await send('POST', url, body)).status, 400)
  }
})

test('a member named twice is refused in resources, Bundles and patches', async () => {
  const twice = '{"resourceType":"Patient","gender":"male","gender":"female"}'
  assert.equal((await send('POST', '/Patient', twice)).status, 400)
  const entry = `{"resource":${twice},"request":{"method":"POST","url":"Patient"}}`
  assert.equal(
    (await send('POST', '', `{"resourceType":"Bundle","type":"transaction","entry":[${entry}]}`)).status,
    400,
  )
})

test('no number that is stored keeps others from sorting', async () => {
  for (const [id, value] of [
    ['large', '1.7976931348623157e308'],
    ['negative', '-1.7976931348623157e308'],
    ['small', '1e-300'],
  ] as const) {
    assert.equal((await send('PUT', `/Observation/${id}`, observation(id, value))).status, 201)
  }
  assert.equal((await send('PUT', '/Observation/tiny', observation('tiny', '1e-20000'))).status, 400)
  for (const sort of ['value-quantity', '-value-quantity', 'status', '-code', 'date']) {
    const { status, body } = await send('GET', `/Observation?_sort=${sort}`)
    assert.deepEqual([status, body.total], [200, 3], sort)
  }
})

test('a text that holds nothing to search for matches nothing instead of everything', async () => {
  assert.equal((await send('POST', '/Patient', patient('Zhang'))).status, 201)
  for (const query of ['name=%20', 'name=%00', 'name=%CC%81', 'name:contains=%E2%80%83', 'family=%1F']) {
    assert.equal((await send('GET', `/Patient?${query}`)).status, 400, query)
    assert.equal((await send('DELETE', `/Patient?${query}`)).status, 400, query)
  }
  const form = 'application/x-www-form-urlencoded'
  for (const body of [Buffer.from('name=\0'), Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x3d, 0xff])]) {
    assert.equal((await send('POST', '/Patient/_search', body, form)).status, 400)
  }
  assert.equal((await send('GET', '/Patient?name=%ED%A0%80')).status, 400)
  assert.equal((await send('GET', '/Patient?name=zhang')).body.total, 1)
})
