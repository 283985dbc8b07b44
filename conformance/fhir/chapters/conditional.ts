// Conditional create, update, patch and delete (http://hl7.org/fhir/R4/http.html#ccreate, #cond-update, #cdelete).
import assert from 'node:assert/strict'
import { byIdentifier, identified, ownId, patient } from '../fixtures/resources.ts'
import { search } from '../suite/bundle.ts'
import { chapter, shared } from '../suite/check.ts'
import type { Client, Resource } from '../suite/client.ts'

const createIfNone = async (client: Client, value: string, extra: Resource = {}) =>
  await client.send('POST', '/Patient', {
    body: patient(client, { ...identified(client, value), ...extra }),
    headers: { 'if-none-exist': byIdentifier(client, value) },
  })
const updateWhere = async (client: Client, value: string, extra: Resource = {}) =>
  await client.send('PUT', `/Patient?${byIdentifier(client, value)}`, {
    body: patient(client, { ...identified(client, value), ...extra }),
    headers: { prefer: 'return=representation' },
  })
const idsOf = async (client: Client, value: string) =>
  (await search(client, `Patient?${byIdentifier(client, value)}`)).ids
const twins = shared(async (client) => {
  const extra = identified(client, 'twins')
  return [await client.create(patient(client, extra)), await client.create(patient(client, extra))]
})
const jsonPatch = 'application/json-patch+json'
const activate = JSON.stringify([{ op: 'add', path: '/active', value: true }])

/** The chapter. */
export const conditional = chapter('conditional', (check) => {
  check('a conditional create without a match creates (http.html#ccreate)', async (client) => {
    ;(await createIfNone(client, 'cc-none')).expect(201)
    assert.equal((await idsOf(client, 'cc-none')).length, 1)
  })
  check('a conditional create with one match is 200 and creates nothing (http.html#ccreate)', async (client) => {
    const first = (await createIfNone(client, 'cc-one')).expect(201)
    const second = (await createIfNone(client, 'cc-one', { active: true })).expect(200)
    const pathOf = (text = '') => /\/Patient\/[^/]+/.exec(text)?.[0]
    if (second.header('location') !== undefined)
      assert.equal(pathOf(second.header('location')), pathOf(first.header('location')))
    assert.equal((await idsOf(client, 'cc-one')).length, 1)
  })
  check('a conditional create with two matches is 412 (http.html#ccreate)', async (client) => {
    await twins(client)
    ;(await createIfNone(client, 'twins')).refused(412)
  })
  check('a conditional create does not count what was deleted (http.html#ccreate)', async (client) => {
    const first = await client.create(patient(client, identified(client, 'cc-deleted')))
    await client.send('DELETE', `/Patient/${first.id}`)
    ;(await createIfNone(client, 'cc-deleted')).expect(201)
  })
  check('a condition with a parameter that does not exist is refused (http.html#ccreate)', async (client) => {
    const headers = { 'if-none-exist': 'no-such-parameter=1' }
    ;(await client.send('POST', '/Patient', { body: patient(client), headers })).refused(400, 412)
  })
  check('a condition on several parameters takes all of them (http.html#ccreate)', async (client) => {
    await client.create(patient(client, { ...identified(client, 'cc-two'), gender: 'male' }))
    const headers = { 'if-none-exist': `${byIdentifier(client, 'cc-two')}&gender=female` }
    const body = patient(client, { ...identified(client, 'cc-two'), gender: 'female' })
    ;(await client.send('POST', '/Patient', { body, headers })).expect(201)
    assert.equal((await idsOf(client, 'cc-two')).length, 2)
  })

  check('a conditional update without a match creates with a new id (http.html#cond-update)', async (client) => {
    const answer = (await updateWhere(client, 'cu-none')).expect(201)
    assert.deepEqual(await idsOf(client, 'cu-none'), [answer.at('id')])
  })
  check('a conditional update without a match takes the id that is sent (http.html#cond-update)', async (client) => {
    const id = ownId(client, 'cu-id')
    ;(await updateWhere(client, 'cu-id', { id })).expect(201)
    assert.deepEqual(await idsOf(client, 'cu-id'), [id])
  })
  check('a conditional update with one match updates it (http.html#cond-update)', async (client) => {
    const first = await client.create(patient(client, identified(client, 'cu-one')))
    const answer = (await updateWhere(client, 'cu-one', { active: true })).expect(200)
    assert.deepEqual([answer.at('id'), answer.at('active')], [first.id, true])
  })
  check('a conditional update with one match and its id updates it (http.html#cond-update)', async (client) => {
    const first = await client.create(patient(client, identified(client, 'cu-same')))
    ;(await updateWhere(client, 'cu-same', { id: first.id, active: true })).expect(200)
  })
  check('a conditional update with one match and another id is 400 (http.html#cond-update)', async (client) => {
    await client.create(patient(client, identified(client, 'cu-other')))
    ;(await updateWhere(client, 'cu-other', { id: ownId(client, 'cu-other') })).refused(400, 409, 412, 422)
  })
  check('a conditional update with two matches is 412 (http.html#cond-update)', async (client) => {
    await twins(client)
    ;(await updateWhere(client, 'twins', { active: true })).refused(412)
  })
  check('a conditional update honours If-Match (http.html#concurrency)', async (client) => {
    await client.create(patient(client, identified(client, 'cu-match')))
    const url = `/Patient?${byIdentifier(client, 'cu-match')}`
    const body = patient(client, identified(client, 'cu-match'))
    ;(await client.send('PUT', url, { body, headers: { 'if-match': 'W/"77"' } })).refused(412, 409)
  })
  check(
    'a conditional update by a parameter that does not exist is refused (http.html#cond-update)',
    async (client) => {
      ;(await client.send('PUT', '/Patient?no-such-parameter=1', { body: patient(client) })).refused(400, 412)
    },
  )

  check('a conditional patch with one match changes it (http.html#patch)', async (client) => {
    const first = await client.create(patient(client, identified(client, 'cp-one')))
    const url = `/Patient?${byIdentifier(client, 'cp-one')}`
    ;(await client.send('PATCH', url, { body: activate, type: jsonPatch })).expect(200)
    assert.equal((await client.send('GET', `/Patient/${first.id}`)).at('active'), true)
  })
  check('a conditional patch without a match is 404 (http.html#patch)', async (client) => {
    const url = `/Patient?${byIdentifier(client, 'cp-none')}`
    ;(await client.send('PATCH', url, { body: activate, type: jsonPatch })).refused(404, 412)
  })
  check('a conditional patch with two matches is 412 (http.html#patch)', async (client) => {
    await twins(client)
    const url = `/Patient?${byIdentifier(client, 'twins')}`
    ;(await client.send('PATCH', url, { body: activate, type: jsonPatch })).refused(412)
  })

  check('a conditional delete with one match deletes it (http.html#cdelete)', async (client) => {
    const first = await client.create(patient(client, identified(client, 'cd-one')))
    ;(await client.send('DELETE', `/Patient?${byIdentifier(client, 'cd-one')}`)).expect(200, 202, 204)
    ;(await client.send('GET', `/Patient/${first.id}`)).refused(410, 404)
  })
  check('a conditional delete without a match is no failure (http.html#cdelete)', async (client) => {
    ;(await client.send('DELETE', `/Patient?${byIdentifier(client, 'cd-none')}`)).expect(200, 202, 204, 404)
  })
  check('a conditional delete with two matches is 412 or deletes both (http.html#cdelete)', async (client) => {
    const extra = identified(client, 'cd-two')
    for (const _each of [1, 2]) await client.create(patient(client, extra))
    const answer = await client.send('DELETE', `/Patient?${byIdentifier(client, 'cd-two')}`)
    const left = (await idsOf(client, 'cd-two')).length
    if (answer.status === 412) assert.equal(left, 2)
    else assert.deepEqual([answer.expect(200, 202, 204).status > 0, left], [true, 0])
  })
  check(
    'a conditional delete by a parameter that does not exist deletes nothing (http.html#cdelete)',
    async (client) => {
      ;(await client.send('DELETE', '/Patient?no-such-parameter=1')).refused(400, 412)
    },
  )
})
