// Reading: read, vread and conditional reads (http://hl7.org/fhir/R4/http.html#read).
import assert from 'node:assert/strict'
import { observation, ownId, patient } from '../fixtures/resources.ts'
import { chapter, shared, skip } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

const one = shared(async (client) => await client.create(patient(client, { active: true, gender: 'male' })))
const twice = shared(async (client) => {
  const first = await client.create(patient(client, { active: true }))
  return { first, second: await client.put({ ...first, active: false }) }
})
const read = async (client: Client, headers: Readonly<Record<string, string>> = {}) =>
  await client.send('GET', `/Patient/${(await one(client)).id}`, { headers })
const lastModified = async (client: Client) => (await read(client)).header('last-modified') ?? ''
const older = 'Thu, 01 Jan 1970 00:00:00 GMT'

/** The chapter. */
export const reading = chapter('read', (check) => {
  check('read returns the resource with its id, versionId and lastUpdated (http.html#read)', async (client) => {
    const answer = (await read(client)).expect(200)
    assert.equal(answer.at('id'), (await one(client)).id)
    assert.equal(typeof answer.at('meta.versionId'), 'string')
    assert.match(String(answer.at('meta.lastUpdated')), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)
  })
  check('read returns elements as they were sent (http.html#read)', async (client) => {
    const answer = await read(client)
    assert.deepEqual([answer.at('active'), answer.at('gender')], [true, 'male'])
  })
  check('the ETag of a read is the weak tag of meta.versionId (http.html#versioning)', async (client) => {
    const answer = await read(client)
    assert.equal(answer.header('etag'), `W/"${answer.at('meta.versionId')}"`)
  })
  check('Last-Modified of a read is meta.lastUpdated to the second (http.html#versioning)', async (client) => {
    const answer = await read(client)
    const seconds = (text: unknown) => Math.floor(Date.parse(String(text)) / 1000)
    assert.equal(seconds(answer.header('last-modified')), seconds(answer.at('meta.lastUpdated')))
  })
  check('a read is answered as application/fhir+json with charset (http.html#mime-type)', async (client) => {
    const type = (await read(client)).header('content-type') ?? ''
    assert.match(type, /^application\/fhir\+json/)
    assert.match(type.toLowerCase(), /charset=utf-8/)
  })
  check('an unknown id is 404 (http.html#read)', async (client) => {
    ;(await client.send('GET', `/Patient/${ownId(client, 'none')}`)).refused(404)
  })
  check('an unknown type is 404 (http.html#read)', async (client) => {
    ;(await client.send('GET', '/Dragon/1')).refused(404, 400)
  })
  check('type names are case sensitive (http.html#general)', async (client) => {
    ;(await client.send('GET', `/patient/${(await one(client)).id}`)).refused(404, 400)
  })
  check('an id that is no FHIR id is refused, not a failure (datatypes.html#id)', async (client) => {
    ;(await client.send('GET', '/Patient/a%20b')).refused(404, 400)
    ;(await client.send('GET', `/Patient/${'x'.repeat(65)}`)).refused(404, 400)
  })
  check('HEAD has the headers of GET and no body (http.html#summary)', async (client) => {
    const answer = await client.send('HEAD', `/Patient/${(await one(client)).id}`)
    if (answer.status === 405 || answer.status === 501) skip('the server does not take HEAD')
    answer.expect(200)
    assert.equal(answer.text, '')
    assert.equal(answer.header('etag'), (await read(client)).header('etag'))
  })

  check('If-None-Match with the current tag is 304 without a body (http.html#cread)', async (client) => {
    const answer = await read(client, { 'if-none-match': (await read(client)).header('etag') ?? '' })
    assert.equal(answer.expect(304).text, '')
  })
  check('If-None-Match with another tag is 200 (http.html#cread)', async (client) => {
    ;(await read(client, { 'if-none-match': 'W/"another"' })).expect(200)
  })
  check('If-None-Match takes a list of tags (RFC 9110 13.1.2)', async (client) => {
    const current = (await read(client)).header('etag') ?? ''
    ;(await read(client, { 'if-none-match': `W/"another", ${current}` })).expect(304)
  })
  check('If-Modified-Since at Last-Modified is 304 (http.html#cread)', async (client) => {
    ;(await read(client, { 'if-modified-since': await lastModified(client) })).expect(304)
  })
  check('If-Modified-Since before the change is 200 (http.html#cread)', async (client) => {
    ;(await read(client, { 'if-modified-since': older })).expect(200)
  })
  check('If-None-Match goes before If-Modified-Since (RFC 9110 13.2.2)', async (client) => {
    const both = { 'if-none-match': 'W/"another"', 'if-modified-since': await lastModified(client) }
    ;(await read(client, both)).expect(200)
  })
  check('If-Modified-Since that is no date is ignored (RFC 9110 13.1.3)', async (client) => {
    ;(await read(client, { 'if-modified-since': 'yesterday' })).expect(200)
  })

  check('a read after an update returns the newest version (http.html#read)', async (client) => {
    const { second } = await twice(client)
    const answer = await client.send('GET', `/Patient/${second.id}`)
    assert.deepEqual([answer.at('active'), answer.at('meta')], [false, second['meta']])
  })
  check('vread returns a version as it was (http.html#vread)', async (client) => {
    const { first } = await twice(client)
    const version = (first['meta'] as { versionId: string }).versionId
    const answer = (await client.send('GET', `/Patient/${first.id}/_history/${version}`)).expect(200)
    assert.deepEqual(answer.body, first)
  })
  check('vread has the ETag of its own version (http.html#vread)', async (client) => {
    const { first } = await twice(client)
    const version = (first['meta'] as { versionId: string }).versionId
    const answer = await client.send('GET', `/Patient/${first.id}/_history/${version}`)
    assert.equal(answer.header('etag'), `W/"${version}"`)
  })
  check('vread of the current version is the same as read (http.html#vread)', async (client) => {
    const { second } = await twice(client)
    const version = (second['meta'] as { versionId: string }).versionId
    const [current, versioned] = await Promise.all([
      client.send('GET', `/Patient/${second.id}`),
      client.send('GET', `/Patient/${second.id}/_history/${version}`),
    ])
    assert.deepEqual(current.body, versioned.body)
  })
  check('vread of a version that never was is 404 (http.html#vread)', async (client) => {
    const { id } = await one(client)
    for (const version of ['999', 'abc', '0', '-1', '99999999999999999999'])
      (await client.send('GET', `/Patient/${id}/_history/${version}`)).refused(404, 400)
  })
  check('vread of an unknown id is 404 (http.html#vread)', async (client) => {
    ;(await client.send('GET', `/Patient/${ownId(client, 'none')}/_history/1`)).refused(404)
  })

  check('decimals keep their precision (datatypes.html#decimal)', async (client) => {
    const text = JSON.stringify(observation(client, { valueQuantity: { value: 0, unit: 'mg' } }))
    const sent = text.replace('"value":0', '"value":1.50')
    const made = (await client.send('POST', '/Observation', { body: sent })).expect(201)
    const url = made.header('location')?.replace(/\/_history\/.*$/, '') ?? ''
    assert.match((await client.send('GET', url)).text, /"value"\s*:\s*1\.50\b/)
  })
  check('text of any script comes back unchanged (json.html)', async (client) => {
    const family = '欧阳 Ωmega 𠮷田 🩺 e\u0301 "\\\u2028'
    const made = await client.create(patient(client, { name: [{ family }] }))
    const answer = await client.send('GET', `/Patient/${made.id}`)
    assert.equal(answer.at('name.0.family'), family)
  })
  check('extensions of primitives come back unchanged (json.html#primitive)', async (client) => {
    const url = 'http://hl7.org/fhir/StructureDefinition/patient-birthTime'
    const extra = {
      birthDate: '1970-05-17',
      _birthDate: { extension: [{ url, valueDateTime: '1970-05-17T04:00:00Z' }] },
    }
    const made = await client.create(patient(client, extra))
    const answer = await client.send('GET', `/Patient/${made.id}`)
    assert.deepEqual(answer.at('_birthDate'), extra._birthDate)
  })
  check('contained resources come back unchanged (references.html#contained)', async (client) => {
    const contained = [{ resourceType: 'Organization', id: 'org', name: 'Inside' }]
    const made = await client.create(patient(client, { contained, managingOrganization: { reference: '#org' } }))
    assert.deepEqual((await client.send('GET', `/Patient/${made.id}`)).at('contained'), contained)
  })
  check('arrays of primitives with nulls and extensions come back unchanged (json.html#primitive)', async (client) => {
    const extension = [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }]
    const name = [{ family: `Nulls${client.mark}`, given: ['An', null], _given: [null, { extension }] }]
    const made = await client.create(patient(client, { name }))
    assert.deepEqual((await client.send('GET', `/Patient/${made.id}`)).at('name'), name)
  })
})
