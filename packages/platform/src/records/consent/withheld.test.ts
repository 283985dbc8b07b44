// What a Consent withholds is gone from every kind of answer at once, comes back with the Consent's end or a broken glass, and
// nothing counts around it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import { parseSearch, searchKnowledge } from '@xinglin/core/fhir/search'
import type { Caller, Role } from '../../kernel/caller.ts'
import { type StoreFixture, storeFixture } from '../../testing/record-store.ts'
import { accessFor } from '../access/index.ts'
import { accessState, breakGlass, type GlassParts, listGlasses, mendGlass } from '../break-glass/break-glass.ts'
import { createSearch } from '../search/search.ts'
import type { RecordContext } from '../types.ts'
import { patientsWithholding, withheldElsewhere } from './withheld-store.ts'

let store: StoreFixture
let parts: GlassParts
const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof AppError && error.code === code

function asking(roles: readonly Role[], more: Partial<Caller> = {}): RecordContext {
  const caller: Caller = { subject: roles.join(), name: 'x', roles, scopes: [], purpose: 'TREAT', ...more }
  return { ...store.context(), caller, access: accessFor(caller) }
}
const pharmacist = (more: Partial<Caller> = {}) => asking(['pharmacist'], { actor: 'Practitioner/ph', ...more })
const emergency = { purpose: 'BTG', reason: 'found unconscious in the lobby' }

const put = (resource: { readonly resourceType: string; readonly id: string; readonly [name: string]: unknown }) =>
  store.records.update(asking(['admin']), {
    target: { type: resource.resourceType, id: resource.id },
    content: JSON.stringify(resource),
  })
const about = (id: string) => ({ reference: `Patient/${id}` })
const recipient = { coding: [{ code: 'IRCP' }] }
const role = (value: Role) => ({ role: recipient, reference: { identifier: { system: 'urn:xinglin:role', value } } })
const consent = (id: string, patient: string, provision: object, status = 'active') =>
  put({
    resourceType: 'Consent',
    id,
    status,
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    patient: about(patient),
    provision,
  })

const newSearch = () => createSearch({ sql: store.database.sql, knowledge: searchKnowledge(), cursorKey: 'k' })

async function find(
  context: RecordContext,
  url: string,
  search = newSearch(),
): Promise<{ total?: number; text: string }> {
  const [type = '', query = ''] = url.split('?')
  const parameters = [...new URLSearchParams(query)]
  const parsed = parseSearch({ types: [type], parameters, lenient: false })
  const call = { access: context.access.read, holder: 'h', baseUrl: 'http://x', selfUrl: 'http://x/y' }
  const { bundle } = await search.search(parsed, call)
  const { total, entry = [] } = JSON.parse(bundle) as { total?: number; entry?: { resource: { id: string } }[] }
  return { ...(total === undefined ? {} : { total }), text: entry.map(({ resource }) => resource.id).join(' ') }
}

async function everythingOf(context: RecordContext, patient: string): Promise<string> {
  const search = createSearch({ sql: store.database.sql, knowledge: searchKnowledge(), cursorKey: 'k' })
  const call = { access: context.access.read, holder: 'h', baseUrl: 'http://x', selfUrl: 'http://x/y' }
  return (await search.everything({ patient, types: [], understood: [] }, call)).bundle
}

before(async () => {
  store = await storeFixture()
  const { sql } = store.database
  let next = 0
  const audit = { append: async () => undefined, record: async () => undefined }
  parts = { sql, audit, ids: { uuid: () => `glass-${next++}` }, minutes: 30, perHour: 2 }
  await put({ resourceType: 'Practitioner', id: 'dr' })
  for (const id of ['p1', 'p2']) {
    const performer = [{ reference: 'Practitioner/dr' }]
    await put({ resourceType: 'Patient', id, generalPractitioner: performer })
    await put({ resourceType: 'Observation', id: `o-${id}`, status: 'final', subject: about(id), performer })
    await put({ resourceType: 'Condition', id: `c-${id}`, subject: about(id) })
  }
  await put({
    resourceType: 'Appointment',
    id: 'both',
    status: 'booked',
    participant: ['p1', 'p2'].map((id) => ({ actor: about(id), status: 'accepted' })),
  })
})
after(() => store.close())

test('a Consent binds the very next search of every process, also of those that have met none so far', async () => {
  const processes = [newSearch(), newSearch()]
  const seen = () => Promise.all(processes.map((one) => find(pharmacist(), 'Observation?patient=p1', one)))
  assert.deepEqual(
    (await seen()).map(({ text }) => text),
    ['o-p1', 'o-p1'],
  )
  await consent('k0', 'p1', { type: 'deny', actor: [role('pharmacist')] })
  assert.deepEqual(await seen(), [
    { total: 0, text: '' },
    { total: 0, text: '' },
  ])
  await consent('k0', 'p1', { type: 'deny', actor: [role('pharmacist')] }, 'inactive')
  assert.deepEqual(
    (await seen()).map(({ text }) => text),
    ['o-p1', 'o-p1'],
  )
})

describe('a denial to a role', () => {
  before(() => consent('k1', 'p1', { type: 'deny', actor: [role('pharmacist')] }))
  after(() => consent('k1', 'p1', { type: 'deny', actor: [role('pharmacist')] }, 'inactive'))

  test('withholds from reads, versions and histories', async () => {
    const { records } = store
    const asked = pharmacist()
    await assert.rejects(records.read(asked, 'Observation', 'o-p1'), hasCode('not-found'))
    await assert.rejects(records.vread(asked, { type: 'Observation', id: 'o-p1', version: '1' }), hasCode('not-found'))
    await assert.rejects(records.history(asked, { type: 'Observation', id: 'o-p1' }, []), hasCode('not-found'))
    for (const scope of [{}, { type: 'Observation' }]) {
      const seen = await records.history(asked, scope, [['_count', '100']])
      assert.doesNotMatch(seen, /"id":"[oc]-p1"/)
      assert.match(seen, /"id":"o-p2"/)
    }
    assert.equal((await records.read(asked, 'Patient', 'p1')).id, 'p1')
    assert.equal((await records.read(asked, 'Observation', 'o-p2')).id, 'o-p2')
  })

  test('withholds from searches, counts, includes, chains, reverse chains, compartments and everything', async () => {
    const asked = pharmacist()
    for (const [url, text] of [
      ['Observation', 'o-p2'],
      ['Observation?patient=p1', ''],
      ['Observation?_id=o-p1,o-p2', 'o-p2'],
      ['Observation?status=final', 'o-p2'],
      ['Observation?performer=Practitioner/dr', 'o-p2'],
      ['Appointment', ''],
      ['Appointment?patient=p2', ''],
      ['Practitioner?_revinclude=Observation:performer', 'dr o-p2'],
      ['Patient?_has:Observation:patient:status=final', 'p2'],
      ['Patient?_id=p1&_revinclude=Condition:subject', 'p1'],
      ['Condition?subject:Patient.general-practitioner=Practitioner/dr', 'c-p2'],
    ] as const) {
      assert.equal((await find(asked, url)).text, text, url)
    }
    for (const [url, total] of [
      ['Observation?_summary=count', 1],
      ['Observation?patient=p1&_total=accurate', 0],
      ['Observation?_count=1&_total=accurate', 1],
      ['Condition?_count=0', 1],
    ] as const) {
      assert.equal((await find(asked, url)).total, total, url)
    }
    const all = await everythingOf(asked, 'p1')
    assert.doesNotMatch(all, /"id":"([oc]-p1|both)"/)
    assert.match(all, /"id":"k1"/)
  })

  test('withholds from changes, conditional ones and Bundles, as if nothing were there', async () => {
    const { records } = store
    const asked = pharmacist()
    const allergy = (id: string) => ({ resourceType: 'AllergyIntolerance', id, patient: about('p1') })
    await put(allergy('a1'))
    const patch = (id: string) => records.patch(asked, { target: { type: 'AllergyIntolerance', id }, patch: '[]' })
    await assert.rejects(patch('a1'), hasCode('not-found'))
    const again = { target: { type: 'AllergyIntolerance', id: 'a1' }, content: JSON.stringify(allergy('a1')) }
    await assert.rejects(records.update(asked, again), hasCode('forbidden'))
    assert.equal((await records.delete(asked, { type: 'AllergyIntolerance', id: 'a1' })).outcome, 'unchanged')
    const entry = [{ request: { method: 'GET', url: 'Observation/o-p1' } }]
    const batch = await records.bundle(asked, JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }))
    assert.match(batch, /404/)
  })

  test('leaves others, the patient and the system as they were', async () => {
    for (const context of [asking(['clinician']), asking(['patient'], { patient: 'p1' }), asking(['system'])])
      assert.equal((await store.records.read(context, 'Observation', 'o-p1')).id, 'o-p1')
    await assert.rejects(
      store.records.read(asking(['pharmacist'], { patient: 'p1', scopes: ['patient/*.rs'] }), 'Observation', 'o-p1'),
      hasCode('not-found'),
    )
  })

  test('a broken glass opens that patient to that person, for that purpose, until it is mended', async () => {
    const { records } = store
    const read = (context: RecordContext) => records.read(context, 'Observation', 'o-p1')
    assert.deepEqual(await accessState(parts, pharmacist(), 'p1'), {
      patient: 'p1',
      isWithheld: true,
      mayBreakGlass: true,
    })
    assert.equal((await accessState(parts, pharmacist(), 'p2')).isWithheld, false)
    await assert.rejects(read(pharmacist(emergency)), hasCode('not-found'))
    await breakGlass(parts, pharmacist(), { patient: 'p1', reason: emergency.reason })
    await assert.rejects(read(pharmacist()), hasCode('not-found'))
    assert.equal((await read(pharmacist(emergency))).id, 'o-p1')
    assert.equal((await find(pharmacist(emergency), 'Observation?patient=p1&_total=accurate')).total, 1)
    await assert.rejects(read(pharmacist({ ...emergency, name: 'another' })), hasCode('not-found'))
    await assert.rejects(records.read(pharmacist(emergency), 'Appointment', 'both'), hasCode('not-found'))
    await assert.rejects(records.read(asking(['compliance'], emergency), 'Condition', 'c-p2'), hasCode('not-found'))
    assert.ok((await accessState(parts, pharmacist(), 'p1')).openUntil instanceof Date)
    await mendGlass(parts, pharmacist(), 'p1')
    await assert.rejects(read(pharmacist(emergency)), hasCode('not-found'))
  })

  test('glasses are few, for those who treat, and shown to the patient and to compliance', async () => {
    const wish = { patient: 'p1', reason: emergency.reason }
    const eager = (more: Partial<Caller> = {}) => pharmacist({ subject: 'eager', ...more })
    await breakGlass(parts, eager(), wish)
    await breakGlass(parts, eager(), wish)
    await assert.rejects(breakGlass(parts, eager(), wish), hasCode('too-many-requests'))
    await assert.rejects(breakGlass(parts, pharmacist(), { ...wish, patient: 'nobody' }), hasCode('not-found'))
    for (const context of [
      asking(['frontend']),
      asking(['patient'], { patient: 'p1' }),
      asking(['admin']),
      pharmacist({ patient: 'p1', scopes: ['patient/*.rs'] }),
    ])
      await assert.rejects(breakGlass(parts, context, wish), hasCode('forbidden'))
    const own = await listGlasses(parts, asking(['patient'], { patient: 'p1' }), 'p1')
    assert.deepEqual([own[0]?.subject, own[0]?.reason], ['eager', emergency.reason])
    assert.ok((await listGlasses(parts, asking(['compliance']), 'p1')).length >= 2)
    for (const context of [asking(['patient'], { patient: 'p2' }), asking(['clinician'])])
      await assert.rejects(listGlasses(parts, context, 'p1'), hasCode('forbidden'))
  })
})

test('exceptions, purposes, types, labels, single records and times decide as written', async () => {
  const sees = async (context: RecordContext, id: string) =>
    (await find(context, `Observation?_id=${id}&patient=p1`)).text !== ''
  const security = [{ system: 'urn:s', code: 'PSY' }]
  await put({ resourceType: 'Observation', id: 'psy', status: 'final', subject: about('p1'), meta: { security } })
  const dr = asking(['clinician'], { actor: 'Practitioner/dr' })
  const other = asking(['clinician'], { actor: 'Practitioner/other' })
  const treat = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }
  const observations = [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }]
  const except = [{ type: 'permit', actor: [{ role: recipient, reference: { reference: 'Practitioner/dr' } }] }]
  const only = [{ meaning: 'instance', reference: { reference: 'Observation/o-p1' } }]
  for (const [provision, expected] of [
    [{ type: 'deny', provision: except }, [true, false, true, false]],
    [{ type: 'deny', purpose: [treat] }, [false, false, false, false]],
    [{ type: 'deny', purpose: [{ ...treat, code: 'HRESCH' }] }, [true, true, true, true]],
    [{ type: 'deny', class: observations, provision: except }, [true, false, true, false]],
    [{ type: 'permit', provision: [{ type: 'deny', securityLabel: security }] }, [true, true, false, false]],
    [{ type: 'deny', data: only }, [false, false, true, true]],
    [{ type: 'deny', period: { end: '2020' } }, [true, true, true, true]],
    [{ type: 'deny', period: { start: '2020' } }, [false, false, false, false]],
    [{ type: 'deny', action: [{ text: 'unclear' }] }, [false, false, false, false]], // kept without the rule: cautious
  ] as const) {
    await consent('k2', 'p1', provision)
    const seen = [await sees(dr, 'o-p1'), await sees(other, 'o-p1'), await sees(dr, 'psy'), await sees(other, 'psy')]
    assert.deepEqual(seen, expected, JSON.stringify(provision))
  }
  assert.ok((await find(dr, 'Condition?patient=p2')).text !== '')
  await store.records.delete(asking(['admin']), { type: 'Consent', id: 'k2' })
  assert.ok((await sees(dr, 'o-p1')) && (await sees(other, 'psy')))
})

test('those from whom something is withheld do not lift it; registration, the patient and others do', async () => {
  const lifted = {
    target: { type: 'Consent', id: 'k3' },
    content: '{"resourceType":"Consent","id":"k3","status":"inactive","patient":{"reference":"Patient/p1"}}',
  }
  await consent('k3', 'p1', { type: 'deny', actor: [role('clinician')] })
  await assert.rejects(store.records.update(asking(['clinician']), lifted), hasCode('forbidden'))
  await assert.rejects(store.records.delete(asking(['clinician']), { type: 'Consent', id: 'k3' }), hasCode('forbidden'))
  assert.equal((await store.records.update(asking(['frontend']), lifted)).outcome, 'updated')
  await consent('k3', 'p1', { type: 'deny', actor: [role('clinician')] })
  assert.equal((await store.records.update(asking(['patient'], { patient: 'p1' }), lifted)).outcome, 'updated')
})

test('a label on the Patient hides all of the patient, until it goes', async () => {
  const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }]
  await put({ resourceType: 'Patient', id: 'p2', meta: { security } })
  const read = (context: RecordContext, type: string, id: string) => store.records.read(context, type, id)
  for (const [type, id] of [
    ['Patient', 'p2'],
    ['Observation', 'o-p2'],
    ['Appointment', 'both'],
  ] as const) {
    await assert.rejects(read(pharmacist(), type, id), hasCode('not-found'), id)
    assert.equal((await read(asking(['clinician']), type, id)).id, id)
  }
  assert.equal((await find(pharmacist(), 'Condition?_summary=count')).total, 1)
  await breakGlass(parts, pharmacist({ subject: 'late' }), { patient: 'p2', reason: emergency.reason })
  assert.equal((await read(pharmacist({ ...emergency, subject: 'late' }), 'Observation', 'o-p2')).id, 'o-p2')
  await put({ resourceType: 'Patient', id: 'p2' })
  assert.equal((await read(pharmacist(), 'Observation', 'o-p2')).id, 'o-p2')
})

test('tells services that keep records elsewhere whose are withheld, until the glass is broken', async () => {
  const withheld = ({ caller }: RecordContext, type = 'ImagingStudy') =>
    withheldElsewhere(store.database.sql, caller, { type, isId: (id) => /^[0-9.]+$/.test(id) })
  const only = (type: string) => ({ class: [{ system: 'http://hl7.org/fhir/resource-types', code: type }] })
  const ph = pharmacist({ subject: 'elsewhere' })
  const except = [{ type: 'permit', actor: [{ role: recipient, reference: { reference: 'Practitioner/ph' } }] }]
  const data = (reference: string) => [{ meaning: 'instance', reference: { reference } }]
  assert.deepEqual(await withheld(ph), [])
  for (const [provision, expected] of [
    [{ type: 'deny', ...only('ImagingStudy') }, ['p1']],
    [{ type: 'deny', ...only('Observation') }, []],
    [{ type: 'deny', actor: [role('clinician')] }, []],
    [{ type: 'deny', provision: except }, []],
    [{ type: 'deny', provision: [{ type: 'permit', ...only('Observation') }] }, ['p1']],
    [{ type: 'deny', provision: [{ type: 'permit', ...only('ImagingStudy') }] }, []],
    [{ type: 'deny', data: data('ImagingStudy/1.2') }, ['p1/1.2']],
    [{ type: 'deny', data: [...data('ImagingStudy/1.2'), ...data('Observation/o-p1')] }, ['p1/1.2']],
    [{ type: 'deny', data: [...data('ImagingStudy/1.2'), ...data('ImagingStudy/by-hand')] }, ['p1']],
    [{ type: 'deny', provision: [{ type: 'permit', data: data('ImagingStudy/1.2') }] }, ['p1']],
    [{ type: 'deny', data: data('Observation/o-p1') }, []],
    [{ type: 'deny', period: { end: '2020' } }, []],
    [{ type: 'deny' }, ['p1']],
  ] as const) {
    await consent('k4', 'p1', provision)
    assert.deepEqual(await withheld(ph), expected, JSON.stringify(provision))
  }
  assert.deepEqual(await withheld(asking(['patient'], { patient: 'p1' })), [])
  assert.deepEqual(await withheld(asking(['system'])), [])
  await breakGlass(parts, ph, { patient: 'p1', reason: emergency.reason })
  assert.deepEqual(await withheld(ph), ['p1'])
  assert.deepEqual(await withheld(pharmacist({ ...emergency, subject: 'elsewhere' })), [])
  await store.records.delete(asking(['admin']), { type: 'Consent', id: 'k4' })
  const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }]
  await put({ resourceType: 'Patient', id: 'p2', meta: { security } })
  assert.deepEqual([await withheld(ph), await withheld(asking(['clinician']))], [['p2'], []])
  await put({ resourceType: 'Patient', id: 'p2' })
})

test('tells who of some patients withholds anything from a purpose, also where a glass is broken', async () => {
  const scientist = (purpose: string) => asking(['data-scientist'], { purpose }).caller
  const withholding = (purpose: string) =>
    patientsWithholding(store.database.sql, scientist(purpose), ['p1', 'p2', 'nobody'])
  const research = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HRESCH' }]
  assert.deepEqual(await withholding('HRESCH'), [])
  await consent('k5', 'p1', { type: 'deny', purpose: research })
  assert.deepEqual([await withholding('HRESCH'), await withholding('TREAT')], [['p1'], []])
  await consent('k5', 'p1', {
    type: 'deny',
    purpose: research,
    class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Condition' }],
  })
  assert.deepEqual(await withholding('HRESCH'), ['p1'])
  await store.records.delete(asking(['admin']), { type: 'Consent', id: 'k5' })
  assert.deepEqual(await withholding('HRESCH'), [])
  const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }]
  await put({ resourceType: 'Patient', id: 'p2', meta: { security } })
  assert.deepEqual(await withholding('TREAT'), ['p2'])
  assert.deepEqual(await patientsWithholding(store.database.sql, asking(['clinician']).caller, ['p2']), [])
  await put({ resourceType: 'Patient', id: 'p2' })
})
