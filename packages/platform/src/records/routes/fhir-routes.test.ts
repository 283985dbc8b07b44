// The FHIR base over HTTP: statuses, headers, formats, preferences, refusals as OperationOutcome.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { searchKnowledge } from '@xinglin/core/fhir/search'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { systemClock } from '../../kernel/clock.ts'
import { buildServiceApp } from '../../kernel/http.ts'
import { type StoreFixture, storeFixture } from '../../testing/record-store.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createSearch } from '../search/search.ts'
import { fhirRoutes } from './fhir-routes.ts'

interface Running {
  readonly store: StoreFixture
  readonly app: FastifyInstance
}
const shared: { running?: Running } = {}
const running = (): Running => {
  assert.ok(shared.running)
  return shared.running
}
before(async () => {
  const store = await storeFixture()
  const search = createSearch({ sql: store.database.sql, knowledge: searchKnowledge(), cursorKey: 'a test key' })
  const audit = { append: async () => undefined, record: async () => undefined }
  const routes = fhirRoutes({
    records: store.records,
    search,
    audit,
    types: ['Patient', 'Observation'],
    system: true,
    baseUrl: 'http://127.0.0.1/fhir',
    version: '0.0.0',
    date: new Date(0),
    limits: { resourceBytes: 10_000, bundleBytes: 20_000, bundleMs: 10_000 },
  })
  const app = buildServiceApp({
    service: 'test',
    running: { routes },
    verifyCaller: () => store.context().caller,
    log: silentLogger,
    clock: systemClock,
  })
  await app.ready()
  shared.running = { store, app }
})
after(async () => {
  await shared.running?.app.close()
  await shared.running?.store.close()
})

const fhir = 'application/fhir+json'
const send = (method: string, url: string, given: { body?: unknown; headers?: Record<string, string> } = {}) =>
  running().app.inject({
    method: method as NonNullable<InjectOptions['method']>,
    url: `/fhir${url}`,
    headers: {
      'x-xinglin-caller': 'any',
      ...(given.body === undefined ? {} : { 'content-type': fhir }),
      ...given.headers,
    },
    ...(given.body === undefined
      ? {}
      : { payload: typeof given.body === 'string' ? given.body : JSON.stringify(given.body) }),
  })
const patient = (extra: object = {}) => ({ resourceType: 'Patient', name: [{ family: 'Zhang' }], ...extra })

test('creates with Location, ETag and Last-Modified, and reads back the same bytes', async () => {
  const made = await send('POST', '/Patient', { body: patient() })
  assert.equal(made.statusCode, 201)
  assert.equal(made.headers['etag'], 'W/"1"')
  assert.match(String(made.headers['location']), /^http:\/\/127\.0\.0\.1\/fhir\/Patient\/[^/]+\/_history\/1$/)
  const read = await send('GET', `/Patient/${made.json().id}`)
  assert.equal(read.body, made.body)
  assert.match(String(read.headers['content-type']), /^application\/fhir\+json/)
  assert.equal((await send('HEAD', `/Patient/${made.json().id}`)).body, '')
})

test('answers conditional reads with 304', async () => {
  const made = await send('POST', '/Patient', { body: patient() })
  const url = `/Patient/${made.json().id}`
  assert.equal((await send('GET', url, { headers: { 'if-none-match': 'W/"1"' } })).statusCode, 304)
  assert.equal((await send('GET', url, { headers: { 'if-none-match': 'W/"2"' } })).statusCode, 200)
  const modified = String(made.headers['last-modified'])
  assert.equal((await send('GET', url, { headers: { 'if-modified-since': modified } })).statusCode, 304)
  assert.equal(
    (await send('GET', url, { headers: { 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' } })).statusCode,
    200,
  )
})

test('honours If-Match, If-None-Match and Prefer', async () => {
  const { id } = (await send('POST', '/Patient', { body: patient() })).json()
  const put = (headers: Record<string, string>) => send('PUT', `/Patient/${id}`, { body: patient({ id }), headers })
  assert.equal((await put({ 'if-match': 'W/"9"' })).statusCode, 412)
  assert.equal((await put({ 'if-none-match': '*' })).statusCode, 412)
  const minimal = await put({ 'if-match': 'W/"1"', prefer: 'return=minimal' })
  assert.deepEqual([minimal.statusCode, minimal.body, minimal.headers['etag']], [200, '', 'W/"2"'])
  assert.equal((await put({ prefer: 'return=OperationOutcome' })).json().resourceType, 'OperationOutcome')
})

test('creates, updates, patches and deletes by condition', async () => {
  const identifier = [{ system: 'urn:h', value: '1' }]
  const create = () =>
    send('POST', '/Patient', { body: patient({ identifier }), headers: { 'if-none-exist': 'identifier=urn:h|1' } })
  const first = await create()
  const second = await create()
  assert.deepEqual([first.statusCode, second.statusCode], [201, 200])
  assert.equal(second.headers['location'], first.headers['location'])
  const url = '/Patient?identifier=urn:h%7C1'
  assert.equal((await send('PUT', url, { body: patient({ identifier }) })).headers['etag'], 'W/"2"')
  const patch = JSON.stringify([{ op: 'add', path: '/active', value: true }])
  const patched = await send('PATCH', url, { body: patch, headers: { 'content-type': 'application/json-patch+json' } })
  assert.equal(patched.json().active, true)
  assert.equal((await send('DELETE', url)).statusCode, 204)
  assert.equal((await send('GET', `/Patient/${first.json().id}`)).statusCode, 410)
  assert.equal((await send('DELETE', '/Patient')).statusCode, 400)
})

test('validates without storing', async () => {
  const good = await send('POST', '/Patient/$validate', { body: patient() })
  assert.equal(good.json().issue[0].severity, 'information')
  const bad = await send('POST', '/Patient/$validate', { body: patient({ wrong: 1 }) })
  assert.equal(bad.statusCode, 200)
  assert.equal(bad.json().issue[0].expression[0], 'Patient.wrong')
})

test('takes Bundles at the base, and histories of everything', async () => {
  const body = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ resource: patient(), request: { method: 'POST', url: 'Patient' } }],
  }
  const answer = await send('POST', '', { body })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.json().entry[0].response.status, '201 Created')
  assert.equal((await send('GET', '/_history?_count=1')).json().entry.length, 1)
  assert.equal((await send('GET', '/Patient/_history?_count=1')).json().type, 'history')
  assert.equal((await send('GET', '/Patient?_count=1')).json().type, 'searchset')
  assert.equal((await send('GET', '/metadata')).json().resourceType, 'CapabilityStatement')
})

test('cuts down and indents what is read', async () => {
  const { id } = (await send('POST', '/Patient', { body: patient({ active: true }) })).json()
  const cut = await send('GET', `/Patient/${id}?_elements=active`)
  assert.deepEqual([cut.json().active, cut.json().name], [true, undefined])
  const deceased = (await send('POST', '/Patient', { body: patient({ deceasedBoolean: true }) })).json().id
  assert.equal((await send('GET', `/Patient/${deceased}?_elements=deceased`)).json().deceasedBoolean, true)
  assert.ok((await send('GET', `/Patient/${id}?_pretty=true`)).body.includes('\n  "resourceType"'))
  assert.equal((await send('GET', `/Patient/${id}?name=x`)).statusCode, 400)
})

test('searches, $everything and metadata honour Accept, _format and _pretty', async () => {
  const { id } = (await send('POST', '/Patient', { body: patient() })).json()
  for (const url of ['/Patient?_count=1', `/Patient/${id}/$everything`, '/metadata']) {
    assert.equal((await send('GET', url, { headers: { accept: 'application/fhir+xml' } })).statusCode, 406, url)
    const join = url.includes('?') ? '&' : '?'
    assert.equal((await send('GET', `${url}${join}_format=xml`)).statusCode, 406, url)
    assert.ok((await send('GET', `${url}${join}_format=json&_pretty=true`)).body.includes('\n  "resourceType"'), url)
  }
})

test('$everything takes Parameters', async () => {
  const { id } = (await send('POST', '/Patient', { body: patient() })).json()
  const parameters = (valueCode: string) => ({ resourceType: 'Parameters', parameter: [{ name: '_type', valueCode }] })
  const ask = (valueCode: string) => send('POST', `/Patient/${id}/$everything`, { body: parameters(valueCode) })
  assert.equal((await ask('Patient')).json().entry.length, 1)
  assert.equal((await ask('Observation')).json().entry, undefined)
  assert.equal((await send('POST', `/Patient/${id}/$everything`, { body: patient() })).statusCode, 400)
})

test('refuses what it cannot take as OperationOutcome', async () => {
  const xml = { 'content-type': 'application/fhir+xml' }
  const refused: readonly (readonly [number, ReturnType<typeof send>])[] = [
    [415, send('POST', '/Patient', { body: '<Patient/>', headers: xml })],
    [415, send('PATCH', '/Patient/a', { body: '{}' })],
    [406, send('GET', '/Patient/a', { headers: { accept: 'application/fhir+xml' } })],
    [406, send('GET', '/Patient/a?_format=xml')],
    [404, send('GET', '/Patient/a')],
    [404, send('GET', '/Dragon/a')],
    [404, send('GET', '/Patient/a/_history/1')],
    [400, send('POST', '/Patient', { body: '{' })],
    [400, send('POST', '/Patient', { body: '' })],
    [400, send('POST', '/Patient', { body: patient({ wrong: 1 }) })],
    [400, send('PUT', '/Patient/a', { body: patient({ id: 'b' }) })],
    [413, send('POST', '/Patient', { body: patient({ text: 'x'.repeat(20_000) }) })],
    [400, send('POST', '', { body: patient() })],
    [400, send('GET', '/Patient/_history?_count=0')],
    [400, send('GET', '/Patient/_history?_since=yesterday')],
  ]
  for (const [index, [status, answer]] of refused.entries()) {
    const { statusCode, body } = await answer
    assert.equal(statusCode, status, `case ${index}: ${body}`)
    assert.equal(JSON.parse(body).resourceType, 'OperationOutcome', `case ${index}: ${body}`)
  }
})
