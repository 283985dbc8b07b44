// Transactions and batches through the door: references, conditions, order, all or nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import type { BundleEntry, Resource } from '@xinglin/core/fhir'
import { sharedStore } from '../../testing/shared-store.ts'
import type { WriteRule } from '../types.ts'

const rule: WriteRule = {
  id: 'observation.patient-active',
  types: ['Observation'],
  about: 'An observation is of an active patient, and a patient has at most two.',
  reads(change) {
    const reference = subjectOf(change.after)
    if (reference === undefined) return []
    return [
      { kind: 'record', reference },
      { kind: 'referrers', type: 'Observation', parameter: 'subject', to: reference },
    ]
  },
  check(change, view) {
    const reference = subjectOf(change.after) ?? ''
    const isInactive = view.record(reference)?.['active'] === false
    const count = view.referrers('Observation', 'subject', reference).length
    if (!isInactive && count <= 2) return []
    return [
      {
        severity: 'error',
        code: 'business-rule',
        diagnostics: `not allowed (${count})`,
        expression: 'Observation.subject',
      },
    ]
  },
}

function subjectOf(resource: Resource | undefined): string | undefined {
  return (resource?.['subject'] as { readonly reference?: string } | undefined)?.reference
}

const store = sharedStore(undefined, { rules: [rule] })

type Entry = BundleEntry
const bundleOf = (type: string, entry: readonly Entry[]) => JSON.stringify({ resourceType: 'Bundle', type, entry })
const transact = async (...entry: readonly Entry[]) =>
  JSON.parse(await store().records.bundle(store().context(), bundleOf('transaction', entry), 'representation'))
const post = (resource: object, fullUrl?: string, ifNoneExist?: string): Entry => {
  const body = resource as NonNullable<Entry['resource']>
  return {
    ...(fullUrl === undefined ? {} : { fullUrl }),
    resource: body,
    request: { method: 'POST', url: body.resourceType, ...(ifNoneExist === undefined ? {} : { ifNoneExist }) },
  }
}
const put = (resource: { resourceType: string; id: string; [name: string]: unknown }): Entry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})
const refusedAt = (code: ErrorCode, place: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error))
  assert.equal(error.code, code)
  assert.ok(error.issues[0]?.expression?.startsWith(place), `${error.issues[0]?.expression} should start with ${place}`)
  return true
}
const total = async (type: string): Promise<number> => {
  const text = 'SELECT count(*) AS n FROM records.version WHERE type = $1'
  return (await store().database.sql.query<{ n: number }>({ text, values: [type] }))[0]?.n ?? -1
}

test('rewrites references between entries wherever they stand, but not texts', async () => {
  const urn = 'urn:uuid:11111111-1111-4111-8111-111111111111'
  const answer = await transact(
    post({
      resourceType: 'Condition',
      subject: { reference: urn },
      extension: [{ url: 'http://x/y', valueUri: urn }],
      identifier: [{ system: 'urn:ietf:rfc:3986', value: urn }],
      text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${urn}">p</a></div>` },
    }),
    post({ resourceType: 'Patient', active: true }, urn),
  )
  const [condition, patient] = answer.entry.map((entry: Entry) => entry.resource)
  assert.equal(condition.subject.reference, `Patient/${patient.id}`)
  assert.equal(condition.extension[0].valueUri, `Patient/${patient.id}`)
  assert.equal(condition.identifier[0].value, urn)
  assert.ok(condition.text.div.includes(`href="Patient/${patient.id}"`))
  assert.equal(answer.entry[0].response.status, '201 Created')
  assert.match(answer.entry[0].response.location, /^Condition\/[^/]+\/_history\/1$/)
})

test('takes a relative reference for the entry whose full URL it completes', async () => {
  const answer = await transact(
    post({ resourceType: 'Patient', id: '77' }, 'http://elsewhere.example/fhir/Patient/77'),
    post({ resourceType: 'Condition', subject: { reference: 'Patient/77' } }),
  )
  const [patient, condition] = answer.entry.map((entry: Entry) => entry.resource)
  assert.notEqual(patient.id, '77')
  assert.equal(condition.subject.reference, `Patient/${patient.id}`)
})

test('refuses a URN that no entry has', async () => {
  await assert.rejects(
    transact(
      post({ resourceType: 'Patient' }),
      post({ resourceType: 'Condition', subject: { reference: 'urn:uuid:0' } }),
    ),
    refusedAt('invalid-request', 'Bundle.entry[1]'),
  )
})

test('keeps nothing when one entry fails, whatever the reason', async () => {
  const counts = await Promise.all([total('Patient'), total('Goal')])
  const good = post({ resourceType: 'Patient' })
  await assert.rejects(
    transact(good, post({ resourceType: 'Goal', wrong: 1 })),
    refusedAt('invalid-resource', 'Bundle.entry[1].resource.wrong'),
  )
  await assert.rejects(
    transact(good, {
      resource: { resourceType: 'Goal', id: 'g' },
      request: { method: 'PUT', url: 'Goal/g', ifMatch: 'W/"4"' },
    }),
    refusedAt('precondition-failed', 'Bundle.entry[1]'),
  )
  await assert.rejects(
    transact(good, { request: { method: 'GET', url: 'Patient/none' } }),
    refusedAt('not-found', 'Bundle.entry[1]'),
  )
  await assert.rejects(
    transact(
      post({ resourceType: 'Patient', active: false }, 'urn:uuid:1'),
      post({ resourceType: 'Observation', subject: { reference: 'urn:uuid:1' } }),
    ),
    refusedAt('business-rule', 'Bundle.entry[1].resource.subject'),
  )
  assert.deepEqual(await Promise.all([total('Patient'), total('Goal')]), counts)
})

test('lays the pending changes of the Bundle over what rules read', async () => {
  const observation = (subject: string) => post({ resourceType: 'Observation', subject: { reference: subject } })
  const [urn, patient] = ['urn:uuid:3', { resourceType: 'Patient' }]
  await assert.rejects(
    transact(post(patient, urn), observation(urn), observation(urn), observation(urn)),
    refusedAt('business-rule', 'Bundle.entry[1].resource.subject'),
  )
  const answer = await transact(post({ resourceType: 'Patient' }, 'urn:uuid:2'), observation('urn:uuid:2'))
  const reference = `Patient/${answer.entry[0].resource.id}`
  await assert.rejects(
    transact(observation(reference), observation(reference)),
    refusedAt('business-rule', 'Bundle.entry[0].resource.subject'),
  )
  const [first] = answer.entry.slice(1)
  const gone: Entry = { request: { method: 'DELETE', url: `Observation/${first.resource.id}` } }
  await transact(gone, observation(reference), observation(reference))
  const parallel = await Promise.allSettled([1, 2, 3].map(() => transact(observation(reference))))
  assert.ok(parallel.every((result) => result.status === 'rejected'))
})

test('deletes before it creates, and reads last', async () => {
  const identifier = [{ system: 'urn:order', value: '1' }]
  const first = await transact(post({ resourceType: 'Patient', identifier }))
  const id = first.entry[0].resource.id
  const answer = await transact(
    { request: { method: 'GET', url: 'Patient?identifier=urn:order|1' } },
    post({ resourceType: 'Patient', identifier }, undefined, 'identifier=urn:order|1'),
    { request: { method: 'DELETE', url: `Patient/${id}` } },
  )
  assert.deepEqual(
    answer.entry.map((entry: Entry) => entry.response?.status),
    ['200 OK', '201 Created', '204 No Content'],
  )
  const found = answer.entry[0].resource.entry.map((entry: Entry) => entry.resource?.id)
  assert.deepEqual(found, [answer.entry[1].resource.id])
})

test('resolves conditional references and conditional creates, also within the Bundle', async () => {
  const identifier = [{ system: 'urn:ref', value: 'a' }]
  const condition = (search: string) => post({ resourceType: 'Condition', subject: { reference: search } })
  await assert.rejects(
    transact(condition('Patient?identifier=urn:ref|a')),
    refusedAt('precondition-failed', 'Bundle.entry[0]'),
  )
  const made = await transact(
    condition('Patient?identifier=urn:ref|a'),
    post({ resourceType: 'Patient', identifier }, 'urn:uuid:3', 'identifier=urn:ref|a'),
    post({ resourceType: 'Patient', identifier }, 'urn:uuid:4', 'identifier=urn:ref|a'),
    condition('urn:uuid:4'),
  )
  const id = made.entry[1].resource.id
  assert.deepEqual(
    made.entry.map((entry: Entry) => entry.response?.status.slice(0, 3)),
    ['201', '201', '200', '201'],
  )
  assert.equal(made.entry[0].resource.subject.reference, `Patient/${id}`)
  assert.equal(made.entry[3].resource.subject.reference, `Patient/${id}`)
  const again = await transact(
    post({ resourceType: 'Patient', identifier }, 'urn:uuid:5', 'identifier=urn:ref|a'),
    condition('urn:uuid:5'),
    condition('Patient?identifier=urn:ref|a'),
  )
  assert.equal(again.entry[0].response.status, '200 OK')
  assert.equal(again.entry[1].resource.subject.reference, `Patient/${id}`)
  assert.equal(again.entry[2].resource.subject.reference, `Patient/${id}`)
})

test('makes one record of parallel transactions with the same conditional create', async () => {
  const identifier = [{ system: 'urn:ref', value: 'race' }]
  const answers = await Promise.all(
    Array.from({ length: 12 }, () =>
      transact(post({ resourceType: 'Patient', identifier }, undefined, 'identifier=urn:ref|race')),
    ),
  )
  assert.equal(new Set(answers.map((answer) => answer.entry[0].resource.id)).size, 1)
})

test('changes a record once and refuses shapes that mean nothing', async () => {
  const patient = { resourceType: 'Patient', id: 'twice' }
  await assert.rejects(transact(put(patient), put(patient)), refusedAt('invalid-request', 'Bundle.entry[1]'))
  const shapes: readonly unknown[] = [
    {},
    null,
    { request: {} },
    { request: { method: 'BREW', url: 'Patient' } },
    { request: { method: 'POST', url: 'Patient' } },
    { request: { method: 'DELETE', url: 'Patient' } },
    { request: { method: 'PUT', url: 'Patient/../x' }, resource: patient },
    { request: { method: 'POST', url: 'Dragon' }, resource: { resourceType: 'Dragon' } },
    { request: { method: 'PUT', url: 'Patient/other' }, resource: patient },
  ]
  for (const shape of shapes) {
    await assert.rejects(
      transact(shape as Entry),
      refusedAt('invalid-request', 'Bundle.entry[0]'),
      JSON.stringify(shape),
    )
  }
  const send = (body: unknown) => store().records.bundle(store().context(), JSON.stringify(body))
  for (const body of [
    { resourceType: 'Bundle', type: 'message' },
    { resourceType: 'Patient' },
    [],
    { resourceType: 'Bundle', type: 'batch', entry: {} },
  ]) {
    await assert.rejects(send(body), (error) => error instanceof AppError && error.status === 400)
  }
})

test('patches in a transaction', async () => {
  await transact(put({ resourceType: 'Patient', id: 'patched' }))
  const data = Buffer.from(JSON.stringify([{ op: 'add', path: '/active', value: true }])).toString('base64')
  const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
  const answer = await transact({ resource, request: { method: 'PATCH', url: 'Patient/patched' } })
  assert.equal(answer.entry[0].resource.active, true)
  assert.equal(answer.entry[0].response.etag, 'W/"2"')
})

test('a conditional reference outside a transaction is refused, not kept as it is written', async () => {
  const observation = { resourceType: 'Observation', id: 'loose', subject: { reference: 'Patient?_id=batch-1' } }
  const entries = [put(observation), post({ ...observation, id: undefined })]
  const answer = JSON.parse(await store().records.bundle(store().context(), bundleOf('batch', entries)))
  for (const { response } of answer.entry)
    assert.match(`${response.status} ${JSON.stringify(response)}`, /^4.*conditional/)
  const alone = { type: 'Observation', content: JSON.stringify(observation) }
  await assert.rejects(store().records.create(store().context(), alone), /conditional reference/)
})

test('carries out the entries of a batch on their own', async () => {
  const entries: Entry[] = [
    { request: { method: 'GET', url: 'Patient/batch-1' } },
    put({ resourceType: 'Patient', id: 'batch-1' }),
    post({ resourceType: 'Patient', wrong: 1 }),
    { request: { method: 'GET', url: 'Patient/none' } },
    {},
    { request: { method: 'GET', url: 'Patient?_id=batch-1' } },
  ]
  const answer = JSON.parse(await store().records.bundle(store().context(), bundleOf('batch', entries)))
  assert.equal(answer.type, 'batch-response')
  assert.deepEqual(
    answer.entry.map((entry: Entry) => entry.response?.status.slice(0, 3)),
    ['200', '201', '400', '404', '400', '200'],
  )
  assert.equal(answer.entry[2].response.outcome.resourceType, 'OperationOutcome')
})

test('writes large Bundles by COPY as it writes small ones', async () => {
  const urn = (at: number) => `urn:uuid:${at}`
  const names = ['a\tb', 'back\\slash', 'new\nline', '杏林', '\\N', '"quoted"']
  const entries = Array.from({ length: 300 }, (_one, at) =>
    post(
      {
        resourceType: 'Patient',
        name: [{ family: names[at % names.length] }],
        link: [{ other: { reference: urn((at + 1) % 300) }, type: 'seealso' }],
      },
      urn(at),
    ),
  )
  const answer = await transact(...entries)
  const { records, context } = store()
  for (const [at, entry] of answer.entry.entries()) {
    const id = entry.resource.id
    if (at % 50 !== 0) continue
    const stored = await records.read(context(), 'Patient', id)
    assert.deepEqual(JSON.parse(stored.content), entry.resource)
    assert.equal(entry.resource.name[0].family, names[at % names.length])
  }
  const found = await transact({
    request: { method: 'GET', url: `Patient?link=Patient/${answer.entry[1].resource.id}` },
  })
  assert.equal(found.entry[0].resource.entry[0].resource.id, answer.entry[0].resource.id)
})
