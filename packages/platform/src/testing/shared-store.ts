// A record store for all tests of a file: opened before the first of them, closed after the last.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { RecordsOptions } from '../records/options.ts'
import { type StoreFixture, storeFixture } from './record-store.ts'

/**
 * Opens a store before the tests of the file that calls this, and fills it; what is given back is to be called within them.
 * @param fill not in a `before` of its own: those of a file do not wait for one another
 */
export function sharedStore(
  fill: (store: StoreFixture) => Promise<void> = async () => undefined,
  options: Partial<RecordsOptions> = {},
): () => StoreFixture {
  const shared: { store?: StoreFixture } = {}
  before(async () => {
    shared.store = await storeFixture(options)
    await fill(shared.store)
  })
  after(() => shared.store?.close())
  return () => {
    assert.ok(shared.store)
    return shared.store
  }
}
