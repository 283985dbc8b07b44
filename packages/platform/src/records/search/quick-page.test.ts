// Shortcuts of a page are only taken back, never believed: what is heavy or restricted is answered as a whole.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSearch, searchKnowledge } from '@xinglin/core/fhir/search'
import { storeFixture } from '../../testing/record-store.ts'
import type { AccessFilter } from '../types.ts'
import { createShortcutGuess } from './quick-page.ts'
import { createSearch } from './search.ts'

const access: AccessFilter = { types: 'all', patients: 'all', sharedTypes: [], hiddenLabels: [] }
const restrictedAs = { identities: ['role:clinician'], purpose: 'TREAT' }

test('a small page with a heavy record has it whole, the first time and after', async (context) => {
  const store = await storeFixture()
  context.after(() => store.close())
  const status = { status: 'x'.repeat(400_000) } // an even share of 4 MiB among 21 rows is half of this
  for (const [id, more] of [
    ['heavy', status],
    ['light', {}],
  ] as const) {
    const content = JSON.stringify({ resourceType: 'Basic', id, ...more })
    await store.records.update(store.context('admin'), { target: { type: 'Basic', id }, content })
  }
  const search = createSearch({ sql: store.database.sql, knowledge: searchKnowledge(), cursorKey: 'k' })
  const query = parseSearch({ types: ['Basic'], parameters: [['_count', '20']], lenient: false })
  const call = { access: store.context().access.read, holder: 'h', baseUrl: 'http://x', selfUrl: 'http://x/Basic' }
  for (let turn = 0; turn < 2; turn += 1) {
    const { bundle } = await search.search(query, call)
    const { total, entry } = JSON.parse(bundle) as { total: number; entry: { resource: Record<string, unknown> }[] }
    assert.equal(total, 2)
    assert.deepEqual(entry.map(({ resource }) => resource['id']).toSorted(), ['heavy', 'light'])
    assert.ok(entry.some(({ resource }) => resource['status'] === status.status))
  }
})

test('a shortcut that was wrong is not taken for a minute; the other one is', () => {
  const clock = { ms: 0 }
  const guess = createShortcutGuess(() => clock.ms)
  const caller = { ...access, restrictedAs }
  assert.deepEqual(guess.of(caller, 21), { isOpen: true, isLight: true })
  assert.equal(guess.wereRight([{ restricted: false, heavy: false }]), true)
  assert.equal(guess.wereRight([]), true, 'no rows are no answer that could be wrong')
  assert.equal(guess.wereRight([{ restricted: true, heavy: false }]), false)
  assert.deepEqual(guess.of(caller, 21), { isOpen: false, isLight: true })
  clock.ms = 30_000
  assert.equal(guess.wereRight([{ heavy: false }, { heavy: true }]), false)
  assert.deepEqual(guess.of(caller, 21), { isOpen: false, isLight: false })
  clock.ms = 60_001
  assert.deepEqual(guess.of(caller, 21), { isOpen: true, isLight: false })
})

test('nothing is left out for whom nothing is withheld, whose glass is broken, or of a large page', () => {
  const guess = createShortcutGuess(() => 0)
  assert.equal(guess.of(access, 21).isOpen, false)
  const broken = { ...access, restrictedAs: { ...restrictedAs, glassBrokenBy: ['s', 'n'] as const } }
  assert.equal(guess.of(broken, 21).isOpen, false)
  assert.deepEqual([guess.of(access, 64).isLight, guess.of(access, 65).isLight], [true, false])
})
