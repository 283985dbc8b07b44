// What the GET entries of a batch read: every kind of address, in the shape that is asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BundleEntry } from '@xinglin/core/fhir'
import { sharedStore } from '../../testing/shared-store.ts'

const store = sharedStore(async ({ records, context }) => {
  const put = (type: string, id: string, extra: object) =>
    records.update(context(), {
      target: { type, id },
      content: JSON.stringify({ resourceType: type, id, ...extra }),
    })
  await put('Patient', 'p', { gender: 'male', birthDate: '1970-01-01' })
  await put('Observation', 'o', { status: 'final', subject: { reference: 'Patient/p' } })
})

async function read(url: string, more: Partial<NonNullable<BundleEntry['request']>> = {}) {
  const { records, context } = store()
  const entry = [{ request: { method: 'GET', url, ...more } }]
  const text = await records.bundle(context(), JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }))
  const [answer] = (JSON.parse(text) as { entry: readonly BundleEntry[] }).entry
  return { status: Number(answer?.response?.status.slice(0, 3)), resource: answer?.resource }
}
const entriesOf = async (url: string) => {
  const { status, resource } = await read(url)
  assert.equal(status, 200, url)
  return ((resource?.['entry'] ?? []) as readonly BundleEntry[]).map((entry) => entry.resource?.id)
}

test('reads histories of a record, a type and everything', async () => {
  assert.deepEqual(await entriesOf('Patient/p/_history'), ['p'])
  assert.deepEqual(await entriesOf('Patient/_history'), ['p'])
  assert.deepEqual(await entriesOf('_history'), ['o', 'p'])
})

test('searches a type, several types and a compartment', async () => {
  assert.deepEqual(await entriesOf('Patient?gender=male'), ['p'])
  assert.deepEqual(await entriesOf('?_type=Patient,Observation&_sort=_id'), ['o', 'p'])
  assert.deepEqual(await entriesOf('Patient/p/Observation?status=final'), ['o'])
})

test('reads in the shape that is asked for, and refuses other parameters', async () => {
  const { resource } = await read('Patient/p?_elements=gender')
  assert.deepEqual([resource?.['gender'], resource?.['birthDate']], ['male', undefined])
  assert.equal((await read('Patient/p?gender=male')).status, 400)
  assert.equal((await read('Patient?name=%')).status, 400)
})

test('answers conditional reads with 304', async () => {
  assert.equal((await read('Patient/p', { ifNoneMatch: 'W/"1"' })).status, 304)
  assert.equal((await read('Patient/p', { ifModifiedSince: new Date().toISOString() })).status, 304)
  assert.equal((await read('Patient/p', { ifModifiedSince: '1970-01-01T00:00:00Z' })).status, 200)
})

test('refuses what a Bundle does not read', async () => {
  for (const url of [
    'Patient/p/$everything',
    'Patient/p/Organization',
    'Dragon/1',
    'metadata',
    'Patient/p/_history/1/2',
  ])
    assert.equal((await read(url)).status, 404, url)
})
