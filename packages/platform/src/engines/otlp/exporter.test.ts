// What leaves this process reads at the other end as it was, is tried again where it may be, and is lost aloud where it may not.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, beforeEach, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readJsonMetrics, readMetrics, readTraces } from '@xinglin/core/otlp'
import { systemClock } from '../../kernel/clock.ts'
import { readSettings } from '../../kernel/config.ts'
import { createMetrics, createTelemetry, readSampler } from '../../kernel/telemetry/index.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { createOtlpSender, type OtlpTargets, startExporter, targetsOf } from './index.ts'
import { otlpSettings } from './settings.ts'

interface Taken {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

const taken: Taken[] = []
const statuses: number[] = []
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const sent = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    taken.push({ path: request.url ?? '', headers: request.headers, body })
    response.writeHead(statuses.shift() ?? 200).end()
  })
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
beforeEach(() => {
  taken.length = 0
  statuses.length = 0
})
after(() => {
  server.close()
  server.closeAllConnections()
})

function targets(environment: Readonly<Record<string, string>> = {}): OtlpTargets {
  return targetsOf(readSettings({ otlp: otlpSettings }, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...environment }).otlp)
}

function exporting(given: OtlpTargets, timeoutMs = 5000, resource: Readonly<Record<string, string>> = {}) {
  const metrics = createMetrics({ resource: {}, hasProcessMetrics: false })
  const sender = createOtlpSender(given, timeoutMs)
  const exporter = startExporter({
    ...{ resource, clock: systemClock, log: silentLogger, isJson: given.isJson, metrics, metricIntervalMs: 3_600_000 },
    deliverTraces: (body) => sender.send(given.traces ?? '', body),
    deliverMetrics: (body) => sender.send(given.metrics ?? '', body),
  })
  const sampler = readSampler('always_on', undefined)
  const telemetry = createTelemetry({ sampler, metrics, queueSize: 1000, batchSize: 1000, delayMs: 60_000 })
  if (exporter.sink !== undefined) telemetry.sendTo(exporter.sink)
  return { telemetry, metrics, exporter, close: () => exporter.close().then(() => sender.close()) }
}

test('spans arrive grouped by room, compressed, with the headers that were set', async () => {
  const given = targets({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc,x-ward=7' })
  const { telemetry, close } = exporting(given, 5000, { 'service.namespace': 'xinglin' })
  const beforeMs = Date.now()
  for (let count = 0; count < 20; count++) {
    const span = telemetry.startEntry('GET /fhir/Patient/:id', {
      service: count % 2 === 0 ? 'patient' : 'emr',
      parent: undefined,
    })
    span.set('http.response.status_code', 200)
    span.end()
  }
  await telemetry.flush()
  await close()
  const [first] = taken.filter(({ path }) => path === '/v1/traces')
  assert.equal(first?.headers['authorization'], 'Bearer abc')
  assert.equal(first?.headers['x-ward'], '7')
  assert.equal(first?.headers['content-encoding'], 'gzip')
  const groups = readTraces(first?.body ?? Buffer.alloc(0))
  assert.deepEqual(
    groups.map(({ resource, spans }) => [resource, spans.length]),
    [
      [['service.name', 'patient', 'service.namespace', 'xinglin'], 10],
      [['service.name', 'emr', 'service.namespace', 'xinglin'], 10],
    ],
  )
  const startMs = groups[0]?.spans[0]?.startMs ?? 0
  assert.ok(startMs > beforeMs - 50 && startMs < Date.now() + 50, 'times are those of the wall clock')
})

test('one OTEL_SERVICE_NAME goes before the rooms’ names', async () => {
  const { telemetry, close } = exporting(targets(), 5000, { 'service.name': 'hospital' })
  telemetry.startEntry('GET /', { service: 'patient', parent: undefined }).end()
  await telemetry.flush()
  await close()
  assert.deepEqual(readTraces(taken[0]?.body ?? Buffer.alloc(0))[0]?.resource, ['service.name', 'hospital'])
})

test('metrics have their semantic names and attributes, in both encodings', async () => {
  for (const protocol of ['http/protobuf', 'http/json']) {
    taken.length = 0
    const { metrics, close } = exporting(targets({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol }))
    const instrument = {
      name: 'http.server.request.duration',
      help: 'Duration',
      unit: 's',
      labels: ['http.route'],
    } as const
    const observe = metrics.histogram({ ...instrument, buckets: [0.1, 1] })
    for (const seconds of [0.05, 0.5, 0.6, 5]) observe(seconds, { http_route: '/x' })
    await close()
    const [sent] = taken.filter(({ path }) => path === '/v1/metrics')
    const body = sent?.body ?? Buffer.alloc(0)
    const groups = protocol === 'http/json' ? readJsonMetrics(JSON.parse(body.toString())) : readMetrics(body)
    const metric = groups[0]?.metrics.find(({ name }) => name === 'http.server.request.duration')
    assert.equal(metric?.unit, 's')
    const [point] = metric?.points ?? []
    assert.deepEqual(
      [point?.attributes, point?.counts, point?.bounds],
      [
        ['http.route', '/x'],
        [1, 2, 1],
        [0.1, 1],
      ],
    )
    assert.ok(Math.abs((point?.value ?? 0) - 6.15) < 1e-9)
  }
})

test('a receiver that is busy is asked again; one that refuses, or stays away, loses the batch and is counted', async () => {
  const { telemetry, metrics, close } = exporting(targets(), 4000)
  const sendOne = async (): Promise<void> => {
    telemetry.startEntry('GET /', { service: 'patient', parent: undefined }).end()
    await telemetry.flush()
  }
  statuses.push(503, 200)
  await sendOne()
  assert.equal(taken.length, 2)
  statuses.push(400)
  await sendOne()
  assert.equal(taken.length, 3)
  const { text } = await metrics.exposition()
  assert.match(text, /xinglin_telemetry_spans_lost_total\{reason="refused"\} 1/)
  await close()
})

test('settings that cannot be used are refused by name, and a secret header is not repeated', () => {
  assert.throws(() => targets({ OTEL_EXPORTER_OTLP_ENDPOINT: 'nowhere' }), /OTEL_EXPORTER_OTLP_ENDPOINT/)
  assert.throws(() => targets({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), /http\/protobuf, http\/json/)
  assert.throws(
    () => targets({ OTEL_EXPORTER_OTLP_HEADERS: 'Bearer secret-7' }),
    (error: Error) => error.message.includes('OTEL_EXPORTER_OTLP_HEADERS') && !error.message.includes('secret-7'),
  )
  const own = targets({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:4318/spans' })
  assert.deepEqual([own.traces, own.metrics], ['http://other:4318/spans', `${endpoint}/v1/metrics`])
})
