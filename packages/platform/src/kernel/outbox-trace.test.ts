// What follows from a change stands below it in its trace, also in another process; what was not traced begins no trace.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { databaseOnOwnServer } from '../testing/database.ts'
import { silentLogger } from '../testing/silent-logger.ts'
import { createEvents, kernelSql } from './outbox.ts'
import { createMetrics, createTelemetry, type FinishedSpan, readSampler } from './telemetry/index.ts'

const database = await databaseOnOwnServer([kernelSql])
after(() => database.close())

test('the work of a consumer is a step of the trace that published', async () => {
  const spans: FinishedSpan[] = []
  const telemetry = createTelemetry({
    ...{ queueSize: 100, batchSize: 100, delayMs: 60_000 },
    metrics: createMetrics({ resource: {}, hasProcessMetrics: false }),
    sampler: readSampler('always_on', undefined),
  })
  telemetry.sendTo(async (batch) => void spans.push(...batch))
  const events = createEvents({ sql: database.sql, log: silentLogger, owner: 'one', telemetry })
  const handled = Promise.withResolvers<void>()
  const seen: string[] = []
  events.subscribe('emr.test', ['imaging.changed'], async ({ key }) => {
    telemetry.startSpan('write ImagingStudy').end()
    seen.push(key)
    if (seen.length === 2) handled.resolve()
  })
  await events.start()
  const publish = (key: string) =>
    database.sql.transaction((tx) => events.publish(tx, [{ topic: 'imaging.changed', key, payload: {} }]))
  await publish('untraced')
  const root = telemetry.startEntry('POST /dicom-web/studies', { service: 'imaging', parent: undefined })
  await telemetry.within(root, () => publish('traced'))
  root.end()
  await handled.promise
  await events.close()
  await telemetry.flush()
  const consumer = spans.find(({ kind }) => kind === 'consumer')
  assert.deepEqual([consumer?.traceId, consumer?.parentId], [root.traceId, root.spanId])
  assert.deepEqual([consumer?.service, consumer?.name], ['emr', 'process imaging.changed'])
  assert.equal(spans.find(({ name }) => name === 'write ImagingStudy')?.parentId, consumer?.spanId)
  assert.equal(spans.length, 3) // nothing of the event that was published outside a trace
})
