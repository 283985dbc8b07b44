// Security labels, references to nothing, and what a transaction does about both.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError, type ErrorCode } from '@xinglin/core/errors'
import { storeFixture } from '../testing/record-store.ts'

const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof AppError && error.code === code
const bundleOf = (...entry: readonly unknown[]) =>
  JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })
const condition = (subject: string) => ({ resourceType: 'Condition', subject: { reference: subject } })

test('accepts references to nothing unless told to check them', async () => {
  const open = await storeFixture()
  const content = JSON.stringify(condition('Patient/none'))
  assert.equal((await open.records.create(open.context(), { type: 'Condition', content })).outcome, 'created')
  await open.close()
  const strict = await storeFixture({ checkReferences: true })
  const { records, context } = strict
  await assert.rejects(records.create(context(), { type: 'Condition', content }), hasCode('unprocessable'))
  const patient = {
    fullUrl: 'urn:uuid:1',
    resource: { resourceType: 'Patient' },
    request: { method: 'POST', url: 'Patient' },
  }
  const entry = { resource: condition('urn:uuid:1'), request: { method: 'POST', url: 'Condition' } }
  const answer = JSON.parse(await records.bundle(context(), bundleOf(patient, entry), 'representation'))
  const { reference } = answer.entry[1].resource.subject
  const later = JSON.stringify(condition(reference))
  assert.equal((await records.create(context(), { type: 'Condition', content: later })).outcome, 'created')
  await records.delete(context(), { type: 'Patient', id: reference.split('/')[1] })
  await assert.rejects(records.create(context(), { type: 'Condition', content: later }), hasCode('unprocessable'))
  await strict.close()
})

test('hides labelled records from roles that may not see them, on every way', async () => {
  const store = await storeFixture()
  const { records, context } = store
  const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }]
  const secret = JSON.stringify({
    resourceType: 'Condition',
    id: 's',
    meta: { security },
    subject: { reference: 'Patient/1' },
  })
  const target = { type: 'Condition', id: 's' }
  await records.update(context('clinician'), { target, content: secret })
  assert.equal((await records.read(context('clinician'), 'Condition', 's')).version, 1)
  const outsider = context('radiologist')
  await assert.rejects(records.read(outsider, 'Condition', 's'), hasCode('not-found'))
  await assert.rejects(records.history(outsider, target, []), hasCode('not-found'))
  assert.equal(JSON.parse(await records.history(outsider, { type: 'Condition' }, [])).entry, undefined)
  const observation = { resourceType: 'Observation', meta: { security } }
  await assert.rejects(
    records.create(outsider, { type: 'Observation', content: JSON.stringify(observation) }),
    hasCode('forbidden'),
  )
  const search = { request: { method: 'GET', url: 'Condition?_id=s' } }
  assert.equal(JSON.parse(await records.bundle(outsider, bundleOf(search))).entry[0].resource.entry, undefined)
  await records.delete(context('clinician'), target)
  await assert.rejects(records.read(outsider, 'Condition', 's'), hasCode('not-found'))
  await store.close()
})

test('keeps the precision of decimals through writes, patches and batches', async () => {
  const store = await storeFixture()
  const { records, context } = store
  const content =
    '{"resourceType":"Observation","valueQuantity":{"value":1.50},"component":[{"valueQuantity":{"value":100.0}}]}'
  const { version } = await records.create(context(), { type: 'Observation', content })
  assert.ok(version !== undefined)
  assert.ok(version.content?.includes('"value":1.50') === true && version.content.includes('"value":100.0'))
  const patch = JSON.stringify([{ op: 'add', path: '/status', value: 'final' }])
  const patched = await records.patch(context(), { target: { type: 'Observation', id: version.id }, patch })
  assert.ok(patched.version?.content?.includes('"value":1.50') && patched.version.content.includes('"value":100.0'))
  const entry = `{"resource":${content},"request":{"method":"POST","url":"Observation"}}`
  for (const type of ['batch', 'transaction']) {
    const bundle = `{"resourceType":"Bundle","type":"${type}","entry":[${entry}]}`
    assert.ok((await records.bundle(context(), bundle, 'representation')).includes('"value":1.50'))
  }
  const target = { type: 'Observation', criteria: 'identifier=urn:x|1' }
  assert.ok((await records.update(context(), { target, content })).version?.content?.includes('"value":1.50'))
  await store.close()
})
