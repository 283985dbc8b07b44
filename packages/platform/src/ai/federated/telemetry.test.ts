// A round is a trace: its questions to sites stand below it with their bytes; a site's stay is told when it ends.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createMetrics, createTelemetry, type FinishedSpan, readSampler } from '../../kernel/telemetry/index.ts'
import { testDatabase } from '../../testing/database.ts'
import { federated } from './index.ts'
import { ended, serviceUnderTest, startFederation, until } from './under-test/service.ts'
import { joinToy } from './under-test/toy-site.ts'

const attributesOf = ({ attributes }: FinishedSpan): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.flatMap((name, at) => (at % 2 === 0 ? [[name, attributes[at + 1]]] : [])))

test('rounds, questions and stays are told, and no weights', async (t) => {
  const spans: FinishedSpan[] = []
  const telemetry = createTelemetry({
    ...{ queueSize: 1000, batchSize: 1000, delayMs: 60_000 },
    metrics: createMetrics({ resource: {}, hasProcessMetrics: false }),
    sampler: readSampler('always_on', undefined),
  })
  telemetry.sendTo(async (batch) => void spans.push(...batch))
  const [database, folder] = await Promise.all([
    testDatabase([federated.sql]),
    mkdtemp(join(tmpdir(), 'xinglin-federated-')),
  ])
  const service = await serviceUnderTest({ sql: database.sql, folder, telemetry })
  t.after(async () => {
    await service.close()
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })
  const id = await startFederation(service, { name: 'seen', rounds: 2, minSites: 2, join: 'open' })
  await Promise.all([1, 5].map((step) => joinToy(service.flower, { step, examples: 10 })))
  assert.equal((await ended(service, id)).state, 'finished')
  const named = (name: string) => spans.filter((span) => span.name === name)
  const stays = await until(async () => {
    await telemetry.flush()
    const found = named('flwr.proto.FlowerService/Join')
    return found.length === 2 && found
  })

  const rounds = named('federation round')
  assert.deepEqual(
    rounds.map((round) => attributesOf(round)),
    [1, 2].map((number) => ({
      'xinglin.federation.id': id,
      'xinglin.federation.round': number,
      'xinglin.federation.strategy': 'fedavg',
    })),
  )
  for (const kind of ['ask fit', 'ask evaluate']) {
    for (const { traceId, spanId } of rounds) {
      const asked = named(kind).filter((span) => span.traceId === traceId)
      assert.deepEqual(
        asked.map(({ parentId }) => parentId),
        [spanId, spanId],
        kind,
      )
      assert.ok(asked.every((span) => Number(attributesOf(span)['xinglin.federation.sent_bytes']) > 50))
    }
  }
  assert.ok(stays.every((stay) => Number(attributesOf(stay)['xinglin.federation.questions']) >= 5))
})
