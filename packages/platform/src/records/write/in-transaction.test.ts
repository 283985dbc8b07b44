// Many ids taken at once: without a lock for each, in any order, and never twice as the first version.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { sharedStore } from '../../testing/shared-store.ts'

const store = sharedStore()

const puts = (ids: readonly string[]) =>
  ids.map((id) => ({ resource: { resourceType: 'Patient', id }, request: { method: 'PUT', url: `Patient/${id}` } }))
const transact = async (entry: readonly unknown[]) => {
  const { records, context } = store()
  const text = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })
  return JSON.parse(await records.bundle(context(), text)) as {
    entry: { response: { status: string; etag: string } }[]
  }
}

test('takes more ids in a transaction than PostgreSQL has locks', async () => {
  const ids = Array.from({ length: 9000 }, (_one, at) => `many-${at}`)
  const answer = await transact(puts(ids))
  assert.equal(answer.entry.filter((entry) => entry.response.status === '201 Created').length, 9000)
})

test('gives parallel transactions that take the same ids consecutive versions, whatever their order', async () => {
  const ids = Array.from({ length: 40 }, (_one, at) => `both-${at}`)
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_one, at) => transact(puts(at % 2 === 0 ? ids : ids.toReversed()))),
  )
  const { records, context } = store()
  for (const id of ids) assert.equal((await records.read(context(), 'Patient', id)).version, 8)
  const created = answers.flatMap(({ entry }) => entry.filter((one) => one.response.status === '201 Created'))
  assert.equal(created.length, ids.length)
})

test('refuses more conditions than can be locked', async () => {
  const entry = Array.from({ length: 501 }, (_one, at) => ({
    resource: { resourceType: 'Condition', subject: { reference: `Patient?identifier=urn:x|${at}` } },
    request: { method: 'POST', url: 'Condition' },
  }))
  await assert.rejects(transact(entry), (error) => error instanceof AppError && error.code === 'too-large')
})
