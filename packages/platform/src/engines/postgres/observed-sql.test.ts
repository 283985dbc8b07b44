// What telemetry tells of statements: what is done to which table, and nothing that was asked or answered.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createMetrics, createTelemetry, type FinishedSpan, readSampler } from '../../kernel/telemetry/index.ts'
import { testDatabase } from '../../testing/database.ts'
import { observedSql, summarise } from './observed-sql.ts'

const database = await testDatabase()
after(() => database.close())

const metrics = createMetrics({ resource: {}, hasProcessMetrics: false })
const spans: FinishedSpan[] = []
const telemetry = createTelemetry({
  ...{ metrics, queueSize: 1000, batchSize: 1000, delayMs: 60_000 },
  sampler: readSampler('always_on', undefined),
})
telemetry.sendTo(async (batch) => void spans.push(...batch))
const sql = observedSql(database.sql, telemetry)

test('a statement is summarised as operation and table', () => {
  const summaries = [
    ['SELECT content FROM records.resource WHERE id = $1', 'SELECT records.resource'],
    ['  insert into audit.event (a) SELECT 1', 'INSERT audit.event'],
    ['WITH x AS (SELECT 1) UPDATE kernel.outbox_cursor SET lo = 1', 'UPDATE kernel.outbox_cursor'],
    ['WITH x AS (SELECT 1 FROM records.version) SELECT * FROM x', 'SELECT records.version'],
    ["SELECT 'Zhang San' FROM unnest($1)", 'SELECT'],
    ['BEGIN', 'OTHER'],
  ] as const
  for (const [text, expected] of summaries) assert.equal(summarise(text).text, expected)
})

test('statements of a transaction stand below it, and what they say and fail with is not told', async () => {
  const root = telemetry.startEntry('POST /fhir', { service: 'emr', parent: undefined })
  await telemetry.within(root, async () => {
    await sql.query({ text: 'CREATE TABLE public.note (text text NOT NULL)' })
    await sql.transaction(async (tx) => {
      await tx.query({ text: 'INSERT INTO public.note VALUES ($1)', values: ['Zhang San'] })
      await tx.copyIn('public.note (text)', [['Li Si']])
    })
    await assert.rejects(sql.query({ text: "SELECT text::int FROM public.note WHERE text = 'Zhang San'" }))
  })
  root.end()
  await telemetry.flush()
  assert.deepEqual(
    spans.map(({ name, failure }) => [name, failure]),
    [
      ['CREATE public.note', undefined],
      ['INSERT public.note', undefined],
      ['COPY public.note', undefined],
      ['transaction', undefined],
      ['SELECT public.note', 'error'],
      ['POST /fhir', undefined],
    ],
  )
  const transaction = spans.find(({ name }) => name === 'transaction')
  assert.equal(spans.find(({ name }) => name === 'INSERT public.note')?.parentId, transaction?.spanId)
  const { text } = await metrics.exposition()
  assert.match(
    text,
    /db_client_operation_duration_seconds_count\{db_system_name="postgresql",db_query_summary="INSERT public.note",error_type=""\} 1/,
  )
  assert.ok(!/Zhang|Li Si/.test(text + JSON.stringify(spans)))
})
