// An update of what is there already: on the client's wish no version, no event, but a trail; without it a version as ever.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedStore } from '../../testing/shared-store.ts'
import type { RecordContext } from '../types.ts'

const store = sharedStore()

const wishing = (): RecordContext => ({ ...store().context(), isUpdateIfModified: true })
const decimal =
  '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}}'
const put = (content: string, context = wishing()) =>
  store().records.update(context, { target: { type: 'Observation', id: 'o' }, content })

test('the same content makes no version and no event, and is in the trail', async () => {
  const first = await put(decimal)
  assert.equal(first.outcome, 'created')
  const { events, audits } = store()
  const published = events.length
  const again = await put(decimal)
  assert.deepEqual([again.outcome, again.version], ['existing', first.version])
  assert.equal(events.length, published)
  const { action, interaction, entities } = audits.at(-1) ?? {}
  assert.deepEqual([action, interaction, entities], ['R', 'update', ['Observation/o/_history/1']])
  const without = await put(decimal, store().context())
  assert.deepEqual([without.outcome, without.version?.version], ['updated', 2])
})

test('any other letter makes one, also of a number that equals, and so does what was deleted meanwhile', async () => {
  const current = (await put(decimal)).version?.version ?? 0
  const changed = await put(decimal.replace('1.50', '1.5'))
  assert.deepEqual([changed.outcome, changed.version?.version], ['updated', current + 1])
  await store().records.delete(wishing(), { type: 'Observation', id: 'o' })
  assert.deepEqual((await put(decimal)).outcome, 'created')
})

test('in a transaction only what differs is written, and each entry is answered', async () => {
  const entryOf = (id: string, family: string) => ({
    resource: { resourceType: 'Patient', id, name: [{ family }] },
    request: { method: 'PUT', url: `Patient/${id}` },
  })
  const send = async (families: readonly string[]) => {
    const entry = families.map((family, at) => entryOf(`t${at}`, family))
    const text = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })
    const answer = JSON.parse(await store().records.bundle(wishing(), text)) as {
      entry: { response: { status: string; etag: string } }[]
    }
    return answer.entry.map(({ response }) => `${response.status} ${response.etag}`)
  }
  assert.deepEqual(await send(['a', 'b']), ['201 Created W/"1"', '201 Created W/"1"'])
  assert.deepEqual(await send(['a', 'c']), ['200 OK W/"1"', '200 OK W/"2"'])
})

test('a stale If-Match is refused as ever', async () => {
  await put(decimal)
  const { records } = store()
  const target = { type: 'Observation', id: 'o' }
  await assert.rejects(records.update(wishing(), { target, content: decimal }, { ifMatch: 'W/"1"' }), /If-Match/)
})
