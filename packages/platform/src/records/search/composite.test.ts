// Composites of three parts: each range is looked up, so that totals count what pages show.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeFixture } from '../../testing/record-store.ts'

test('both ends of a window decide, in pages and in totals', async () => {
  const store = await storeFixture()
  const { records, context } = store
  const chromosome = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/chromosome-human', code: '1' }] }
  for (const windowEnd of [200, 300, 400]) {
    const referenceSeq = { chromosome, windowStart: 100, windowEnd }
    const content = JSON.stringify({ resourceType: 'MolecularSequence', coordinateSystem: 0, referenceSeq })
    await records.create(context(), { type: 'MolecularSequence', content })
  }
  const request = { method: 'GET', url: 'MolecularSequence?chromosome-window-coordinate=1$100$lt350&_summary=count' }
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: [{ request }] })
  assert.equal(JSON.parse(await records.bundle(context(), bundle)).entry[0].resource.total, 2)
  await store.close()
})
