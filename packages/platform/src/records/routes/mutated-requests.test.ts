// Whatever arrives, the answer is never a 500: seeded mutations of bodies, addresses and headers.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { searchKnowledge } from '@xinglin/core/fhir/search'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '../../kernel/clock.ts'
import { buildServiceApp } from '../../kernel/http.ts'
import { type StoreFixture, storeFixture } from '../../testing/record-store.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createSearch } from '../search/search.ts'
import { fhirRoutes } from './fhir-routes.ts'

const shared: { app?: FastifyInstance; store?: StoreFixture } = {}
before(async () => {
  const store = await storeFixture()
  const search = createSearch({ sql: store.database.sql, knowledge: searchKnowledge(), cursorKey: 'a test key' })
  const audit = { append: async () => undefined, record: async () => undefined }
  const common = { records: store.records, search, audit, system: true, types: store.records.types }
  const routes = fhirRoutes({ ...common, baseUrl: 'http://127.0.0.1/fhir', version: '0.0.0', date: new Date(0) })
  const verifyCaller = () => store.context().caller
  const app = buildServiceApp({
    service: 'test',
    running: { routes },
    verifyCaller,
    log: silentLogger,
    clock: systemClock,
  })
  await app.ready()
  Object.assign(shared, { app, store })
})
after(async () => {
  await shared.app?.close()
  await shared.store?.close()
})

const runs = { seed: 20_161_124, numRuns: Number(process.env['XINGLIN_MUTATIONS'] ?? 300) } // more by hand
const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    '\u0000',
    '\ud800',
    '__proto__',
    'urn:uuid:1',
    'Patient/1',
    -0,
    9e15,
    '../..',
    '0000-00-00',
    '9999-12-31T23:59:60Z',
    [],
    {},
    null,
  ),
)
const resource = {
  resourceType: 'Observation',
  id: 'm',
  meta: { versionId: '1', security: [{ system: 's', code: 'R' }] },
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: 'Patient/1' },
  effectiveDateTime: '2026-01-01T10:00:00Z',
  valueQuantity: { value: 61.5, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
}
const bundle = {
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    {
      fullUrl: 'urn:uuid:1',
      resource: { resourceType: 'Patient' },
      request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=a|1' },
    },
    {
      resource: { ...resource, subject: { reference: 'urn:uuid:1' } },
      request: { method: 'PUT', url: 'Observation/m', ifMatch: 'W/"1"' },
    },
    { request: { method: 'DELETE', url: 'Patient/gone' } },
    { request: { method: 'GET', url: 'Observation?subject=Patient/1&_sort=-date' } },
  ],
}
const patch = [
  { op: 'replace', path: '/status', value: 'amended' },
  { op: 'move', from: '/code', path: '/category' },
]

// Replaces, removes or adds one value somewhere in a JSON tree.
function mutate(tree: unknown, path: readonly number[], value: unknown): unknown {
  const [step, ...rest] = path
  if (typeof tree !== 'object' || tree === null || step === undefined) return value
  const keys = Object.keys(tree)
  const key = keys[step % (keys.length + 1)]
  const copy: Record<string, unknown> = Array.isArray(tree) ? ([...tree] as never) : { ...tree }
  if (key === undefined) copy[`x${step}`] = value
  else if (rest.length === 0 && step % 5 === 0) delete copy[key]
  else copy[key] = mutate(copy[key], rest, value)
  return copy
}

const body = (original: unknown) =>
  fc
    .array(fc.tuple(fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }), strange), { minLength: 0, maxLength: 3 })
    .map((mutations) => JSON.stringify(mutations.reduce((tree, [path, value]) => mutate(tree, path, value), original)))

async function expectAnswer(
  method: string,
  url: string,
  given: { body?: string; type?: string; headers?: Record<string, string> },
) {
  assert.ok(shared.app)
  const type = given.body === undefined ? {} : { 'content-type': given.type ?? 'application/fhir+json' }
  const answer = await shared.app.inject({
    method: method as 'POST',
    url,
    headers: { 'x-xinglin-caller': 'any', ...type, ...given.headers },
    ...(given.body === undefined ? {} : { payload: given.body }),
  })
  assert.ok(answer.statusCode < 500, `${method} ${url} ${given.body} → ${answer.statusCode} ${answer.body}`)
}

test('answers mutated Bundles', async () => {
  const kinds = fc.constantFrom('transaction', 'batch')
  await fc.assert(
    fc.asyncProperty(kinds, fc.boolean(), body(bundle), async (kind, isCut, text) => {
      const sent = text.replace('"transaction"', `"${kind}"`)
      await expectAnswer('POST', '/fhir', { body: isCut ? sent.slice(0, -20) : sent })
    }),
    { ...runs, examples: [['transaction', false, JSON.stringify(bundle)]] },
  )
})

test('answers mutated resources and patches', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('POST', 'PUT', 'PATCH'),
      body(resource),
      body(patch),
      async (method, text, operations) => {
        if (method === 'POST') await expectAnswer(method, '/fhir/Observation', { body: text })
        else if (method === 'PUT') await expectAnswer(method, '/fhir/Observation/m', { body: text })
        else
          await expectAnswer(method, '/fhir/Observation/m', { body: operations, type: 'application/json-patch+json' })
      },
    ),
    runs,
  )
})

test('answers strange addresses and headers', async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'Patient',
      'Observation',
      '_history',
      '$validate',
      '$everything',
      '1',
      'm',
      '%00',
      '%',
      '..',
      '*',
      '_search',
      '',
    ),
    fc.webSegment({ size: 'small' }),
  )
  const query = fc.array(
    fc.tuple(
      fc.constantFrom(
        '_since',
        '_at',
        '_count',
        '_cursor',
        '_format',
        '_pretty',
        '_elements',
        '_summary',
        'identifier',
        'date',
        'x',
      ),
      fc.oneof(
        fc.constantFrom('1', '-1', '2026-13-45', 'true', 'xml', 'gt', '%00', 'a|b|c'),
        fc.webQueryParameters({ size: 'small' }),
      ),
    ),
    { maxLength: 3 },
  )
  const header = fc.string({ maxLength: 20 }).map((text) => text.replace(/[^\x20-\x7e]/g, ''))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'HEAD', 'DELETE', 'POST'),
      fc.array(piece, { maxLength: 4 }),
      query,
      header,
      async (method, pieces, pairs, text) => {
        const url = `/fhir/${pieces.join('/')}?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`
        const headers = {
          'if-match': text,
          'if-none-match': text,
          'if-none-exist': text,
          'if-modified-since': text,
          prefer: text,
          accept: text === '' ? '*/*' : text,
        }
        await expectAnswer(method, url, { headers, ...(method === 'POST' ? { body: JSON.stringify(resource) } : {}) })
      },
    ),
    runs,
  )
})
