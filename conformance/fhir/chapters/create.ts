// Creating (http://hl7.org/fhir/R4/http.html#create).
import assert from 'node:assert/strict'
import { byIdentifier, identified, ownId, patient } from '../fixtures/resources.ts'
import { search } from '../suite/bundle.ts'
import { chapter } from '../suite/check.ts'
import type { Client, Resource } from '../suite/client.ts'

const post = async (client: Client, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  await client.send('POST', '/Patient', { body, headers })
const postPatient = async (client: Client, extra: Resource = {}, headers: Readonly<Record<string, string>> = {}) =>
  await post(client, patient(client, extra), headers)

/** The chapter. */
export const creating = chapter('create', (check) => {
  check('create is 201 with a Location that names id and version (http.html#create)', async (client) => {
    const answer = (await postPatient(client)).expect(201)
    assert.match(answer.header('location') ?? '', /\/Patient\/[A-Za-z0-9.-]{1,64}\/_history\/[A-Za-z0-9.-]{1,64}$/)
  })
  check('the Location of a create can be read (http.html#create)', async (client) => {
    const location = (await postPatient(client, { active: true })).header('location') ?? ''
    const absolute = location.startsWith('http') ? location : `${new URL(client.base).origin}${location}`
    assert.equal((await client.send('GET', absolute)).expect(200).at('active'), true)
  })
  check('create answers with ETag and Last-Modified (http.html#create)', async (client) => {
    const answer = await postPatient(client)
    assert.match(answer.header('etag') ?? '', /^W\/"[^"]+"$/)
    assert.ok(!Number.isNaN(Date.parse(answer.header('last-modified') ?? '')))
  })
  check('the server gives the id; an id that is sent is not used (http.html#create)', async (client) => {
    const id = ownId(client, 'wished')
    const made = await client.create({ ...patient(client), id })
    assert.notEqual(made.id, id)
    ;(await client.send('GET', `/Patient/${id}`)).refused(404)
  })
  check('versionId and lastUpdated that are sent are replaced (http.html#create)', async (client) => {
    const meta = { versionId: '77', lastUpdated: '1999-01-01T00:00:00Z' }
    const made = await client.create({ ...patient(client), meta })
    const now = made['meta'] as typeof meta
    assert.notEqual(now.versionId, '77')
    assert.ok(Math.abs(Date.parse(now.lastUpdated) - Date.now()) < 3_600_000)
  })
  check('profile, tag and security that are sent are kept (resource.html#Meta)', async (client) => {
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N' }]
    const tag = [{ system: 'http://example.org/tags', code: 'kept' }]
    const profile = ['http://hl7.org/fhir/StructureDefinition/Patient']
    const meta = (await client.create({ ...patient(client), meta: { security, tag, profile } }))['meta'] as Resource
    assert.deepEqual([meta['security'], meta['tag'], meta['profile']], [security, tag, profile])
  })
  check('two creates of the same content make two resources (http.html#create)', async (client) => {
    const [first, second] = [await client.create(patient(client)), await client.create(patient(client))]
    assert.notEqual(first.id, second.id)
  })
  check('Prefer return=minimal leaves the body empty (http.html#ops)', async (client) => {
    assert.equal((await postPatient(client, {}, { prefer: 'return=minimal' })).expect(201).text, '')
  })
  check('Prefer return=representation returns the resource (http.html#ops)', async (client) => {
    const answer = await postPatient(client, { active: true }, { prefer: 'return=representation' })
    assert.deepEqual([answer.expect(201).at('resourceType'), answer.at('active')], ['Patient', true])
  })
  check('Prefer return=OperationOutcome returns one (http.html#ops)', async (client) => {
    ;(await postPatient(client, {}, { prefer: 'return=OperationOutcome' })).outcome(201)
  })
  check('an unknown preference is ignored (RFC 7240)', async (client) => {
    ;(await postPatient(client, {}, { prefer: 'return=poem, shade=blue' })).expect(201)
  })
  check('a body of another type is refused (http.html#create)', async (client) => {
    ;(await post(client, { resourceType: 'Organization', name: 'x' })).refused(400, 422)
  })
  check('a type that does not exist is refused (http.html#create)', async (client) => {
    ;(await client.send('POST', '/Dragon', { body: { resourceType: 'Dragon' } })).refused(404, 400)
  })
  check('a body that is no JSON is 400 (http.html#create)', async (client) => {
    for (const body of ['{', '{"resourceType":"Patient"', 'resourceType=Patient', '{"resourceType":"Patient",}'])
      (await post(client, body)).refused(400)
  })
  check('a body that is no object or has no resourceType is 400 (json.html#resources)', async (client) => {
    for (const body of ['[]', '"Patient"', '1', 'null', '{}', '{"resourceType":1}', '{"resourceType":["Patient"]}'])
      (await post(client, body)).refused(400, 422)
  })
  check('an empty body is refused (http.html#create)', async (client) => {
    ;(await post(client, '')).refused(400, 415)
    ;(await client.send('POST', '/Patient')).refused(400, 415)
  })
  check('content that is not valid FHIR is 400 or 422 with an outcome (http.html#create)', async (client) => {
    ;(await postPatient(client, { birthDate: 'tomorrow' })).refused(400, 422)
    ;(await postPatient(client, { gender: { text: 'male' } })).refused(400, 422)
  })
  check('a refused create stores nothing (http.html#create)', async (client) => {
    const extra = { ...identified(client, 'refused'), birthDate: '2020-13-45' }
    ;(await postPatient(client, extra)).refused(400, 422)
    assert.deepEqual((await search(client, `Patient?${byIdentifier(client, 'refused')}`)).ids, [])
  })
  check('a created resource can be searched at once (search.html)', async (client) => {
    const made = await client.create(patient(client, identified(client, 'at-once')))
    assert.deepEqual((await search(client, `Patient?${byIdentifier(client, 'at-once')}`)).ids, [made.id])
  })
  check('POST to an id is refused (http.html#create)', async (client) => {
    const made = await client.create(patient(client))
    ;(await client.send('POST', `/Patient/${made.id}`, { body: patient(client) })).refused(404, 405, 400)
  })
})
