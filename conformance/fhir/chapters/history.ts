// Histories of a resource, a type and the whole system (http://hl7.org/fhir/R4/http.html#history).
import assert from 'node:assert/strict'
import { ownId, patient } from '../fixtures/resources.ts'
import { partOf } from '../suite/answer.ts'
import { type Found, foundIn, pages } from '../suite/bundle.ts'
import { chapter, shared } from '../suite/check.ts'
import type { Client, Resource } from '../suite/client.ts'

const history = async (client: Client, path: string) => foundIn(await client.send('GET', `/${path}`))

/** A Patient that was created, updated twice and deleted, with the moments between. */
const life = shared(async (client) => {
  const first = await client.create(patient(client))
  const second = await client.put({ ...first, active: true })
  const third = await client.put({ ...first, active: false })
  await client.send('DELETE', `/Patient/${first.id}`)
  return { id: first.id, versions: [first, second, third] }
})
const ofLife = async (client: Client, query = '') =>
  await history(client, `Patient/${(await life(client)).id}/_history${query}`)
const updatedAt = (resource: Resource | undefined) => String(partOf(resource, 'meta.lastUpdated'))
const methods = (found: Found) => found.entries.map((entry) => partOf(entry, 'request.method'))
const keys = (all: readonly Found[]) =>
  all.flatMap((page) => page.entries.map((entry) => `${partOf(entry, 'fullUrl')} ${partOf(entry, 'response.etag')}`))
const ids = (found: Found) =>
  found.entries.map((entry) =>
    String(partOf(entry, 'fullUrl') ?? partOf(entry, 'request.url'))
      .split('/')
      .at(-1),
  )

/** The chapter. */
export const histories = chapter('history', (check) => {
  check('the history of a resource is a Bundle of type history (http.html#history)', async (client) => {
    assert.equal((await ofLife(client)).answer.at('type'), 'history')
  })
  check('it has every version, newest first, the deletion too (http.html#history)', async (client) => {
    const found = await ofLife(client)
    assert.deepEqual(methods(found), ['DELETE', 'PUT', 'PUT', 'POST'])
  })
  check('an entry has the resource as it was, a deletion has none (http.html#history)', async (client) => {
    const found = await ofLife(client)
    const { versions } = await life(client)
    const resources = found.entries.map((entry) => partOf(entry, 'resource'))
    assert.deepEqual(resources, [undefined, ...versions.toReversed()])
  })
  check('every entry has request and response (bundle.html, bdl-3, bdl-4)', async (client) => {
    for (const entry of (await ofLife(client)).entries) {
      assert.equal(typeof partOf(entry, 'request.url'), 'string')
      assert.match(String(partOf(entry, 'response.status')), /^2\d\d/)
    }
  })
  check('_count limits a page and the next links lead through all (http.html#paging)', async (client) => {
    const first = await ofLife(client, '?_count=2')
    assert.equal(first.entries.length, 2)
    const all = keys(await pages(client, first))
    assert.deepEqual([all.length, new Set(all).size], [4, 4])
  })
  check('_since leaves out older versions (http.html#history)', async (client) => {
    const { versions } = await life(client)
    const since = new Date(Date.parse(updatedAt(versions[2])) + 0).toISOString()
    const found = await ofLife(client, `?_since=${encodeURIComponent(since)}`)
    assert.deepEqual(methods(found), ['DELETE', 'PUT'])
  })
  check('_since in the future leaves nothing (http.html#history)', async (client) => {
    assert.equal((await ofLife(client, '?_since=2999-01-01T00:00:00Z')).entries.length, 0)
  })
  check('_since takes offsets of any zone (datatypes.html#instant)', async (client) => {
    const moment = new Date(Date.parse(updatedAt((await life(client)).versions[0])) + 8 * 3_600_000 - 60_000)
    const text = moment.toISOString().replace('Z', '+08:00')
    assert.equal((await ofLife(client, `?_since=${encodeURIComponent(text)}`)).entries.length, 4)
  })
  check('_at shows what was current at a moment (http.html#history)', async (client) => {
    const { versions } = await life(client)
    const found = await ofLife(client, `?_at=${encodeURIComponent(updatedAt(versions[1]))}`)
    assert.ok(found.ids.includes((await life(client)).id))
    assert.deepEqual(partOf(found.entries.at(0), 'resource'), versions[1])
  })
  check('_at before the first version shows nothing (http.html#history)', async (client) => {
    assert.equal((await ofLife(client, '?_at=1990-01-01')).entries.length, 0)
  })
  check('parameters that are no dates or numbers are 400 (http.html#history)', async (client) => {
    const { id } = await life(client)
    for (const query of ['_since=yesterday', '_since=2026-13-01', '_count=many', '_at=soon'])
      (await client.send('GET', `/Patient/${id}/_history?${query}`)).refused(400)
  })
  check('the history of an unknown id is 404 (http.html#history)', async (client) => {
    ;(await client.send('GET', `/Patient/${ownId(client, 'none')}/_history`)).refused(404)
  })

  check('the history of a type has the newest changes of all its resources (http.html#history)', async (client) => {
    const [a, b] = [await client.create(patient(client)), await client.create(patient(client))]
    const found = await history(client, `Patient/_history?_since=${encodeURIComponent(updatedAt(a))}&_count=200`)
    const seen = ids(found)
    assert.ok(seen.includes(a.id) && seen.includes(b.id))
    assert.ok(seen.indexOf(b.id) < seen.indexOf(a.id), 'newest first')
  })
  check('the history of a type has no other types (http.html#history)', async (client) => {
    await client.create({ resourceType: 'Organization', name: client.mark })
    const found = await history(client, 'Patient/_history?_count=50')
    for (const entry of found.entries) assert.match(String(partOf(entry, 'request.url')), /^(.*\/)?Patient(\/|$)/)
  })
  check('the history of a type pages without gap or repetition (http.html#paging)', async (client) => {
    const made = [1, 2, 3, 4, 5].map(() => client.create(patient(client)))
    const all = await Promise.all(made)
    const start = all.map(updatedAt).toSorted()[0] ?? ''
    const first = await history(client, `Patient/_history?_since=${encodeURIComponent(start)}&_count=2`)
    const read = await pages(client, first)
    const found = keys(read)
    assert.equal(new Set(found).size, found.length)
    const seen = read.flatMap(ids)
    assert.ok(all.every(({ id }) => seen.includes(id)))
  })
  check('the history of an unknown type is 404 (http.html#history)', async (client) => {
    ;(await client.send('GET', '/Dragon/_history')).refused(404, 400)
  })
  check('the history of the system has changes of several types (http.html#history)', async (client) => {
    const a = await client.create(patient(client))
    const b = await client.create({ resourceType: 'Organization', name: client.mark })
    const since = encodeURIComponent(updatedAt(a))
    const all = await pages(client, await history(client, `_history?_since=${since}&_count=100`))
    const seen = all.flatMap(ids)
    assert.ok(seen.includes(a.id) && seen.includes(b.id))
  })
  check('pages of the history of the system do not overlap (http.html#paging)', async (client) => {
    await life(client)
    const first = await history(client, '_history?_count=2')
    const second = foundIn(await client.send('GET', first.link('next') ?? '/_history?_count=0'))
    const both = keys([first, second])
    assert.equal(new Set(both).size, both.length)
  })
  check('a page of a history stays the same while others write (http.html#paging)', async (client) => {
    const first = await ofLife(client, '?_count=2')
    await client.create(patient(client))
    const second = foundIn(await client.send('GET', first.link('next') ?? ''))
    assert.deepEqual(methods(second), ['PUT', 'POST'])
  })
  check('a history has a self link (bundle.html)', async (client) => {
    assert.match((await ofLife(client)).link('self') ?? '', /_history/)
  })
})
