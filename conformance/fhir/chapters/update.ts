// Updating, also as create, with If-Match and Prefer (http://hl7.org/fhir/R4/http.html#update).
import assert from 'node:assert/strict'
import { byIdentifier, identified, ownId, patient, patientAt } from '../fixtures/resources.ts'
import { search } from '../suite/bundle.ts'
import { chapter, shared } from '../suite/check.ts'
import type { Client, Stored } from '../suite/client.ts'

const put = async (client: Client, resource: Stored, headers: Readonly<Record<string, string>> = {}) =>
  await client.send('PUT', `/${resource.resourceType}/${resource.id}`, { body: resource, headers })
const fresh = async (client: Client) => await client.create(patient(client))
const tagOf = (resource: Stored) => `W/"${(resource['meta'] as { versionId: string }).versionId}"`
const changed = shared(async (client) => {
  const first = await fresh(client)
  return { first, answer: await put(client, { ...first, active: true }, { prefer: 'return=representation' }) }
})

/** The chapter. */
export const updating = chapter('update', (check) => {
  check('update is 200 and changes the resource (http.html#update)', async (client) => {
    const { first, answer } = await changed(client)
    answer.expect(200)
    assert.equal((await client.send('GET', `/Patient/${first.id}`)).at('active'), true)
  })
  check('update makes a new version with ETag and Last-Modified (http.html#update)', async (client) => {
    const { first, answer } = await changed(client)
    assert.notEqual(answer.header('etag'), tagOf(first))
    assert.ok(!Number.isNaN(Date.parse(answer.header('last-modified') ?? '')))
  })
  check('lastUpdated never goes backwards (resource.html#Meta)', async (client) => {
    const { first, answer } = await changed(client)
    const before = Date.parse((first['meta'] as { lastUpdated: string }).lastUpdated)
    assert.ok(Date.parse(String(answer.at('meta.lastUpdated'))) >= before)
  })
  check('update replaces the whole resource: what is not sent is gone (http.html#update)', async (client) => {
    const first = await client.create(patient(client, { gender: 'female', birthDate: '1980-01-01' }))
    await client.put(patientAt(client, first.id, { active: true }))
    const now = await client.send('GET', `/Patient/${first.id}`)
    assert.deepEqual([now.at('gender'), now.at('birthDate'), now.at('active')], [undefined, undefined, true])
  })
  check('update under a new id creates with 201 and Location (http.html#upsert)', async (client) => {
    const id = ownId(client, 'as-create')
    const answer = (await put(client, patientAt(client, id))).expect(201)
    assert.match(answer.header('location') ?? '', new RegExp(`/Patient/${id}/_history/`))
    assert.equal((await client.send('GET', `/Patient/${id}`)).expect(200).at('id'), id)
  })
  check('a second update under that id is 200 (http.html#upsert)', async (client) => {
    const id = ownId(client, 'as-create-twice')
    ;(await put(client, patientAt(client, id))).expect(201)
    ;(await put(client, patientAt(client, id, { active: true }))).expect(200)
  })
  check('ids of 64 characters with dots and hyphens are taken (datatypes.html#id)', async (client) => {
    const id = `${client.mark}.-`.padEnd(64, 'A-.9')
    ;(await put(client, patientAt(client, id))).expect(201)
  })
  check('an id that is no FHIR id is refused (datatypes.html#id)', async (client) => {
    for (const id of ['a_b', 'x'.repeat(65), 'ä'])
      (await client.send('PUT', `/Patient/${encodeURIComponent(id)}`, { body: patientAt(client, id) })).refused(
        400,
        404,
        422,
      )
  })
  check('a body with another id is 400 (http.html#update)', async (client) => {
    const { id } = await fresh(client)
    const body = patientAt(client, ownId(client, 'other'))
    ;(await client.send('PUT', `/Patient/${id}`, { body })).refused(400, 422)
  })
  check('a body without an id is 400 (http.html#update)', async (client) => {
    const { id } = await fresh(client)
    ;(await client.send('PUT', `/Patient/${id}`, { body: patient(client) })).refused(400, 422)
  })
  check('a body of another type is refused (http.html#update)', async (client) => {
    const { id } = await fresh(client)
    const body = { resourceType: 'Organization', id, name: 'x' }
    ;(await client.send('PUT', `/Patient/${id}`, { body })).refused(400, 422)
  })
  check('content that is not valid FHIR is refused and changes nothing (http.html#update)', async (client) => {
    const first = await fresh(client)
    ;(await put(client, { ...first, birthDate: 'tomorrow' })).refused(400, 422)
    assert.equal((await client.send('GET', `/Patient/${first.id}`)).header('etag'), tagOf(first))
  })
  check('search finds the new content and no longer the old (search.html)', async (client) => {
    const first = await client.create(patient(client, identified(client, 'before')))
    await client.put(patientAt(client, first.id, identified(client, 'after')))
    assert.deepEqual((await search(client, `Patient?${byIdentifier(client, 'before')}`)).ids, [])
    assert.deepEqual((await search(client, `Patient?${byIdentifier(client, 'after')}`)).ids, [first.id])
  })

  check('If-Match with the current version updates (http.html#concurrency)', async (client) => {
    const first = await fresh(client)
    ;(await put(client, { ...first, active: true }, { 'if-match': tagOf(first) })).expect(200)
  })
  check('If-Match with an older version is 412 (http.html#concurrency)', async (client) => {
    const first = await fresh(client)
    await client.put({ ...first, active: true })
    ;(await put(client, { ...first, active: false }, { 'if-match': tagOf(first) })).refused(412, 409)
  })
  check('a refused If-Match changes nothing (http.html#concurrency)', async (client) => {
    const first = await fresh(client)
    ;(await put(client, { ...first, active: true }, { 'if-match': 'W/"999"' })).refused(412, 409)
    assert.equal((await client.send('GET', `/Patient/${first.id}`)).header('etag'), tagOf(first))
  })
  check('If-Match on what does not exist is 412 or 404 (RFC 9110 13.1.1)', async (client) => {
    const body = patientAt(client, ownId(client, 'if-match-none'))
    ;(await put(client, body, { 'if-match': 'W/"1"' })).refused(412, 404, 409)
  })
  check('If-Match that is no tag is refused (RFC 9110 13.1.1)', async (client) => {
    const first = await fresh(client)
    ;(await put(client, first, { 'if-match': 'newest' })).refused(412, 400, 409)
  })
  check('Prefer return=minimal leaves the body of an update empty (http.html#ops)', async (client) => {
    assert.equal((await put(client, await fresh(client), { prefer: 'return=minimal' })).expect(200).text, '')
  })
  check('Prefer return=representation returns the new version (http.html#ops)', async (client) => {
    const { answer } = await changed(client)
    assert.deepEqual([answer.at('resourceType'), answer.at('active')], ['Patient', true])
  })
  check('Prefer return=OperationOutcome returns one for an update (http.html#ops)', async (client) => {
    ;(await put(client, await fresh(client), { prefer: 'return=OperationOutcome' })).outcome(200)
  })
  check('PUT to a type without an id or condition is refused (http.html#update)', async (client) => {
    ;(await client.send('PUT', '/Patient', { body: patient(client) })).refused(400, 404, 405)
  })
})
