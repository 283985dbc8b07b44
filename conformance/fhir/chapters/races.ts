// Many at once: conditions and versions hold under concurrency (http://hl7.org/fhir/R4/http.html#concurrency).
import assert from 'node:assert/strict'
import { byIdentifier, identified, observation, ownId, patient, patientAt } from '../fixtures/resources.ts'
import type { Answer } from '../suite/answer.ts'
import { entry, foundIn, search, sendBundle, statusesOf } from '../suite/bundle.ts'
import { chapter } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

const times = async (count: number, work: (at: number) => Promise<Answer>) =>
  await Promise.all(Array.from({ length: count }, (_one, at) => work(at)))
const idsOf = async (client: Client, value: string) =>
  (await search(client, `Patient?${byIdentifier(client, value)}`)).ids
const statuses = (answers: readonly Answer[]) => Map.groupBy(answers, (answer) => answer.status)

/** The chapter. */
export const races = chapter('races', (check) => {
  check('64 conditional creates of one identifier make exactly one', async (client) => {
    const body = patient(client, identified(client, 'race-create'))
    const headers = { 'if-none-exist': byIdentifier(client, 'race-create') }
    const answers = await times(64, () => client.send('POST', '/Patient', { body, headers }))
    assert.equal(statuses(answers).get(201)?.length, 1)
    for (const answer of answers) answer.expect(200, 201)
    assert.equal((await idsOf(client, 'race-create')).length, 1)
  })
  check('32 transactions with one conditional create make exactly one', async (client) => {
    const resource = patient(client, identified(client, 'race-tx'))
    const one = entry('POST', 'Patient', { resource, ifNoneExist: byIdentifier(client, 'race-tx') })
    const answers = await times(32, () => sendBundle(client, 'transaction', [one]))
    assert.equal(answers.filter((answer) => statusesOf(answer.expect(200))[0] === 201).length, 1)
    assert.equal((await idsOf(client, 'race-tx')).length, 1)
  })
  check('32 conditional updates of one identifier make exactly one', async (client) => {
    const body = patient(client, identified(client, 'race-update'))
    const url = `/Patient?${byIdentifier(client, 'race-update')}`
    const answers = await times(32, () => client.send('PUT', url, { body }))
    assert.equal(statuses(answers).get(201)?.length, 1)
    assert.equal((await idsOf(client, 'race-update')).length, 1)
  })
  check('of 32 updates with the same If-Match exactly one wins', async (client) => {
    const first = await client.create(patient(client))
    const headers = { 'if-match': `W/"${(first['meta'] as { versionId: string }).versionId}"` }
    const answers = await times(32, (at) => {
      const body = patientAt(client, first.id, { multipleBirthInteger: at + 1 })
      return client.send('PUT', `/Patient/${first.id}`, { body, headers })
    })
    assert.equal(statuses(answers).get(200)?.length, 1)
    for (const answer of answers) answer.expect(200, 409, 412)
    assert.equal(foundIn(await client.send('GET', `/Patient/${first.id}/_history`)).entries.length, 2)
  })
  check('32 updates without If-Match make 32 versions', async (client) => {
    const first = await client.create(patient(client))
    const url = `/Patient/${first.id}`
    const answers = await times(32, () => client.send('PUT', url, { body: patientAt(client, first.id) }))
    assert.equal(new Set(answers.map((answer) => answer.expect(200).header('etag'))).size, 32)
  })
  check('32 updates under one new id create once', async (client) => {
    const id = ownId(client, 'race-id')
    const answers = await times(32, () => client.send('PUT', `/Patient/${id}`, { body: patientAt(client, id) }))
    assert.equal(statuses(answers).get(201)?.length, 1)
  })
  check('32 patches that add to a list lose none', async (client) => {
    const { id } = await client.create(patient(client, { name: [{ given: ['first'] }] }))
    const answers = await times(32, (at) => {
      const body = [{ op: 'add', path: '/name/0/given/-', value: `n${at}` }]
      return client.send('PATCH', `/Patient/${id}`, { body, type: 'application/json-patch+json' })
    })
    const done = answers.filter((answer) => answer.status === 200).length
    for (const answer of answers) answer.expect(200, 409, 412)
    const names = (await client.send('GET', `/Patient/${id}`)).at('name.0.given') as readonly string[]
    assert.deepEqual([names.length, new Set(names).size], [done + 1, done + 1])
  })
  check('transactions that touch the same records in another order do not lock each other for ever', async (client) => {
    const [a, b] = [await client.create(patient(client)), await client.create(patient(client))]
    const puts = [a, b].map((one) => entry('PUT', `Patient/${one.id}`, { resource: patientAt(client, one.id) }))
    const answers = await times(24, (at) => sendBundle(client, 'transaction', at % 2 === 0 ? puts : puts.toReversed()))
    for (const answer of answers) answer.expect(200, 409, 412)
    assert.ok(answers.some((answer) => answer.status === 200))
  })
  check('a search during writes sees each record whole', async (client) => {
    const { id } = await client.create(patient(client))
    const subject = { reference: `Patient/${id}` }
    const writes = times(40, () => client.send('POST', '/Observation', { body: observation(client, { subject }) }))
    const seen = await times(20, () => client.send('GET', `/Observation?subject=Patient/${id}&_count=100`))
    for (const answer of seen) assert.equal(new Set(foundIn(answer).ids).size, foundIn(answer).ids.length)
    for (const answer of await writes) answer.expect(201)
    assert.equal((await search(client, `Observation?subject=Patient/${id}&_count=100`)).ids.length, 40)
  })
})
