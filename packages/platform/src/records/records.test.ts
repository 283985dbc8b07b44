// Single records through the door: versions, deletion, conditions, races, patches, history.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import { storeFixture } from '../testing/record-store.ts'
import { sharedStore } from '../testing/shared-store.ts'
import type { WriteRule } from './types.ts'

const store = sharedStore()

const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof AppError && error.code === code
const patient = (extra: object = {}) =>
  JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Zhang' }], ...extra })

async function createPatient(extra: object = {}): Promise<string> {
  const { records, context } = store()
  const { version } = await records.create(context(), { type: 'Patient', content: patient(extra) })
  return version?.id ?? ''
}

test('creates, reads, updates, versions, deletes', async () => {
  const { records, context } = store()
  const id = await createPatient()
  const first = await records.read(context(), 'Patient', id)
  const parsed = JSON.parse(first.content)
  assert.equal(parsed.id, id)
  assert.equal(parsed.meta.versionId, '1')
  assert.equal(parsed.meta.lastUpdated, first.at.toISOString())
  const target = { type: 'Patient', id }
  const updated = await records.update(
    context(),
    { target, content: patient({ id, active: true }) },
    { ifMatch: 'W/"1"' },
  )
  assert.equal(updated.version?.version, 2)
  assert.equal((await records.vread(context(), { type: 'Patient', id, version: '1' })).content, first.content)
  assert.equal((await records.delete(context(), target)).outcome, 'deleted')
  await assert.rejects(records.read(context(), 'Patient', id), hasCode('deleted'))
  await assert.rejects(records.vread(context(), { type: 'Patient', id, version: '3' }), hasCode('deleted'))
  assert.equal((await records.delete(context(), target)).outcome, 'unchanged')
  const again = await records.update(context(), { target, content: patient({ id }) })
  assert.equal(again.outcome, 'created')
  assert.equal(again.version?.version, 4)
})

test('shows rules a record that comes back after its deletion as it was before', async () => {
  const seen: unknown[] = []
  const rule: WriteRule = {
    id: 'test.revival',
    types: ['Basic'],
    about: 'looks',
    reads: (change) => (change.isRevival ? [{ kind: 'deleted', reference: `Basic/${change.id}` }] : []),
    check: (change, view) => {
      seen.push([change.kind, change.isRevival, view.deleted(`Basic/${change.id}`)?.['language']])
      return []
    },
  }
  const { records, context, close } = await storeFixture({ rules: [rule] })
  const target = { type: 'Basic', id: 'b1' }
  const write = (language: string) =>
    records.update(context(), { target, content: JSON.stringify({ resourceType: 'Basic', id: 'b1', language }) })
  await write('de')
  await write('en')
  await records.delete(context(), target)
  await write('zh')
  await close()
  assert.deepEqual(seen, [
    ['create', false, undefined],
    ['update', false, undefined],
    ['delete', false, undefined],
    ['create', true, 'en'],
  ])
})

test('leaves an audit entry and an event with every write', async () => {
  const { audits, events } = store()
  const id = await createPatient()
  assert.ok(audits.some((entry) => entry.action === 'C' && entry.entities?.includes(`Patient/${id}/_history/1`)))
  assert.ok(events.some((event) => event.key === id && event.payload['method'] === 'POST'))
})

test('keeps no index rows of a replaced version', async () => {
  const { records, context, database } = store()
  const id = await createPatient({ identifier: [{ system: 'urn:s', value: 'x1' }] })
  const target = { type: 'Patient', id }
  await records.update(context(), { target, content: patient({ id, identifier: [{ system: 'urn:s', value: 'x2' }] }) })
  for (const table of ['token', 'string', 'date', 'number', 'reference', 'compartment']) {
    const text = `SELECT count(*) AS n FROM records.${table}_index i WHERE NOT EXISTS (SELECT 1 FROM records.resource r WHERE r.rid = i.rid)`
    assert.equal((await database.sql.query<{ n: number }>({ text }))[0]?.n, 0, table)
  }
})

test('makes exactly one record of 64 parallel conditional creates', async () => {
  const { records, context } = store()
  const content = patient({ identifier: [{ system: 'urn:race', value: '64' }] })
  const answers = await Promise.all(
    Array.from({ length: 64 }, () => records.create(context(), { type: 'Patient', content }, 'identifier=urn:race|64')),
  )
  assert.equal(answers.filter((answer) => answer.outcome === 'created').length, 1)
  assert.equal(answers.filter((answer) => answer.outcome === 'existing').length, 63)
  assert.equal(new Set(answers.map((answer) => answer.version?.id)).size, 1)
})

test('makes exactly one record of parallel conditional updates, whatever the order of the criteria', async () => {
  const { records, context } = store()
  const content = patient({ identifier: [{ system: 'urn:race', value: '65' }] })
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_one, at) => {
      const criteria = at % 2 === 0 ? 'identifier=urn:race|65&family=zhang' : 'family=zhang&identifier=urn:race%7C65'
      return records.update(context(), { target: { type: 'Patient', criteria }, content })
    }),
  )
  assert.equal(answers.filter((answer) => answer.outcome === 'created').length, 1)
  assert.deepEqual(
    answers.map((answer) => answer.version?.version).toSorted((a, b) => Number(a) - Number(b)),
    Array.from({ length: 16 }, (_v, at) => at + 1),
  )
})

test('makes exactly one record however the same identifier is asked for', async () => {
  const { records, context } = store()
  const content = patient({ identifier: [{ system: 'urn:race', value: '66' }] })
  const spellings = ['identifier=urn:race|66', 'identifier=66', 'identifier=urn%3Arace%7C66&family=zhang']
  const outcomes = await Promise.all(
    Array.from({ length: 24 }, (_one, at) =>
      records.create(context(), { type: 'Patient', content }, spellings[at % spellings.length]),
    ),
  )
  assert.equal(outcomes.filter(({ outcome }) => outcome === 'created').length, 1)
})

test('loses no update: of parallel writers with the same If-Match one wins', async () => {
  const { records, context } = store()
  const id = await createPatient()
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, () =>
      records.update(context(), { target: { type: 'Patient', id }, content: patient({ id }) }, { ifMatch: 'W/"1"' }),
    ),
  )
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
  for (const result of results)
    if (result.status === 'rejected') assert.ok(hasCode('precondition-failed')(result.reason))
})

test('gives parallel creations under one id consecutive versions', async () => {
  const { records, context } = store()
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      records.update(context(), { target: { type: 'Patient', id: 'own-id' }, content: patient({ id: 'own-id' }) }),
    ),
  )
  assert.equal(answers.filter((answer) => answer.outcome === 'created').length, 1)
  assert.equal(new Set(answers.map((answer) => answer.version?.version)).size, 10)
})

test('refuses a condition that matches two, and one that names nothing', async () => {
  const { records, context } = store()
  await createPatient({ identifier: [{ system: 'urn:two', value: '1' }] })
  await createPatient({ identifier: [{ system: 'urn:two', value: '1' }] })
  const criteria = 'identifier=urn:two|1'
  const body = { type: 'Patient', content: patient() }
  await assert.rejects(records.create(context(), body, criteria), hasCode('multiple-matches'))
  await assert.rejects(records.create(context(), body, '_count=1'), hasCode('invalid-request'))
  await assert.rejects(records.create(context(), body, 'nothing=1'), hasCode('unknown-parameter'))
  await assert.rejects(records.delete(context(), { type: 'Patient', criteria }), hasCode('multiple-matches'))
})

test('deletes and patches by condition', async () => {
  const { records, context } = store()
  const id = await createPatient({ identifier: [{ system: 'urn:c', value: '9' }] })
  const target = { type: 'Patient', criteria: 'identifier=urn:c|9' }
  const patch = JSON.stringify([{ op: 'add', path: '/active', value: true }])
  assert.equal(JSON.parse((await records.patch(context(), { target, patch })).version?.content ?? '').active, true)
  assert.equal((await records.delete(context(), target)).version?.id, id)
  assert.equal((await records.delete(context(), target)).outcome, 'unchanged')
  await assert.rejects(records.patch(context(), { target, patch }), hasCode('not-found'))
})

test('refuses patches of identity, of prototypes, of nothing, and failed tests', async () => {
  const { records, context } = store()
  const id = await createPatient()
  const refused: readonly (readonly [unknown, ErrorCode])[] = [
    [[{ op: 'replace', path: '/id', value: 'other' }], 'invalid-patch'],
    [[{ op: 'replace', path: '/resourceType', value: 'Person' }], 'invalid-patch'],
    [[{ op: 'add', path: '/__proto__/polluted', value: true }], 'invalid-patch'],
    [[{ op: 'add', path: '/constructor/prototype/polluted', value: true }], 'invalid-patch'],
    [[{ op: 'replace', path: '', value: [] }], 'invalid-patch'],
    [[{ op: 'remove', path: '/nothing/there' }], 'invalid-patch'],
    [[{ op: 'add', path: '/name/7', value: {} }], 'invalid-patch'],
    [[{ op: 'test', path: '/name/0/family', value: 'Li' }], 'conflict'],
    [[{ op: 'add', path: '/wrong', value: 1 }], 'invalid-resource'],
    [{ op: 'add' }, 'invalid-patch'],
    [Array.from({ length: 1001 }, () => ({ op: 'test', path: '/id', value: id })), 'invalid-patch'],
  ]
  for (const [patch, code] of refused) {
    await assert.rejects(
      records.patch(context(), { target: { type: 'Patient', id }, patch: JSON.stringify(patch) }),
      hasCode(code),
      JSON.stringify(patch).slice(0, 80),
    )
  }
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
  assert.equal((await records.read(context(), 'Patient', id)).version, 1)
})

test('refuses bodies that are no resource, too deep, or of another type or id', async () => {
  const { records, context } = store()
  const create = (content: string) => records.create(context(), { type: 'Patient', content })
  await assert.rejects(create(''), hasCode('malformed-body'))
  await assert.rejects(create('{"resourceType":'), hasCode('malformed-body'))
  await assert.rejects(create('[]'), hasCode('malformed-body'))
  await assert.rejects(create(`${'['.repeat(50_000)}${']'.repeat(50_000)}`), hasCode('malformed-body'))
  await assert.rejects(create('{"resourceType":"Person"}'), hasCode('invalid-request'))
  await assert.rejects(create(patient({ wrong: 1 })), hasCode('invalid-resource'))
  const content = patient({ id: 'a' })
  await assert.rejects(
    records.update(context(), { target: { type: 'Patient', id: 'b' }, content }),
    hasCode('invalid-request'),
  )
  await assert.rejects(records.read(context(), 'Patient', 'a b'), hasCode('not-found'))
})

test('pages through histories without gaps or repetition, and honours _since', async () => {
  const { records, context } = store()
  const id = await createPatient()
  for (let at = 0; at < 6; at += 1)
    await records.update(context(), { target: { type: 'Patient', id }, content: patient({ id }) })
  for (const scope of [{ type: 'Patient', id }, { type: 'Patient' }, {}]) {
    const seen: string[] = []
    let pairs: [string, string][] = [['_count', '4']]
    for (;;) {
      const bundle = JSON.parse(await records.history(context(), scope, pairs))
      seen.push(
        ...bundle.entry.map(
          (entry: { fullUrl: string; response: { etag: string } }) => entry.fullUrl + entry.response.etag,
        ),
      )
      const next: string | undefined = bundle.link.find((link: { relation: string }) => link.relation === 'next')?.url
      if (next === undefined) break
      pairs = [...new URL(next).searchParams]
    }
    assert.equal(new Set(seen).size, seen.length)
    if ('id' in scope) assert.equal(seen.length, 7)
  }
  const latest = await records.read(context(), 'Patient', id)
  const since = JSON.parse(
    await records.history(context(), { type: 'Patient', id }, [['_since', latest.at.toISOString()]]),
  )
  assert.ok(since.entry.length >= 1 && since.entry.length < 7)
  const changed: [string, string][] = [['_cursor', 'abc.def']]
  await assert.rejects(records.history(context(), { type: 'Patient' }, changed), hasCode('invalid-parameter'))
})

test('shows with _at what was current at a time', async () => {
  const { records, context } = store()
  const id = await createPatient()
  const target = { type: 'Patient', id }
  const { version: second } = await records.update(context(), { target, content: patient({ id }) })
  const { version: third } = await records.delete(context(), target)
  const at = async (time: Date | undefined) => {
    const pairs: [string, string][] = [['_at', time?.toISOString() ?? '']]
    const { entry } = JSON.parse(await records.history(context(), target, pairs))
    return entry?.map((one: { response: { etag: string } }) => one.response.etag)
  }
  assert.deepEqual(await at(second?.at), ['W/"2"'])
  assert.deepEqual(await at(third?.at), ['W/"3"'])
  assert.equal(await at(new Date(0)), undefined)
})
