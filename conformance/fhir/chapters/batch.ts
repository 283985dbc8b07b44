// Batches: every entry on its own (http://hl7.org/fhir/R4/http.html#brules).
import assert from 'node:assert/strict'
import { byIdentifier, identified, observation, ofRun, ownId, patient, patientAt } from '../fixtures/resources.ts'
import { assertOutcome } from '../suite/answer.ts'
import { entry, search, sendBundle, statusesOf } from '../suite/bundle.ts'
import { chapter } from '../suite/check.ts'

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

/** The chapter. */
export const batching = chapter('batch', (check) => {
  check(
    'a batch is answered by a batch-response with an entry for each (http.html#transaction-response)',
    async (client) => {
      const answer = (await sendBundle(client, 'batch', [entry('GET', `Patient?${ofRun(client)}`)])).expect(200)
      assert.deepEqual([answer.at('resourceType'), answer.at('type')], ['Bundle', 'batch-response'])
      assert.equal(statusesOf(answer).length, 1)
    },
  )
  check('an empty batch is answered with 200 (http.html#transaction)', async (client) => {
    assert.equal((await sendBundle(client, 'batch', [])).expect(200).at('type'), 'batch-response')
    ;(await client.send('POST', '', { body: { resourceType: 'Bundle', type: 'batch' } })).expect(200)
  })
  check('one bad entry does not stop the others (http.html#brules)', async (client) => {
    const answer = await sendBundle(client, 'batch', [
      entry('POST', 'Patient', { resource: patient(client, { birthDate: 'soon' }) }),
      entry('POST', 'Patient', { resource: patient(client, identified(client, 'batch-good')) }),
    ])
    const [bad = 0, good] = statusesOf(answer.expect(200))
    assert.ok(bad === 400 || bad === 422, `the bad entry was ${bad}`)
    assert.equal(good, 201)
    assert.equal((await search(client, `Patient?${byIdentifier(client, 'batch-good')}`)).ids.length, 1)
  })
  check('a refused entry has an OperationOutcome (bundle.html)', async (client) => {
    const answer = await sendBundle(client, 'batch', [entry('GET', `Patient/${ownId(client, 'none')}`)])
    assert.deepEqual(statusesOf(answer), [404])
    assertOutcome(answer.at('entry.0.response.outcome') ?? answer.at('entry.0.resource'))
  })
  check('answers stand in the order of the entries (http.html#transaction-response)', async (client) => {
    const id = ownId(client, 'batch-order')
    const answer = await sendBundle(client, 'batch', [
      entry('GET', `Patient/${ownId(client, 'none')}`),
      entry('PUT', `Patient/${id}`, { resource: patientAt(client, id) }),
      entry('DELETE', `Patient/${ownId(client, 'never')}`),
    ])
    const [first, second, third = 0] = statusesOf(answer)
    assert.deepEqual([first, second], [404, 201])
    assert.ok([200, 202, 204, 404].includes(third))
  })
  check('a create in a batch tells location and etag (bundle.html)', async (client) => {
    const answer = await sendBundle(client, 'batch', [entry('POST', 'Patient', { resource: patient(client) })])
    assert.match(String(answer.at('entry.0.response.location')), /Patient\/[^/]+\/_history\/[^/]+$/)
    assert.match(String(answer.at('entry.0.response.etag')), /^W\//)
  })
  check('a batch updates, patches and deletes (http.html#transaction)', async (client) => {
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => client.create(patient(client))))
    assert.ok(a && b && c)
    const data = base64([{ op: 'add', path: '/active', value: true }])
    const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
    const answer = await sendBundle(client, 'batch', [
      entry('PUT', `Patient/${a.id}`, { resource: { ...a, active: true } }),
      entry('PATCH', `Patient/${b.id}`, { resource }),
      entry('DELETE', `Patient/${c.id}`),
    ])
    assert.deepEqual(statusesOf(answer).slice(0, 2), [200, 200])
    assert.equal((await client.send('GET', `/Patient/${b.id}`)).at('active'), true)
    ;(await client.send('GET', `/Patient/${c.id}`)).refused(410)
  })
  check('a batch reads, vreads and searches (http.html#transaction)', async (client) => {
    const one = await client.create(patient(client, identified(client, 'batch-read')))
    const version = (one['meta'] as { versionId: string }).versionId
    const answer = await sendBundle(client, 'batch', [
      entry('GET', `Patient/${one.id}`),
      entry('GET', `Patient/${one.id}/_history/${version}`),
      entry('GET', `Patient?${byIdentifier(client, 'batch-read')}`),
    ])
    assert.deepEqual(statusesOf(answer), [200, 200, 200])
    assert.equal(answer.at('entry.0.resource.id'), one.id)
    assert.equal(answer.at('entry.2.resource.entry.0.resource.id'), one.id)
  })
  check('a batch reads histories (http.html#transaction)', async (client) => {
    const one = await client.create(patient(client))
    const answer = await sendBundle(client, 'batch', [
      entry('GET', `Patient/${one.id}/_history`),
      entry('GET', 'Patient/_history?_count=1'),
    ])
    assert.deepEqual(statusesOf(answer), [200, 200])
    assert.equal(answer.at('entry.0.resource.type'), 'history')
    assert.equal(answer.at('entry.1.resource.type'), 'history')
  })
  check('an unknown search parameter refuses its entry alone (http.html#brules)', async (client) => {
    const answer = await sendBundle(client, 'batch', [
      entry('GET', 'Patient?no-such-parameter=1'),
      entry('GET', `Patient?${ofRun(client)}&_count=1`),
    ])
    assert.equal(statusesOf(answer)[1], 200)
  })
  check('ifNoneExist, ifMatch and ifNoneMatch hold in a batch (bundle.html)', async (client) => {
    const one = await client.create(patient(client, identified(client, 'batch-if')))
    const etag = `W/"${(one['meta'] as { versionId: string }).versionId}"`
    const again = patient(client, identified(client, 'batch-if'))
    const answer = await sendBundle(client, 'batch', [
      entry('POST', 'Patient', { resource: again, ifNoneExist: byIdentifier(client, 'batch-if') }),
      entry('PUT', `Patient/${one.id}`, { resource: one, ifMatch: 'W/"99"' }),
      entry('GET', `Patient/${one.id}`, { ifNoneMatch: etag }),
    ])
    const [created, matched = 0, read] = statusesOf(answer)
    assert.deepEqual([created, read], [200, 304])
    assert.ok(matched === 412 || matched === 409)
  })
  check('conditional updates and deletes work in a batch (http.html#transaction)', async (client) => {
    const condition = byIdentifier(client, 'batch-cond')
    const resource = patient(client, identified(client, 'batch-cond'))
    const first = await sendBundle(client, 'batch', [entry('PUT', `Patient?${condition}`, { resource })])
    assert.deepEqual(statusesOf(first), [201])
    await sendBundle(client, 'batch', [entry('DELETE', `Patient?${condition}`)])
    assert.deepEqual((await search(client, `Patient?${condition}`)).ids, [])
  })
  check('entries without a request or with a strange method are refused alone (bundle.html)', async (client) => {
    const answer = await sendBundle(client, 'batch', [
      { resource: patient(client) },
      entry('BREW', 'Patient'),
      entry('POST', 'Patient', { resource: patient(client) }),
    ])
    if (answer.status !== 200) answer.refused(400, 422)
    else assert.equal(statusesOf(answer)[2], 201)
  })
  check('Prefer return=representation brings the resources (http.html#ops)', async (client) => {
    const entries = [entry('POST', 'Observation', { resource: observation(client) })]
    const answer = await sendBundle(client, 'batch', entries, { prefer: 'return=representation' })
    assert.equal(answer.at('entry.0.resource.resourceType'), 'Observation')
  })
  check('a Bundle of another type is refused at the base (http.html#transaction)', async (client) => {
    for (const type of ['collection', 'searchset', 'message', 'nonsense'])
      (await client.send('POST', '', { body: { resourceType: 'Bundle', type } })).refused(400, 422)
  })
  check('a resource that is no Bundle is refused at the base (http.html#transaction)', async (client) => {
    ;(await client.send('POST', '', { body: patient(client) })).refused(400, 404, 422)
  })
})
