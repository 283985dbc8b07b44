// What Bundles and documents must be besides the sum of their entries.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../../types.ts'
import { type Example, errorsOf } from '../testing/examples.ts'

const bundle = (more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Bundle',
  type: 'collection',
  ...more,
})
const basic = (id: string) => ({ resourceType: 'Basic', id, code: { text: 'x' } })
const patient = (more: Record<string, unknown> = {}): Resource => ({ resourceType: 'Patient', id: 'p1', ...more })

function check(examples: readonly Example[]): void {
  for (const [what, refused, error, accepted] of examples) {
    test(`refuses ${what}`, () => {
      assert.deepEqual(errorsOf(refused), [error])
      assert.deepEqual(errorsOf(accepted), [])
    })
  }
}

check([
  [
    'a relative fullUrl',
    bundle({ entry: [{ fullUrl: 'Basic/b', resource: basic('b') }] }),
    'bundle.full-url Bundle.entry[0]',
    bundle({ entry: [{ fullUrl: 'http://x.org/Basic/b', resource: basic('b') }] }),
  ],
  [
    'a fullUrl that names another id',
    bundle({ entry: [{ fullUrl: 'http://x.org/Basic/a', resource: basic('b') }] }),
    'bundle.full-url Bundle.entry[0]',
    bundle({ entry: [{ fullUrl: 'urn:uuid:5f5b9a5e-52e5-4c5c-a6f5-5b0a1d5a5c11', resource: basic('b') }] }),
  ],
  [
    'two entries with one fullUrl',
    bundle({ entry: [1, 2].map(() => ({ fullUrl: 'http://x.org/Basic/b', resource: basic('b') })) }),
    'bdl-7 Bundle',
    bundle({
      entry: ['1', '2'].map((versionId) => ({
        fullUrl: 'http://x.org/Basic/b',
        resource: { ...basic('b'), meta: { versionId } },
      })),
    }),
  ],
  [
    'two links to the next page',
    bundle({ type: 'searchset', link: [1, 2].map((page) => ({ relation: 'next', url: `http://x.org/${page}` })) }),
    'bundle.link Bundle.link[1]',
    bundle({ type: 'searchset', link: ['next', 'self'].map((relation) => ({ relation, url: 'http://x.org/1' })) }),
  ],
  [
    'a request in a collection',
    bundle({ entry: [{ resource: basic('b'), request: { method: 'POST', url: 'Basic' } }] }),
    'bdl-3 Bundle',
    bundle({ type: 'batch', entry: [{ resource: basic('b'), request: { method: 'POST', url: 'Basic' } }] }),
  ],
  [
    'an error inside of an entry',
    bundle({ entry: [{ resource: basic('b') }, { resource: patient({ gender: 'x' }) }] }),
    'binding.required Bundle.entry[1].resource.gender',
    bundle({ entry: [{ resource: patient() }] }),
  ],
])

const composition = (entry: string) => ({
  resourceType: 'Composition',
  id: 'c',
  status: 'final',
  type: { text: 'x' },
  date: '2026',
  title: 'x',
  author: [{ reference: 'Patient/p1' }],
  section: [{ title: 'x', section: [{ title: 'y', entry: [{ reference: entry }] }] }],
})
const document = (entry: string): Resource =>
  bundle({
    type: 'document',
    identifier: { system: 'http://x.org/d', value: '1' },
    timestamp: '2026-01-01T00:00:00Z',
    entry: [composition(entry), patient(), { ...basic('b'), meta: { versionId: '2' } }].map((resource) => ({
      fullUrl: `http://x.org/${resource.resourceType}/${String(resource.id)}`,
      resource,
    })),
  })

check([
  ['a document without what it refers to', document('Basic/x'), 'document.complete Bundle', document('Basic/b')],
  [
    'a document with another version than it refers to',
    document('Basic/b/_history/1'),
    'document.complete Bundle',
    document('http://x.org/Basic/b/_history/2'),
  ],
])
