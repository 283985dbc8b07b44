// What a caller may not see is, in every answer, the same as what is not there.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import type { Caller } from '../../kernel/caller.ts'
import { type StoreFixture, storeFixture } from '../../testing/record-store.ts'
import type { HistoryScope } from '../reads.ts'
import type { RecordContext } from '../types.ts'
import type { Demands } from '../writes.ts'
import { accessFor } from './index.ts'

const hidden = 'hidden'
const absent = 'absent'
const veryRestricted = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }

let store: StoreFixture

const observation = (id: string, subject: string, more: object = {}): string =>
  JSON.stringify({ resourceType: 'Observation', id, subject: { reference: `Patient/${subject}` }, ...more })
const put = (type: string, id: string, content: string, who = store.context()) =>
  store.records.update(who, { target: { type, id }, content })
const boundTo = (patient: string): RecordContext => {
  const context = store.context('clinician', patient)
  const caller: Caller = { ...context.caller, scopes: ['patient/*.cruds'] }
  return { ...context, caller, access: accessFor(caller) }
}
const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof AppError && error.code === code

/** What a caller is told, with the id taken out. */
async function told(id: string, work: () => Promise<unknown>): Promise<string> {
  const answer = await work().then(
    (value) => JSON.stringify(value),
    (error: unknown) => {
      assert.ok(error instanceof AppError, String(error))
      return `${error.code} ${error.message}`
    },
  )
  return answer.replaceAll(id, 'ID')
}

before(async () => {
  store = await storeFixture()
  await put('Observation', hidden, observation(hidden, 'p2'))
  await put('Observation', 'labelled', observation('labelled', 'p1', { meta: { security: [veryRestricted] } }))
})
after(() => store.close())

describe('a record of another patient', () => {
  const demands: readonly Demands[] = [{}, { ifMatch: 'W/"1"' }, { ifMatch: '*' }, { ifNoneMatch: '*' }]
  const own = () => boundTo('p1')
  const attempts: Readonly<Record<string, (id: string, demanded: Demands) => Promise<unknown>>> = {
    delete: (id, demanded) => store.records.delete(own(), { type: 'Observation', id }, demanded),
    patch: (id, demanded) => {
      const patch = JSON.stringify([{ op: 'test', path: '/id', value: id }])
      return store.records.patch(own(), { target: { type: 'Observation', id }, patch }, demanded)
    },
    'write into the own compartment by condition': (id, demanded) =>
      store.records.patch(own(), { target: { type: 'Observation', criteria: `_id=${id}` }, patch: '[]' }, demanded),
    'update for the other patient': (id, demanded) => {
      const target = { type: 'Observation', id }
      return store.records.update(own(), { target, content: observation(id, 'p2') }, demanded)
    },
  }
  for (const [name, attempt] of Object.entries(attempts)) {
    test(`${name} answers as for an id that is not there`, async () => {
      for (const demanded of demands) {
        const answers = await Promise.all([hidden, absent].map((id) => told(id, () => attempt(id, demanded))))
        assert.equal(answers[0], answers[1], JSON.stringify(demanded))
      }
      assert.equal((await store.records.read(store.context(), 'Observation', hidden)).version, 1)
    })
  }

  test('its id is not taken over, and a version is not confirmed', async () => {
    await assert.rejects(put('Observation', hidden, observation(hidden, 'p1'), own()), hasCode('forbidden'))
    const target = { type: 'Observation', id: hidden }
    const update = store.records.update(own(), { target, content: observation(hidden, 'p1') }, { ifMatch: 'W/"1"' })
    await assert.rejects(update, hasCode('precondition-failed'))
  })

  test('an attempt to delete it is in the trail as refused', async () => {
    store.audits.splice(0)
    await store.records.delete(own(), { type: 'Observation', id: hidden })
    const [entry] = store.audits
    assert.deepEqual([entry?.action, entry?.outcome, entry?.entities], ['D', 'refused', [`Observation/${hidden}`]])
  })
})

test('a record under a hidden label cannot be told from one that is not there', async () => {
  const pharmacist = store.context('pharmacist')
  const write = (id: string) => store.records.delete(pharmacist, { type: 'DetectedIssue', id })
  await put(
    'DetectedIssue',
    'labelled-issue',
    JSON.stringify({ resourceType: 'DetectedIssue', id: 'labelled-issue', meta: { security: [veryRestricted] } }),
  )
  const [there, gone] = await Promise.all(['labelled-issue', absent].map((id) => told(id, () => write(id))))
  assert.equal(there, gone)
  await assert.rejects(store.records.read(pharmacist, 'Observation', 'labelled'), hasCode('not-found'))
})

test('a label hides under every name of its code system, and under none', async () => {
  const systems = ['http://hl7.org/fhir/v3/Confidentiality', 'urn:oid:2.16.840.1.113883.5.25', undefined]
  for (const [at, system] of systems.entries()) {
    const id = `named-${at}`
    await put('Observation', id, observation(id, 'p1', { meta: { security: [{ ...veryRestricted, system }] } }))
    await assert.rejects(store.records.read(store.context('pharmacist'), 'Observation', id), hasCode('not-found'))
    assert.equal((await store.records.read(store.context('clinician'), 'Observation', id)).id, id)
  }
})

test('a record that was labelled or moved later takes its past with it', async () => {
  await put('Observation', 'labelled-later', observation('labelled-later', 'p1'))
  const label = { meta: { security: [veryRestricted] } }
  await put('Observation', 'labelled-later', observation('labelled-later', 'p1', label))
  await put('Observation', 'moved', observation('moved', 'p1'))
  await put('Observation', 'moved', observation('moved', 'p2'))
  const seen = async (context: RecordContext, scope: HistoryScope): Promise<string> =>
    await store.records.history(context, scope, [['_count', '1000']])
  for (const [context, id] of [
    [store.context('pharmacist'), 'labelled-later'],
    [store.context('patient', 'p1'), 'moved'],
  ] as const) {
    await assert.rejects(seen(context, { type: 'Observation', id }), hasCode('not-found'))
    for (const scope of [{}, { type: 'Observation' }]) assert.doesNotMatch(await seen(context, scope), new RegExp(id))
  }
  const own = JSON.parse(await seen(store.context('patient', 'p2'), { type: 'Observation', id: 'moved' }))
  assert.equal(own.entry.length, 1)
})

test('a device belongs to its patient; one of the house is for all', async () => {
  const device = (id: string, more: object = {}) => JSON.stringify({ resourceType: 'Device', id, ...more })
  await put('Device', 'pacemaker', device('pacemaker', { patient: { reference: 'Patient/p2' } }))
  await put('Device', 'scanner', device('scanner'))
  const read = (patient: string, id: string) => store.records.read(store.context('patient', patient), 'Device', id)
  await assert.rejects(read('p1', 'pacemaker'), hasCode('not-found'))
  assert.equal((await read('p2', 'pacemaker')).id, 'pacemaker')
  assert.equal((await read('p1', 'scanner')).id, 'scanner')
})

test('a group that a patient is in does not show its other members', async () => {
  const member = ['p1', 'p2'].map((id) => ({ entity: { reference: `Patient/${id}` } }))
  await put('Group', 'cohort', JSON.stringify({ resourceType: 'Group', id: 'cohort', member }))
  for (const context of [store.context('patient', 'p1'), boundTo('p1')]) {
    await assert.rejects(store.records.read(context, 'Group', 'cohort'), hasCode('not-found'))
  }
})
