// Transactions: all or nothing, in the order of the standard, with references between entries (http://hl7.org/fhir/R4/http.html#trules).
import assert from 'node:assert/strict'
import { byIdentifier, identified, observation, ownId, patient, patientAt, systemOf } from '../fixtures/resources.ts'
import { partOf } from '../suite/answer.ts'
import { entry, search, sendBundle, statusesOf } from '../suite/bundle.ts'
import { chapter } from '../suite/check.ts'
import type { Client, Resource } from '../suite/client.ts'

const whole = { prefer: 'return=representation' }
const transact = async (client: Client, ...entries: readonly unknown[]) =>
  await sendBundle(client, 'transaction', entries, whole)
const urn = () => `urn:uuid:${crypto.randomUUID()}`
const about = (client: Client, reference: string, extra: Resource = {}) =>
  observation(client, { subject: { reference }, ...extra })
const found = async (client: Client, value: string) =>
  (await search(client, `Patient?${byIdentifier(client, value)}`)).ids
const named = (client: Client, value: string, more: Resource = {}) =>
  entry('POST', 'Patient', { resource: patient(client, identified(client, value)), ...more })

/** The chapter. */
export const transactions = chapter('transaction', (check) => {
  check('a transaction is answered by a transaction-response (http.html#transaction-response)', async (client) => {
    const answer = (await transact(client, entry('POST', 'Patient', { resource: patient(client) }))).expect(200)
    assert.deepEqual([answer.at('type'), statusesOf(answer)], ['transaction-response', [201]])
  })
  check('an empty transaction is answered with 200 (http.html#transaction)', async (client) => {
    assert.equal((await transact(client)).expect(200).at('type'), 'transaction-response')
  })
  check('references by urn:uuid become references to the new resource (http.html#trules)', async (client) => {
    const fullUrl = urn()
    const answer = await transact(
      client,
      entry('POST', 'Patient', { fullUrl, resource: patient(client) }),
      entry('POST', 'Observation', { resource: about(client, fullUrl) }),
    )
    assert.equal(
      answer.expect(200).at('entry.1.resource.subject.reference'),
      `Patient/${answer.at('entry.0.resource.id')}`,
    )
  })
  check('an entry may refer to a later one (http.html#trules)', async (client) => {
    const fullUrl = urn()
    const answer = await transact(
      client,
      entry('POST', 'Observation', { resource: about(client, fullUrl) }),
      entry('POST', 'Patient', { fullUrl, resource: patient(client) }),
    )
    assert.equal(
      answer.expect(200).at('entry.0.resource.subject.reference'),
      `Patient/${answer.at('entry.1.resource.id')}`,
    )
  })
  check('two entries may refer to each other (http.html#trules)', async (client) => {
    const [a, b] = [urn(), urn()]
    const linked = (other: string) => patient(client, { link: [{ other: { reference: other }, type: 'seealso' }] })
    const answer = await transact(
      client,
      entry('POST', 'Patient', { fullUrl: a, resource: linked(b) }),
      entry('POST', 'Patient', { fullUrl: b, resource: linked(a) }),
    )
    const id = (at: number) => `Patient/${answer.at(`entry.${at}.resource.id`)}`
    const link = (at: number) => answer.at(`entry.${at}.resource.link.0.other.reference`)
    assert.deepEqual([link(0), link(1)], [id(1), id(0)])
  })
  check('references in extensions and narratives are replaced too (http.html#trules)', async (client) => {
    const fullUrl = urn()
    const extension = [{ url: 'http://example.org/about', valueReference: { reference: fullUrl } }]
    const div = `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${fullUrl}">who</a></div>`
    const answer = await transact(
      client,
      entry('POST', 'Patient', { fullUrl, resource: patient(client) }),
      entry('POST', 'Observation', {
        resource: observation(client, { extension, text: { status: 'generated', div } }),
      }),
    )
    const reference = `Patient/${answer.expect(200).at('entry.0.resource.id')}`
    assert.equal(answer.at('entry.1.resource.extension.0.valueReference.reference'), reference)
    assert.ok(String(answer.at('entry.1.resource.text.div')).includes(reference))
  })
  check('a reference to a urn that no entry has is refused (http.html#trules)', async (client) => {
    ;(await transact(client, entry('POST', 'Observation', { resource: about(client, urn()) }))).refused(
      400,
      404,
      412,
      422,
    )
  })
  check('a PUT may be referred to by its full URL (http.html#trules)', async (client) => {
    const id = ownId(client, 'tx-put')
    const fullUrl = `${client.base}/Patient/${id}`
    const answer = await transact(
      client,
      entry('PUT', `Patient/${id}`, { fullUrl, resource: patientAt(client, id) }),
      entry('POST', 'Observation', { resource: about(client, `Patient/${id}`) }),
    )
    assert.equal(answer.expect(200).at('entry.1.resource.subject.reference'), `Patient/${id}`)
  })

  check('a conditional reference becomes a reference to the one match (http.html#trules)', async (client) => {
    const one = await client.create(patient(client, identified(client, 'tx-ref')))
    const reference = `Patient?${byIdentifier(client, 'tx-ref')}`
    const answer = await transact(client, entry('POST', 'Observation', { resource: about(client, reference) }))
    assert.equal(answer.expect(200).at('entry.0.resource.subject.reference'), `Patient/${one.id}`)
  })
  check('a conditional reference without a match refuses the transaction (http.html#trules)', async (client) => {
    const reference = `Patient?${byIdentifier(client, 'tx-ref-none')}`
    ;(await transact(client, entry('POST', 'Observation', { resource: about(client, reference) }))).refused(
      412,
      404,
      400,
      422,
    )
  })
  check('a conditional reference with two matches refuses the transaction (http.html#trules)', async (client) => {
    for (const _each of [1, 2]) await client.create(patient(client, identified(client, 'tx-ref-two')))
    const reference = `Patient?${byIdentifier(client, 'tx-ref-two')}`
    ;(await transact(client, entry('POST', 'Observation', { resource: about(client, reference) }))).refused(
      412,
      400,
      422,
    )
  })
  check('a conditional create with a match is 200 and stands for the match (http.html#trules)', async (client) => {
    const one = await client.create(patient(client, identified(client, 'tx-cc')))
    const fullUrl = urn()
    const answer = await transact(
      client,
      named(client, 'tx-cc', { fullUrl, ifNoneExist: byIdentifier(client, 'tx-cc') }),
      entry('POST', 'Observation', { resource: about(client, fullUrl) }),
    )
    assert.deepEqual(statusesOf(answer.expect(200)), [200, 201])
    assert.equal(answer.at('entry.1.resource.subject.reference'), `Patient/${one.id}`)
  })
  check('a conditional create without a match creates (http.html#trules)', async (client) => {
    const answer = await transact(
      client,
      named(client, 'tx-cc-new', { ifNoneExist: byIdentifier(client, 'tx-cc-new') }),
    )
    assert.deepEqual(statusesOf(answer.expect(200)), [201])
  })
  check('a conditional update updates the one match (http.html#trules)', async (client) => {
    const one = await client.create(patient(client, identified(client, 'tx-cu')))
    const resource = patient(client, { ...identified(client, 'tx-cu'), active: true })
    const answer = await transact(client, entry('PUT', `Patient?${byIdentifier(client, 'tx-cu')}`, { resource }))
    assert.deepEqual(statusesOf(answer.expect(200)), [200])
    assert.equal((await client.send('GET', `/Patient/${one.id}`)).at('active'), true)
  })
  check('a conditional delete deletes the one match (http.html#trules)', async (client) => {
    const one = await client.create(patient(client, identified(client, 'tx-cd')))
    ;(await transact(client, entry('DELETE', `Patient?${byIdentifier(client, 'tx-cd')}`))).expect(200)
    ;(await client.send('GET', `/Patient/${one.id}`)).refused(410, 404)
  })

  check('an invalid entry keeps everything out (http.html#trules)', async (client) => {
    const bad = entry('POST', 'Patient', { resource: patient(client, { birthDate: 'soon' }) })
    ;(await transact(client, named(client, 'tx-atom-1'), bad)).refused(400, 422)
    assert.deepEqual(await found(client, 'tx-atom-1'), [])
  })
  check('a failed If-Match keeps everything out (http.html#trules)', async (client) => {
    const one = await client.create(patient(client))
    const stale = entry('PUT', `Patient/${one.id}`, { resource: one, ifMatch: 'W/"99"' })
    ;(await transact(client, named(client, 'tx-atom-2'), stale)).refused(412, 409)
    assert.deepEqual(await found(client, 'tx-atom-2'), [])
  })
  check('a read that fails keeps everything out (http.html#trules)', async (client) => {
    ;(await transact(client, named(client, 'tx-atom-3'), entry('GET', `Patient/${ownId(client, 'none')}`))).refused(
      404,
      400,
    )
    assert.deepEqual(await found(client, 'tx-atom-3'), [])
  })
  check('a condition with two matches keeps everything out (http.html#trules)', async (client) => {
    for (const _each of [1, 2]) await client.create(patient(client, identified(client, 'tx-two')))
    const twice = named(client, 'tx-two', { ifNoneExist: byIdentifier(client, 'tx-two') })
    ;(await transact(client, named(client, 'tx-atom-4'), twice)).refused(412, 400)
    assert.deepEqual(await found(client, 'tx-atom-4'), [])
  })
  check('a refused transaction names the entry that is wrong (operationoutcome.html)', async (client) => {
    const bad = entry('POST', 'Patient', { resource: patient(client, { birthDate: 'soon' }) })
    const answer = (await transact(client, named(client, 'tx-names'), bad)).refused(400, 422)
    assert.match(answer.text, /entry\[1\]|entry\/1|entry 1\b/)
  })
  check('the same resource twice is refused (http.html#trules)', async (client) => {
    const id = ownId(client, 'tx-twice')
    const put = (active: boolean) => entry('PUT', `Patient/${id}`, { resource: patientAt(client, id, { active }) })
    ;(await transact(client, put(true), put(false))).refused(400, 409, 412, 422)
    ;(await client.send('GET', `/Patient/${id}`)).refused(404)
  })
  check('an update and a delete of the same resource are refused (http.html#trules)', async (client) => {
    const one = await client.create(patient(client))
    const both = [entry('PUT', `Patient/${one.id}`, { resource: one }), entry('DELETE', `Patient/${one.id}`)]
    ;(await transact(client, ...both)).refused(400, 409, 412, 422)
  })

  check('deletes go before creates (http.html#trules)', async (client) => {
    const one = await client.create(patient(client, identified(client, 'tx-order')))
    const answer = await transact(
      client,
      named(client, 'tx-order', { ifNoneExist: byIdentifier(client, 'tx-order') }),
      entry('DELETE', `Patient/${one.id}`),
    )
    assert.equal(statusesOf(answer.expect(200))[0], 201)
    assert.deepEqual(await found(client, 'tx-order'), [answer.at('entry.0.resource.id')])
  })
  check('reads go last and see what the transaction wrote (http.html#trules)', async (client) => {
    const read = entry('GET', `Patient?${byIdentifier(client, 'tx-last')}`)
    const answer = await transact(client, read, named(client, 'tx-last'))
    assert.equal(statusesOf(answer.expect(200))[1], 201)
    assert.equal(answer.at('entry.0.resource.entry.0.resource.id'), answer.at('entry.1.resource.id'))
  })
  check('a patch is applied in a transaction (http.html#patch)', async (client) => {
    const one = await client.create(patient(client))
    const data = Buffer.from(JSON.stringify([{ op: 'add', path: '/active', value: true }])).toString('base64')
    const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
    const answer = await transact(client, entry('PATCH', `Patient/${one.id}`, { resource }))
    assert.deepEqual(statusesOf(answer.expect(200)), [200])
    assert.equal((await client.send('GET', `/Patient/${one.id}`)).at('active'), true)
  })
  check('answers stand in the order of the entries, whatever the order of work (http.html#trules)', async (client) => {
    const [gone, kept] = [await client.create(patient(client)), await client.create(patient(client))]
    const answer = await transact(
      client,
      entry('GET', `Patient/${kept.id}`),
      entry('POST', 'Patient', { resource: patient(client) }),
      entry('DELETE', `Patient/${gone.id}`),
    )
    assert.equal(answer.expect(200).at('entry.0.resource.id'), kept.id)
    assert.equal(statusesOf(answer)[1], 201)
  })
  check('text that looks like a reference stays as it is (http.html#trules)', async (client) => {
    const fullUrl = urn()
    const identifier = [{ system: systemOf(client), value: fullUrl }]
    const answer = await transact(
      client,
      entry('POST', 'Patient', { fullUrl, resource: patient(client, { identifier }) }),
    )
    assert.equal(answer.expect(200).at('entry.0.resource.identifier.0.value'), fullUrl)
  })
  check('a Bundle of 500 entries is stored as one (http.html#transaction)', async (client) => {
    const fullUrl = urn()
    const entries = Array.from({ length: 499 }, () =>
      entry('POST', 'Observation', { resource: about(client, fullUrl) }),
    )
    const head = entry('POST', 'Patient', { fullUrl, resource: patient(client, identified(client, 'tx-large')) })
    const answer = (await sendBundle(client, 'transaction', [head, ...entries])).expect(200)
    assert.equal(statusesOf(answer).filter((status) => status === 201).length, 500)
    const [id] = await found(client, 'tx-large')
    const counted = await search(client, `Observation?subject=Patient/${id}&_summary=count`)
    assert.equal(partOf(counted.answer.body, 'total'), 499)
  })
})
