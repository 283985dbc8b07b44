// Spans hang together along the asynchronous flow, cost nothing unsampled, never hold up work; metrics speak Prometheus.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import {
  createMetrics,
  createTelemetry,
  type FinishedSpan,
  noTelemetry,
  readSampler,
  resourceOf,
  traced,
} from './index.ts'

const metrics = () => createMetrics({ resource: { 'service.namespace': 'xinglin' }, hasProcessMetrics: false })
const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true }
const entry = { service: 'patient', parent: undefined }

function recorded(
  sampler = readSampler('parentbased_always_on', undefined),
  sizes = { queueSize: 100, batchSize: 100 },
) {
  const spans: FinishedSpan[] = []
  const own = metrics()
  const telemetry = createTelemetry({ ...sizes, delayMs: 60_000, sampler, metrics: own })
  telemetry.sendTo(async (batch) => void spans.push(...batch))
  return { telemetry, spans, metrics: own }
}

test('a span begins below the active one, also after an await, and keeps its room', async () => {
  const { telemetry, spans } = recorded()
  const root = telemetry.startEntry('GET /fhir/Patient/:id', { ...entry, parent })
  await telemetry.within(root, async () => {
    await delay(1)
    await traced(telemetry, 'SELECT records.resource', { kind: 'client' }, async (span) =>
      span.set('db.system.name', 'postgresql'),
    )
  })
  root.end()
  await telemetry.flush()
  const [child, first] = spans
  assert.equal(child?.parentId, root.spanId)
  assert.equal(child?.traceId, parent.traceId)
  assert.equal(child?.service, 'patient')
  assert.deepEqual(child?.attributes, ['db.system.name', 'postgresql'])
  assert.equal(first?.parentId, parent.spanId)
  assert.ok(child !== undefined && first !== undefined && first.startMs <= child.startMs && child.endMs <= first.endMs)
  assert.match(root.traceparent, /^00-a{32}-[0-9a-f]{16}-01$/)
})

test('work that outlives its request is no longer recorded below it', async () => {
  const { telemetry, spans } = recorded()
  const root = telemetry.startEntry('POST /triage', entry)
  const late = telemetry.within(root, async () => {
    await delay(5)
    telemetry.startSpan('too late').end()
  })
  root.end()
  await late
  await telemetry.flush()
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['POST /triage'],
  )
})

test('nothing is recorded outside a trace, and within undefined leaves it', async () => {
  const { telemetry, spans } = recorded()
  telemetry.startSpan('SELECT').end()
  const root = telemetry.startEntry('GET /', entry)
  telemetry.within(root, () => telemetry.within(undefined, () => telemetry.startSpan('SELECT').end()))
  await telemetry.flush()
  assert.deepEqual(spans, [])
})

test('a failure is told by its code or class, never by its message', async () => {
  const { telemetry, spans } = recorded()
  const root = telemetry.startEntry('GET /', entry)
  const work = (error: Error) => () => Promise.reject(error)
  await telemetry.within(root, async () => {
    await assert.rejects(traced(telemetry, 'one', {}, work(new AppError('not-found', 'Zhang San is not known'))))
    await assert.rejects(traced(telemetry, 'two', {}, work(new TypeError('Zhang San'))))
  })
  await telemetry.flush()
  assert.deepEqual(
    spans.map(({ failure }) => failure),
    ['not-found', 'TypeError'],
  )
  assert.ok(!JSON.stringify(spans).includes('Zhang'))
})

test('the sender’s decision is followed by the samplers with a parent, and only by them', () => {
  const unsampled = { ...parent, isSampled: false }
  assert.equal(readSampler('parentbased_always_on', undefined)(parent.traceId, unsampled), false)
  assert.equal(readSampler('parentbased_always_off', undefined)(parent.traceId, parent), true)
  assert.equal(readSampler('always_on', undefined)(parent.traceId, unsampled), true)
  assert.equal(readSampler('traceidratio', '0')(parent.traceId, parent), false)
  assert.throws(() => readSampler('sometimes', undefined), /OTEL_TRACES_SAMPLER is "sometimes"/)
  assert.throws(() => readSampler('traceidratio', '2'), /OTEL_TRACES_SAMPLER_ARG/)
})

test('a ratio takes that share of new traces', () => {
  const { telemetry } = recorded(readSampler('parentbased_traceidratio', '0.1'))
  const taken = Array.from({ length: 20_000 }, () => telemetry.startEntry('GET /', entry)).filter(
    (span) => span.isSampled,
  )
  assert.ok(Math.abs(taken.length / 20_000 - 0.1) < 0.01, `${taken.length} of 20000`) // 4.7 standard deviations
})

test('an unsampled trace keeps its id on the way and records nothing', async () => {
  const { telemetry, spans } = recorded(readSampler('parentbased_always_off', undefined))
  const root = telemetry.startEntry('GET /', entry)
  telemetry.within(root, () => {
    const child = telemetry.startSpan('SELECT')
    assert.equal(child.traceId, root.traceId)
    child.end()
  })
  root.end()
  await telemetry.flush()
  assert.match(root.traceparent, /-00$/)
  assert.deepEqual(spans, [])
})

test('spans beyond the queue are dropped and counted, and a receiver that refuses stops nothing', async () => {
  const { telemetry, metrics: own } = recorded(undefined, { queueSize: 3, batchSize: 10 })
  for (let count = 0; count < 5; count++) telemetry.startEntry('GET /', entry).end()
  await telemetry.flush()
  telemetry.sendTo(() => Promise.reject(new Error('away')))
  telemetry.startEntry('GET /', entry).end()
  await telemetry.flush()
  const { text } = await own.exposition()
  assert.match(text, /xinglin_telemetry_spans_lost_total\{reason="full"\} 2/)
  assert.match(text, /xinglin_telemetry_spans_lost_total\{reason="refused"\} 1/)
})

test('metrics have OpenTelemetry’s names in Prometheus’ form', async () => {
  const own = metrics()
  const instrument = {
    name: 'http.server.request.duration',
    help: 'Duration of requests',
    unit: 's',
    labels: ['http.request.method', 'http.route'],
  } as const
  own.histogram(instrument)(0.004, { http_request_method: 'GET', http_route: '/fhir/Patient/:id' })
  own.histogram(instrument)(0.004, { http_request_method: 'GET', http_route: '/fhir/Patient/:id' })
  const { text } = await own.exposition()
  assert.match(
    text,
    /http_server_request_duration_seconds_bucket\{le="0.005",http_request_method="GET",http_route="\/fhir\/Patient\/:id"\} 2/,
  )
  assert.match(text, /target_info\{service_namespace="xinglin"\} 1/)
  assert.throws(() => own.histogram({ ...instrument, labels: ['http.route'] }), /declared twice/)
})

test('OTEL_RESOURCE_ATTRIBUTES are read with their escapes, and the service name goes first', () => {
  const given = { version: '1', instanceId: 'i', serviceName: 'ward' }
  const resource = resourceOf({ ...given, attributes: 'service.name=x,deployment.environment.name=a%20b' })
  assert.equal(resource['service.name'], 'ward')
  assert.equal(resource['deployment.environment.name'], 'a b')
  assert.throws(() => resourceOf({ ...given, attributes: 'nonsense' }), /OTEL_RESOURCE_ATTRIBUTES/)
})

test('without telemetry a request still has a trace id', () => {
  assert.match(noTelemetry.startEntry('GET /', entry).traceId, /^[0-9a-f]{32}$/)
  const passed = noTelemetry.startEntry('GET /', { ...entry, parent })
  assert.equal(passed.traceparent, `00-${parent.traceId}-${parent.spanId}-01`)
})

test('a span that is not sampled costs less than a microsecond', () => {
  const { telemetry } = recorded(readSampler('parentbased_always_off', undefined))
  const root = telemetry.startEntry('GET /', entry)
  const rounds = telemetry.within(root, () =>
    Array.from({ length: 5 }, () => {
      const before = process.cpuUsage()
      for (let count = 0; count < 50_000; count++) telemetry.startSpan('SELECT records.resource').end()
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 50_000
    }),
  )
  assert.ok(Math.min(...rounds) < 1, `${rounds.join(', ')} µs`)
})
