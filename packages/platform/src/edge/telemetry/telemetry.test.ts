// The receiver takes what the specification says and nothing else; what it keeps is bounded, clean, and found again.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type OtlpSpan, writeMetrics, writeTraces } from '@xinglin/core/otlp'
import type { Caller, Role } from '../../kernel/caller.ts'
import { systemClock } from '../../kernel/clock.ts'
import { readSettings } from '../../kernel/config.ts'
import { buildServiceApp } from '../../kernel/http.ts'
import type { Ports } from '../../kernel/ports.ts'
import { createMetrics, noTelemetry } from '../../kernel/telemetry/index.ts'
import { testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { telemetry } from './index.ts'
import { dropOld, keepParts } from './store/ring.ts'
import { partsOf, readSpans, writeSpans } from './store/trace-part.ts'
import { readTrace } from './store/trace-store.ts'

const database = await testDatabase([telemetry.sql])
const { sql } = database
const metrics = createMetrics({ resource: {}, hasProcessMetrics: false })
const ports = {
  ...{ sql, clock: systemClock, log: silentLogger },
  telemetry: { ...noTelemetry, metrics },
} as unknown as Ports // the room asks for no other port
const { telemetry: settings } = readSettings({ telemetry: telemetry.settings }, { OTLP_PORT: '43180' })
const room = await telemetry.create(ports, { ...settings, port: 0, grpcPort: 0 }, { flush: async () => undefined })
const callerOf = (role: Role): Caller => ({ subject: role, name: role, roles: [role], scopes: [], purpose: 'HOPERAT' })
const app = buildServiceApp({
  ...{ service: 'telemetry', running: room, log: silentLogger, clock: systemClock },
  verifyCaller: (token) => callerOf(token as Role),
})
await app.ready()
await room.start?.()
const url = room.address()
after(async () => {
  await app.close()
  await room.close?.()
  await database.close()
})

const newId = (bytes: number): string => randomBytes(bytes).toString('hex')

function spanOf(given: Partial<OtlpSpan> = {}): OtlpSpan {
  const startMs = Date.now() - 1000
  return {
    ...{ traceId: newId(16), spanId: newId(8), parentId: '', name: 'round', kind: 'server' },
    ...{ startMs, endMs: startMs + 20, attributes: [], failure: undefined },
    ...given,
  }
}

const bodyOf = (spans: readonly OtlpSpan[], service = 'ward') =>
  writeTraces([{ resource: ['service.name', service], scope: 'own', spans }])

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-protobuf', ...headers },
  })
}

const ask = (path: string, role: Role = 'operator') => app.inject({ url: path, headers: { 'x-xinglin-caller': role } })

test('spans sent as protobuf, with gzip too, are found again as one trace', async () => {
  const root = spanOf({ name: 'GET /ward', attributes: ['http.route', '/ward', 'beds', 12] })
  const child = spanOf({
    traceId: root.traceId,
    parentId: root.spanId,
    startMs: root.startMs + 1,
    name: 'count',
    kind: 'client',
    failure: 'timeout',
  })
  assert.equal((await post('/v1/traces', bodyOf([child]))).status, 200)
  const zipped = gzipSync(bodyOf([root], 'desk'))
  assert.equal((await post('/v1/traces', zipped, { 'content-encoding': 'gzip' })).status, 200)
  const trace = (await ask(`/telemetry/traces/${root.traceId}`)).json()
  assert.deepEqual(
    trace.spans.map(({ name, service, kind, failure }: Record<string, string>) => [name, service, kind, failure]),
    [
      ['GET /ward', 'desk', 'server', undefined],
      ['count', 'ward', 'client', 'timeout'],
    ],
  )
  assert.deepEqual(trace.spans[0].attributes, [
    { name: 'http.route', value: '/ward' },
    { name: 'beds', value: 12 },
  ])
  const list = (await ask('/telemetry/traces?service=ward&failed=true')).json()
  const [listed] = list.traces.filter(({ traceId }: { traceId: string }) => traceId === root.traceId)
  assert.deepEqual(
    [listed.name, listed.service, listed.spans, listed.services],
    ['GET /ward', 'desk', 2, ['desk', 'ward']],
  )
})

test('spans sent as JSON are kept too', async () => {
  const traceId = newId(16)
  const nanos = (ms: number): string => `${BigInt(Date.now() + ms) * 1_000_000n}`
  const span = {
    traceId,
    spanId: newId(8),
    name: 'json',
    kind: 3,
    startTimeUnixNano: nanos(0),
    endTimeUnixNano: nanos(5),
  }
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
  const answer = await post('/v1/traces', body, { 'content-type': 'application/json' })
  assert.deepEqual([answer.status, await answer.json()], [200, {}])
  const [kept] = await readTrace(sql, traceId)
  assert.deepEqual([kept?.name, kept?.service, kept?.kind], ['json', 'unknown_service', 'client'])
})

test('attributes that hold a person’s data by the conventions are not kept', async () => {
  const attributes = [
    'url.full',
    'http://x/Patient?name=Zhang',
    'db.query.text',
    'SELECT Zhang',
    'exception.message',
    'Zhang',
    'http.route',
    '/x',
  ]
  const span = spanOf({ attributes })
  await post('/v1/traces', bodyOf([span]))
  const [kept] = await readTrace(sql, span.traceId)
  assert.deepEqual(kept?.attributes, ['http.route', '/x'])
})

test('what is no OTLP is refused in words and keeps nothing', async () => {
  const cases: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number])[] = [
    ['/v1/traces', new Uint8Array([1, 2, 3]), {}, 400],
    ['/v1/traces', '{', { 'content-type': 'application/json' }, 400],
    ['/v1/traces', '{"resourceSpans":{}}', { 'content-type': 'application/json' }, 400],
    ['/v1/traces', bodyOf([spanOf({ endMs: 1 })]), {}, 400],
    ['/v1/traces', 'x', { 'content-type': 'text/plain' }, 415],
    ['/v1/traces', bodyOf([]), { 'content-encoding': 'br' }, 415],
    ['/v1/traces', 'no gzip', { 'content-encoding': 'gzip' }, 400],
    ['/v1/traces', gzipSync(Buffer.alloc(20_000_000)), { 'content-encoding': 'gzip' }, 413],
    ['/v1/traces', Buffer.alloc(5_000_000), {}, 413],
    ['/v1/logs', bodyOf([]), {}, 404],
    ['/metrics', '', {}, 405],
  ]
  for (const [path, body, headers, status] of cases) {
    const answer = await post(path, body, headers)
    assert.equal(answer.status, status, `${path} ${JSON.stringify(headers)}`)
    await answer.arrayBuffer()
  }
})

test('a page of another site cannot send', async () => {
  const answer = await post('/v1/traces', bodyOf([spanOf()]), { 'sec-fetch-site': 'cross-site' })
  assert.equal(answer.status, 403)
})

test('beyond loopback the receiver does not listen without a token', async () => {
  const open = { ...settings, host: '0.0.0.0', token: undefined }
  await assert.rejects(telemetry.create(ports, open, { flush: async () => undefined }), /OTLP_TOKEN/)
})

test('metrics that were sent are shown to Prometheus beside our own', async () => {
  const points = [
    { attributes: ['http.route', '/x"y'], atMs: Date.now(), value: 1.5, counts: [1, 1, 0], bounds: [0.1, 1] },
  ]
  const common = { help: 'Rounds', unit: 's', isMonotonic: false }
  const body = writeMetrics(
    [
      {
        resource: ['service.name', 'ward'],
        metrics: [{ ...common, name: 'round.duration', kind: 'histogram', points }],
      },
    ],
    'own',
    Date.now(),
  )
  assert.equal((await post('/v1/metrics', body)).status, 200)
  const text = await (await fetch(`${url}/metrics`)).text()
  assert.match(text, /round_duration_seconds_bucket\{http_route="\/x\\"y",service_name="ward",le="1"\} 2/)
  assert.match(text, /round_duration_seconds_count\{http_route="\/x\\"y",service_name="ward"\} 2/)
  assert.match(text, /xinglin_telemetry_spans_kept_total \d+/)
})

test('traces are open to those who run the system, and OTLP inside to the system alone', async () => {
  for (const role of ['patient', 'clinician', 'frontend', 'data-scientist'] as const) {
    assert.equal((await ask('/telemetry/traces', role)).statusCode, 403, role)
    assert.equal((await ask(`/telemetry/traces/${newId(16)}`, role)).statusCode, 403, role)
    assert.equal((await ask('/telemetry/services', role)).statusCode, 403, role)
  }
  const headers = { 'x-xinglin-caller': 'operator', 'content-type': 'application/x-protobuf' }
  const span = spanOf()
  const send = (role: string) =>
    app.inject({
      method: 'POST',
      url: '/v1/traces',
      payload: Buffer.from(bodyOf([span])),
      headers: { ...headers, 'x-xinglin-caller': role },
    })
  assert.equal((await send('operator')).statusCode, 403)
  assert.equal((await send('system')).statusCode, 200)
  assert.equal((await readTrace(sql, span.traceId)).length, 1)
  assert.equal((await ask(`/telemetry/traces/${newId(16)}`)).statusCode, 404)
})

test('a list goes on where the page before ended, and finds by name, duration and time', async () => {
  const base = Date.now() - 100_000
  const spans = Array.from({ length: 7 }, (_, at) =>
    spanOf({ name: `page ${at}`, startMs: base + at, endMs: base + at + 100 * at }),
  )
  await post('/v1/traces', bodyOf(spans, 'paging'))
  const names: string[] = []
  let next: string | undefined
  do {
    const cursor = next === undefined ? '' : `&cursor=${next}`
    const page = (await ask(`/telemetry/traces?service=paging&limit=3${cursor}`)).json()
    names.push(...page.traces.map(({ name }: { name: string }) => name))
    next = page.next
  } while (next !== undefined)
  assert.deepEqual(names, spans.map(({ name }) => name).toReversed())
  const of = async (query: string) =>
    (await ask(`/telemetry/traces?service=paging&${query}`)).json().traces.map(({ name }: { name: string }) => name)
  assert.deepEqual(await of('minMs=550'), ['page 6'])
  assert.deepEqual(await of('name=AGE%203'), ['page 3'])
  assert.deepEqual(await of(`to=${new Date(base + 2).toISOString()}`), ['page 1', 'page 0'])
  const { services } = (await ask('/telemetry/services')).json()
  assert.equal(services.find(({ service }: { service: string }) => service === 'paging')?.traces, 7)
})

test('the ring keeps no more than its limit, the newest of it, and nothing too old', async () => {
  const limits = { maxSpans: 800, keepHours: 1 }
  const kept = (traceId: string) => ({ ...spanOf({ traceId }), service: 'ring' })
  const batches = Array.from({ length: 20 }, () => Array.from({ length: 100 }, () => newId(16)))
  for (const ids of batches) await keepParts(sql, partsOf(ids.map(kept)), limits)
  const [count] = await sql.query<{ spans: number }>({ text: 'SELECT sum(spans)::int AS spans FROM telemetry.part' })
  assert.ok(count !== undefined && count.spans <= 800, `${count?.spans} spans`)
  assert.equal((await readTrace(sql, batches.at(-1)?.[0] ?? '')).length, 1)
  assert.equal((await readTrace(sql, batches[0]?.[0] ?? '')).length, 0)
  await sql.query({ text: "UPDATE telemetry.segment SET newest = now() - interval '2 hours'" })
  assert.ok((await dropOld(sql, limits)) > 0)
  const [left] = await sql.query<{ rows: number }>({ text: 'SELECT count(*)::int AS rows FROM telemetry.part' })
  assert.equal(left?.rows, 0)
})

test('spans are read from a row as they were written, to the microsecond', () => {
  const span = {
    ...spanOf({ startMs: 1_764_000_000_000.25, endMs: 1_764_000_000_001.5, attributes: ['a', 1, 'b', true] }),
    service: 's',
  }
  assert.deepEqual(readSpans(span.traceId, writeSpans([span])), [span])
})
