// Deleting, and what is left afterwards (http://hl7.org/fhir/R4/http.html#delete).
import assert from 'node:assert/strict'
import { byIdentifier, identified, observation, ownId, patient, patientAt } from '../fixtures/resources.ts'
import { foundIn, search } from '../suite/bundle.ts'
import { chapter, shared } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

const gone = shared(async (client) => {
  const before = await client.create(patient(client, identified(client, 'gone')))
  const answer = await client.send('DELETE', `/Patient/${before.id}`)
  return { before, answer }
})
const remove = async (client: Client, url: string, headers: Readonly<Record<string, string>> = {}) =>
  await client.send('DELETE', url, { headers })

/** The chapter. */
export const deleting = chapter('delete', (check) => {
  check('delete is 200, 202 or 204 (http.html#delete)', async (client) => {
    ;(await gone(client)).answer.expect(200, 202, 204)
  })
  check('a read of what was deleted is 410 (http.html#delete)', async (client) => {
    ;(await client.send('GET', `/Patient/${(await gone(client)).before.id}`)).refused(410)
  })
  check('search does not find what was deleted (http.html#delete)', async (client) => {
    await gone(client)
    assert.deepEqual((await search(client, `Patient?${byIdentifier(client, 'gone')}`)).ids, [])
  })
  check('search by _id does not find what was deleted (http.html#delete)', async (client) => {
    const { before } = await gone(client)
    assert.deepEqual((await search(client, `Patient?_id=${before.id}`)).ids, [])
  })
  check('vread of the version before the deletion still answers (http.html#delete)', async (client) => {
    const { before } = await gone(client)
    const version = (before['meta'] as { versionId: string }).versionId
    const answer = (await client.send('GET', `/Patient/${before.id}/_history/${version}`)).expect(200)
    assert.deepEqual(answer.body, before)
  })
  check('vread of the version that is the deletion is 410 (http.html#vread)', async (client) => {
    const { before } = await gone(client)
    const history = foundIn(await client.send('GET', `/Patient/${before.id}/_history`))
    assert.equal(history.answer.at('entry.0.request.method'), 'DELETE')
    const tag = String(history.answer.at('entry.0.response.etag') ?? '')
    const version = /"(.+)"/.exec(tag)?.[1] ?? '2'
    ;(await client.send('GET', `/Patient/${before.id}/_history/${version}`)).refused(410)
  })
  check('deleting again is no error (http.html#delete)', async (client) => {
    ;(await remove(client, `/Patient/${(await gone(client)).before.id}`)).expect(200, 202, 204, 404)
  })
  check('deleting what never was is no failure (http.html#delete)', async (client) => {
    ;(await remove(client, `/Patient/${ownId(client, 'never')}`)).expect(200, 202, 204, 404)
  })
  check('deleting of a type that does not exist is refused (http.html#delete)', async (client) => {
    ;(await remove(client, '/Dragon/1')).refused(404, 400)
  })
  check('an update after the deletion brings it back (http.html#delete)', async (client) => {
    const { id } = await client.create(patient(client))
    await remove(client, `/Patient/${id}`)
    ;(await client.send('PUT', `/Patient/${id}`, { body: patientAt(client, id, { active: true }) })).expect(201, 200)
    assert.equal((await client.send('GET', `/Patient/${id}`)).expect(200).at('active'), true)
  })
  check('versions go on after a deletion: no number is used twice (http.html#delete)', async (client) => {
    const { id } = await client.create(patient(client))
    await remove(client, `/Patient/${id}`)
    await client.put(patientAt(client, id))
    const history = foundIn(await client.send('GET', `/Patient/${id}/_history`))
    assert.equal(history.entries.length, 3)
    const versions = [0, 2].map((at) => history.answer.at(`entry.${at}.resource.meta.versionId`))
    assert.equal(new Set(versions).size, 2)
  })
  check('If-Match holds for deletes (http.html#concurrency)', async (client) => {
    const { id } = await client.create(patient(client))
    ;(await remove(client, `/Patient/${id}`, { 'if-match': 'W/"99"' })).refused(412, 409)
    ;(await client.send('GET', `/Patient/${id}`)).expect(200)
  })
  check('a deleted resource is no longer included (search.html#include)', async (client) => {
    const subject = await client.create(patient(client))
    const seen = await client.create(observation(client, { subject: { reference: `Patient/${subject.id}` } }))
    const answer = await remove(client, `/Patient/${subject.id}`)
    if (answer.status === 409) return // the server keeps what is referred to
    const found = await search(client, `Observation?_id=${seen.id}&_include=Observation:subject`)
    assert.deepEqual([found.ids, found.included], [[seen.id], []])
  })
  check('DELETE of a type without a condition deletes nothing (http.html#delete)', async (client) => {
    ;(await remove(client, '/Patient')).refused(400, 404, 405, 412)
  })
})
