// The condition of a write is bounded in time, for it holds its locks and its connection meanwhile.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { searchKnowledge } from '@xinglin/core/fhir/search'
import { storeFixture } from '../../testing/record-store.ts'
import { createSearch } from './search.ts'

test('a condition that takes too long is refused as too costly, and nothing is written', async () => {
  const store = await storeFixture({
    searchOn: (sql) =>
      createSearch({ sql, knowledge: searchKnowledge(), cursorKey: 'a test key', conditionTimeoutMs: 1 }),
  })
  const { records, context, database } = store
  const patients = Array.from({ length: 2000 }, (_, n) => ({
    request: { method: 'POST', url: 'Patient' },
    resource: { resourceType: 'Patient', name: [{ family: `Family${n}` }] },
  }))
  await records.bundle(context(), JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: patients }))
  const costly = `name:contains=${Array.from({ length: 100 }, (_, n) => `nobody${n}`).join(',')}`
  const content = JSON.stringify({ resourceType: 'Patient' })
  for (const attempt of [
    () => records.create(context(), { type: 'Patient', content }, costly),
    () => records.delete(context(), { type: 'Patient', criteria: costly }),
  ]) {
    await assert.rejects(attempt, (error) => error instanceof AppError && error.issues[0]?.code === 'too-costly')
  }
  const [row] = await database.sql.query<{ count: number }>({ text: 'SELECT count(*)::int FROM records.resource' })
  assert.equal(row?.count, 2000)
  const quick = await records.create(context(), { type: 'Patient', content }, 'identifier=urn:none|1')
  assert.equal(quick.outcome, 'created')
  await store.close()
})
