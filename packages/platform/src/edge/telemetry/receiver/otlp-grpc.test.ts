// OTLP over gRPC with grpc-js as the sender: what comes in, compressed too, and what is refused by which status.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client, compressionAlgorithms, credentials, Metadata, status } from '@grpc/grpc-js'
import { writeMetrics, writeTraces } from '@xinglin/core/otlp'
import { systemClock } from '../../../kernel/clock.ts'
import type { OpenGrpcPort } from '../../../kernel/grpc-port.ts'
import { createMetrics } from '../../../kernel/telemetry/index.ts'
import { testDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { telemetry } from '../index.ts'
import { readTrace } from '../store/trace-store.ts'
import { createIntake, type Intake } from './intake.ts'
import { openOtlpGrpc } from './otlp-grpc.ts'

const traceService = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const metricsService = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
const token = 'a-token-of-this-test'

const database = await testDatabase([telemetry.sql])
const { sql } = database
const log = silentLogger
const metrics = createMetrics({ resource: {}, hasProcessMetrics: false })
const intake: Intake = createIntake({ sql, log, clock: systemClock, metrics, limits: { maxSpans: 1000, keepHours: 1 } })
const open: { plain?: OpenGrpcPort; guarded?: OpenGrpcPort } = {}
const clients: Client[] = []

before(async () => {
  const common = { intake, log, host: '127.0.0.1', port: 0 }
  open.plain = await openOtlpGrpc({ ...common, token: undefined })
  open.guarded = await openOtlpGrpc({ ...common, token })
})
after(async () => {
  for (const client of clients) client.close()
  await Promise.all([open.plain?.close(), open.guarded?.close()])
  await database.close()
})

interface Told {
  readonly code: status
  readonly body: Buffer
}

function send(
  to: keyof typeof open,
  method: string,
  body: Uint8Array,
  { headers = {}, isCompressed = false }: { headers?: Record<string, string>; isCompressed?: boolean } = {},
): Promise<Told> {
  const client = new Client(`127.0.0.1:${open[to]?.port}`, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': isCompressed ? compressionAlgorithms.gzip : compressionAlgorithms.identity,
  })
  clients.push(client)
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  const asItIs = (bytes: Buffer): Buffer => bytes
  return new Promise((resolve) => {
    client.makeUnaryRequest(method, asItIs, asItIs, Buffer.from(body), metadata, (error, answer) =>
      resolve({ code: error?.code ?? status.OK, body: answer ?? Buffer.from(error?.details ?? '') }),
    )
  })
}

function tracesOf(traceId: string, name: string): Uint8Array {
  const startMs = Date.now() - 10
  const span = { traceId, spanId: '00000000000000a1', parentId: '', name, kind: 'server' as const }
  const whole = { ...span, startMs, endMs: startMs + 5, attributes: [], failure: undefined }
  return writeTraces([{ resource: ['service.name', 'ward'], scope: 'own', spans: [whole] }])
}

test('spans are kept, compressed ones too, and the answer says that all were taken', async () => {
  for (const isCompressed of [false, true]) {
    const traceId = `${isCompressed ? 'b' : 'a'}`.repeat(32)
    const told = await send('plain', traceService, tracesOf(traceId, 'round'), { isCompressed })
    assert.deepEqual([told.code, told.body.length], [status.OK, 0])
    const [kept] = await readTrace(sql, traceId)
    assert.deepEqual([kept?.name, kept?.service, kept?.kind], ['round', 'ward', 'server'])
  }
})

test('metrics stand beside those that came over HTTP', async () => {
  const points = [{ attributes: ['bay', 'east'], atMs: Date.now(), value: 7 }]
  const beds = { name: 'beds.free', help: 'Free beds', unit: '', kind: 'gauge' as const, isMonotonic: false, points }
  const body = writeMetrics([{ resource: ['service.name', 'ward'], metrics: [beds] }], 'own', Date.now())
  assert.equal((await send('plain', metricsService, body)).code, status.OK)
  assert.match(intake.receivedMetrics(), /beds_free.* 7/)
})

test('nonsense, too much, and services that are not here are refused by their status', async () => {
  const nonsense = await send('plain', traceService, Buffer.from('nonsense'))
  assert.equal(nonsense.code, status.INVALID_ARGUMENT)
  assert.match(nonsense.body.toString(), /\w/)
  assert.equal((await send('plain', traceService, Buffer.alloc(5_000_000))).code, status.RESOURCE_EXHAUSTED)
  const bomb = await send('plain', traceService, Buffer.alloc(50_000_000), { isCompressed: true })
  assert.equal(bomb.code, status.RESOURCE_EXHAUSTED)
  const logs = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
  assert.equal((await send('plain', logs, Buffer.alloc(0))).code, status.UNIMPLEMENTED)
})

test('with a token nobody else may send', async () => {
  const body = tracesOf('c'.repeat(32), 'guarded')
  const as = (authorization: string): Promise<Told> =>
    send('guarded', traceService, body, { headers: { authorization } })
  assert.equal((await send('guarded', traceService, body)).code, status.UNAUTHENTICATED)
  assert.equal((await as('Bearer another-token-of-this-test')).code, status.UNAUTHENTICATED)
  assert.equal((await as(`Bearer ${token}`)).code, status.OK)
  assert.equal((await readTrace(sql, 'c'.repeat(32))).length, 1)
})

test('a port that is taken is named with its setting', async () => {
  const port = open.plain?.port ?? 0
  const opening = openOtlpGrpc({ intake, log, host: '127.0.0.1', port, token: undefined })
  await assert.rejects(opening, { code: 'unavailable', message: /OTLP_GRPC_PORT/ })
})
