// What a caller who is bound to one patient may see: the own records, on every way, and nothing of others.
import assert from 'node:assert/strict'
import { byIdentifier, identified, observation, ofRun, patient, patientAt, tagged } from '../fixtures/resources.ts'
import { type Answer, partOf } from '../suite/answer.ts'
import { entry, foundIn, pages, search, sendBundle, statusesOf } from '../suite/bundle.ts'
import { chapter, shared } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

/** Records of the bound patient and of another, with the bound client. */
const scene = shared(async (client) => {
  const bound = client.as('patient')
  const ownId = bound.patient ?? ''
  const own = await client.put(patientAt(client, ownId, identified(client, 'own')))
  const other = await client.create(patient(client, identified(client, 'other')))
  const subject = (id: string) => ({ subject: { reference: `Patient/${id}` } })
  const mine = await client.create(observation(client, subject(ownId)))
  // A focus is no part of the compartment: this record is the other's alone.
  const focus = [{ reference: `Patient/${ownId}` }]
  const theirs = await client.create(observation(client, { ...subject(other.id), focus }))
  const condition = await client.create(
    tagged(client, { resourceType: 'Condition', subject: { reference: `Patient/${other.id}` } }),
  )
  const doctor = await client.create(tagged(client, { resourceType: 'Practitioner', name: [{ family: 'Chen' }] }))
  return { bound, own, other, mine, theirs, condition, doctor }
})
const historyIds = (answer: Answer) => foundIn(answer).entries.map((one) => partOf(one, 'resource.id'))
const hidden = (path: string) => async (client: Client) => {
  const { bound, other, theirs } = await scene(client)
  const place = path.replace('{other}', other.id).replace('{theirs}', theirs.id)
  ;(await bound.send('GET', place)).refused(403, 404)
}

/** The chapter. */
export const access = chapter('access', (check) => {
  check('without a token nothing is told but that one is needed', async (client) => {
    const nobody = client.as('nobody')
    for (const path of ['/Patient?_count=1', '/Patient/1', '/_history', '/Patient/1/$everything'])
      (await nobody.send('GET', path)).expect(401, 403)
    ;(await nobody.send('POST', '/Patient', { body: patient(client) })).expect(401, 403)
  })
  check('the own record can be read', async (client) => {
    const { bound, own, mine } = await scene(client)
    ;(await bound.send('GET', `/Patient/${own.id}`)).expect(200)
    ;(await bound.send('GET', `/Observation/${mine.id}`)).expect(200)
  })
  check('shared records such as doctors can be read', async (client) => {
    const { bound, doctor } = await scene(client)
    ;(await bound.send('GET', `/Practitioner/${doctor.id}`)).expect(200)
  })
  check("another's record cannot be read", hidden('/Observation/{theirs}'))
  check('another patient cannot be read', hidden('/Patient/{other}'))
  check("a version of another's record cannot be read", hidden('/Observation/{theirs}/_history/1'))
  check("the history of another's record cannot be read", hidden('/Observation/{theirs}/_history'))
  check('$everything of another cannot be read', hidden('/Patient/{other}/$everything'))
  check('what is hidden and what does not exist look the same', async (client) => {
    const { bound, theirs } = await scene(client)
    const [there, nowhere] = [
      await bound.send('GET', `/Observation/${theirs.id}`),
      await bound.send('GET', `/Observation/${theirs.id.slice(0, -4)}0000`),
    ]
    assert.equal(there.status, nowhere.status)
    assert.equal(partOf(there.at('issue.0'), 'code'), partOf(nowhere.at('issue.0'), 'code'))
  })
  check('searches find the own records alone', async (client) => {
    const { bound, mine, own } = await scene(client)
    assert.deepEqual((await search(bound, `Observation?${ofRun(client)}`)).ids, [mine.id])
    assert.deepEqual((await search(bound, `Patient?${ofRun(client)}`)).ids, [own.id])
  })
  check("searches by another's id or identifier find nothing", async (client) => {
    const { bound, other, theirs } = await scene(client)
    for (const query of [
      `Patient?_id=${other.id}`,
      `Patient?${byIdentifier(client, 'other')}`,
      `Observation?_id=${theirs.id}`,
      `Observation?subject=Patient/${other.id}`,
      `Observation?patient=${other.id}`,
    ])
      assert.deepEqual((await search(bound, query)).ids, [], query)
  })
  check('counts count the own records alone', async (client) => {
    const { bound } = await scene(client)
    assert.equal((await search(bound, `Observation?${ofRun(client)}&_summary=count`)).total, 1)
    assert.equal((await search(bound, `Observation?${ofRun(client)}&_total=accurate&_count=1`)).total, 1)
  })
  check('chains look at the own records alone', async (client) => {
    const { bound, other } = await scene(client)
    const asked = `Observation?patient.identifier=${byIdentifier(client, 'other').replace('identifier=', '')}`
    assert.deepEqual((await search(bound, asked)).ids, [])
    assert.deepEqual((await search(bound, `Observation?subject:Patient._id=${other.id}`)).ids, [])
  })
  check('_has looks at the own records alone', async (client) => {
    const { bound, own } = await scene(client)
    const asked = `Patient?_id=${own.id}&_has:Observation:focus:code=8867-4`
    assert.deepEqual((await search(bound, asked)).ids, [])
    assert.deepEqual((await search(client, asked)).ids, [own.id], 'the check itself')
  })
  check("_revinclude brings no record of another's", async (client) => {
    const { bound, own, mine } = await scene(client)
    const query = `Patient?_id=${own.id}&_revinclude=Observation:focus&_revinclude=Observation:subject`
    assert.deepEqual((await search(bound, query)).included, [`Observation/${mine.id}`])
  })
  check("_include brings no record of another's", async (client) => {
    const { bound, own, other } = await scene(client)
    const mixed = { subject: { reference: `Patient/${own.id}` }, focus: [{ reference: `Patient/${other.id}` }] }
    const { id } = await client.create(observation(client, mixed))
    const found = await search(bound, `Observation?_id=${id}&_include=Observation:focus`)
    assert.deepEqual(found.included, [])
    await client.send('DELETE', `/Observation/${id}`)
  })
  check('the compartment of another is empty or refused', async (client) => {
    const { bound, other } = await scene(client)
    const answer = await bound.send('GET', `/Patient/${other.id}/Observation`)
    if (answer.status === 200) assert.deepEqual(foundIn(answer).ids, [])
    else answer.refused(403, 404)
  })
  check("histories of types and of the system show no record of another's", async (client) => {
    const { bound, other, theirs, condition } = await scene(client)
    for (const path of ['/Observation/_history?_count=200', '/Patient/_history?_count=200', '/_history?_count=200']) {
      const answer = await bound.send('GET', path)
      if (answer.status !== 200) answer.refused(403)
      else for (const { id } of [other, theirs, condition]) assert.ok(!historyIds(answer).includes(id), path)
    }
  })
  check("a search over several types shows no record of another's", async (client) => {
    const { bound, other, theirs, condition } = await scene(client)
    const found = await search(bound, `?_type=Patient,Observation,Condition&${ofRun(client)}`)
    for (const { id } of [other, theirs, condition]) assert.ok(!found.ids.includes(id))
  })
  check("a batch shows no record of another's", async (client) => {
    const { bound, other, theirs } = await scene(client)
    const entries = [entry('GET', `Observation/${theirs.id}`), entry('GET', `Observation?subject=Patient/${other.id}`)]
    const answer = (await sendBundle(bound, 'batch', entries)).expect(200)
    assert.ok([403, 404].includes(statusesOf(answer)[0] ?? 0))
    assert.equal(answer.at('entry.1.resource.entry'), undefined)
  })
  check("another's record cannot be changed, patched or deleted", async (client) => {
    const { bound, theirs } = await scene(client)
    const path = `/Observation/${theirs.id}`
    ;(await bound.send('PUT', path, { body: theirs })).refused(403, 404)
    const patch = { body: [{ op: 'test', path: '/status', value: 'final' }], type: 'application/json-patch+json' }
    ;(await bound.send('PATCH', path, patch)).refused(403, 404)
    ;(await bound.send('DELETE', path)).expect(403, 404, 204)
    ;(await client.send('GET', path)).expect(200)
  })
  check('a conditional write tells nothing of others', async (client) => {
    const { bound } = await scene(client)
    const condition = byIdentifier(client, 'other')
    const answer = await bound.send('DELETE', `/Patient?${condition}`)
    answer.expect(403, 404, 204, 200)
    assert.equal((await search(client, `Patient?${condition}`)).ids.length, 1)
  })
  check('a next link of a wider caller does not widen', async (client) => {
    const { bound, theirs } = await scene(client)
    const next = (await search(client, `Observation?${ofRun(client)}&_count=1`)).link('next') ?? ''
    const answer = await bound.send('GET', next)
    if (answer.status !== 200) answer.refused(400, 403, 404, 410)
    else for (const page of await pages(bound, foundIn(answer))) assert.ok(!page.ids.includes(theirs.id))
  })
})
