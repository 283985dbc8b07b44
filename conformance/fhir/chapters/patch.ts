// JSON Patch (http://hl7.org/fhir/R4/http.html#patch, RFC 6902).
import assert from 'node:assert/strict'
import { byIdentifier, identified, ownId, patient } from '../fixtures/resources.ts'
import { search } from '../suite/bundle.ts'
import { chapter, shared } from '../suite/check.ts'
import type { Client, Resource } from '../suite/client.ts'

type Operation = Readonly<Record<string, unknown>>
const name = [{ family: 'Zhang', given: ['Wei', 'Ming'] }]
const fresh = async (client: Client, extra: Resource = {}) => await client.create(patient(client, { name, ...extra }))
const patch = async (
  client: Client,
  url: string,
  operations: unknown,
  headers: Readonly<Record<string, string>> = {},
) => await client.send('PATCH', url, { body: operations, type: 'application/json-patch+json', headers })

/** Patches a new Patient and returns the answer. */
async function patched(client: Client, operations: readonly Operation[], extra: Resource = {}) {
  const { id } = await fresh(client, extra)
  return await patch(client, `/Patient/${id}`, operations, { prefer: 'return=representation' })
}

const steady = shared(async (client) => await fresh(client))
/** Sends a patch that must be refused and leave the resource as it is. */
async function refusedPatch(client: Client, operations: unknown, ...statuses: readonly number[]): Promise<void> {
  const before = await steady(client)
  ;(await patch(client, `/Patient/${before.id}`, operations)).refused(...statuses)
  assert.deepEqual((await client.send('GET', `/Patient/${before.id}`)).body, before)
}

const badPatches: readonly (readonly [rule: string, operations: unknown])[] = [
  ['a path that does not exist in remove is refused (RFC 6902 4.2)', [{ op: 'remove', path: '/nothing' }]],
  ['a path that does not exist in replace is refused (RFC 6902 4.3)', [{ op: 'replace', path: '/nothing', value: 1 }]],
  ['a parent that does not exist in add is refused (RFC 6902 4.1)', [{ op: 'add', path: '/nothing/x', value: 1 }]],
  ['an index beyond the array is refused (RFC 6902 4.1)', [{ op: 'add', path: '/name/7', value: {} }]],
  ['an index with a leading zero is refused (RFC 6901 4)', [{ op: 'remove', path: '/name/00' }]],
  ['an index that is no number is refused (RFC 6901 4)', [{ op: 'add', path: '/name/one', value: {} }]],
  ['a pointer without a slash is refused (RFC 6901 3)', [{ op: 'add', path: 'active', value: true }]],
  ['an operation without a path is refused (RFC 6902 4)', [{ op: 'add', value: true }]],
  ['an add without a value is refused (RFC 6902 4.1)', [{ op: 'add', path: '/active' }]],
  ['an unknown op is refused (RFC 6902 4)', [{ op: 'rename', path: '/active', value: true }]],
  ['a move from where nothing is is refused (RFC 6902 4.4)', [{ op: 'move', from: '/nothing', path: '/active' }]],
  ['a move into its own child is refused (RFC 6902 4.4)', [{ op: 'move', from: '/name', path: '/name/0/x' }]],
  ['a patch that is no array is refused (RFC 6902 3)', { op: 'add', path: '/active', value: true }],
  ['a patch that is no JSON is refused (RFC 6902 3)', '[{'],
  ['the id cannot be patched (http.html#patch)', [{ op: 'replace', path: '/id', value: 'other' }]],
  ['the type cannot be patched (http.html#patch)', [{ op: 'replace', path: '/resourceType', value: 'Person' }]],
  ['the whole resource cannot be removed (http.html#patch)', [{ op: 'remove', path: '' }]],
  ['a result that is not valid FHIR is refused (http.html#patch)', [{ op: 'add', path: '/birthDate', value: 'soon' }]],
  ['a prototype is no element (RFC 6902)', [{ op: 'add', path: '/__proto__/active', value: true }]],
]

/** The chapter. */
export const patching = chapter('patch', (check) => {
  check('add sets an element (RFC 6902 4.1)', async (client) => {
    const answer = (await patched(client, [{ op: 'add', path: '/active', value: true }])).expect(200)
    assert.equal(answer.at('active'), true)
  })
  check('add at - appends to an array (RFC 6902 4.1)', async (client) => {
    const answer = await patched(client, [{ op: 'add', path: '/name/0/given/-', value: 'Da' }])
    assert.deepEqual(answer.expect(200).at('name.0.given'), ['Wei', 'Ming', 'Da'])
  })
  check('add at an index inserts before it (RFC 6902 4.1)', async (client) => {
    const answer = await patched(client, [{ op: 'add', path: '/name/0/given/1', value: 'Da' }])
    assert.deepEqual(answer.expect(200).at('name.0.given'), ['Wei', 'Da', 'Ming'])
  })
  check('replace changes an element (RFC 6902 4.3)', async (client) => {
    const answer = await patched(client, [{ op: 'replace', path: '/name/0/family', value: 'Li' }])
    assert.equal(answer.expect(200).at('name.0.family'), 'Li')
  })
  check('remove takes an element away (RFC 6902 4.2)', async (client) => {
    const answer = await patched(client, [{ op: 'remove', path: '/gender' }], { gender: 'female' })
    assert.equal(answer.expect(200).at('gender'), undefined)
  })
  check('move and copy carry values (RFC 6902 4.4, 4.5)', async (client) => {
    const moved = [
      { op: 'copy', from: '/name/0', path: '/name/-' },
      { op: 'move', from: '/name/1/family', path: '/name/1/text' },
    ]
    const answer = (await patched(client, moved)).expect(200)
    assert.deepEqual([answer.at('name.1.text'), answer.at('name.1.family')], ['Zhang', undefined])
  })
  check('a test that holds lets the patch pass (RFC 6902 4.6)', async (client) => {
    const operations = [
      { op: 'test', path: '/name/0/given', value: ['Wei', 'Ming'] },
      { op: 'replace', path: '/name/0/family', value: 'Li' },
    ]
    ;(await patched(client, operations)).expect(200)
  })
  check('a test that fails refuses the whole patch (RFC 6902 4.6)', async (client) => {
    const operations = [
      { op: 'add', path: '/active', value: true },
      { op: 'test', path: '/name/0/family', value: 'Li' },
    ]
    await refusedPatch(client, operations, 400, 409, 412, 422)
  })
  check('~1 and ~0 stand for slash and tilde (RFC 6901 4)', async (client) => {
    await refusedPatch(client, [{ op: 'test', path: '/a~1b~0c', value: 1 }], 400, 409, 412, 422)
  })
  for (const [rule, operations] of badPatches) {
    check(rule, async (client) => {
      await refusedPatch(client, operations, 400, 409, 422)
    })
  }
  check('an empty patch is accepted and changes no element (RFC 6902 3)', async (client) => {
    const answer = (await patched(client, [])).expect(200)
    assert.deepEqual(answer.at('name'), name)
  })
  check('a patch makes a new version with ETag (http.html#patch)', async (client) => {
    const before = await fresh(client)
    const answer = await patch(client, `/Patient/${before.id}`, [{ op: 'add', path: '/active', value: true }])
    assert.notEqual(answer.expect(200).header('etag'), `W/"${(before['meta'] as Resource)['versionId']}"`)
  })
  check('the answer to a patch honours Prefer return=minimal (http.html#ops)', async (client) => {
    const { id } = await fresh(client)
    const wishes = { prefer: 'return=minimal' }
    const answer = await patch(client, `/Patient/${id}`, [{ op: 'add', path: '/active', value: true }], wishes)
    assert.equal(answer.expect(200).text, '')
  })
  check('search finds what a patch wrote (search.html)', async (client) => {
    const { id } = await fresh(client, identified(client, 'unpatched'))
    await patch(client, `/Patient/${id}`, [{ op: 'replace', path: '/identifier/0/value', value: 'patched' }])
    assert.deepEqual((await search(client, `Patient?${byIdentifier(client, 'patched')}`)).ids, [id])
    assert.deepEqual((await search(client, `Patient?${byIdentifier(client, 'unpatched')}`)).ids, [])
  })
  check('If-Match holds for patches (http.html#patch)', async (client) => {
    const before = await fresh(client)
    const operations = [{ op: 'add', path: '/active', value: true }]
    ;(await patch(client, `/Patient/${before.id}`, operations, { 'if-match': 'W/"99"' })).refused(412, 409)
    const current = `W/"${(before['meta'] as Resource)['versionId']}"`
    ;(await patch(client, `/Patient/${before.id}`, operations, { 'if-match': current })).expect(200)
  })
  check('a patch of what does not exist is 404 (http.html#patch)', async (client) => {
    const operations = [{ op: 'add', path: '/active', value: true }]
    ;(await patch(client, `/Patient/${ownId(client, 'none')}`, operations)).refused(404)
  })
  check('a patch of a deleted resource is 404 or 410 (http.html#patch)', async (client) => {
    const { id } = await fresh(client)
    await client.send('DELETE', `/Patient/${id}`)
    ;(await patch(client, `/Patient/${id}`, [{ op: 'add', path: '/active', value: true }])).refused(404, 410)
  })
  check('a patch of another content type is 415 (http.html#patch)', async (client) => {
    const { id } = await fresh(client)
    ;(await client.send('PATCH', `/Patient/${id}`, { body: '[]', type: 'text/plain' })).refused(415, 400)
    ;(await client.send('PATCH', `/Patient/${id}`, { body: '<diff/>', type: 'application/xml-patch+xml' })).expect(
      415,
      400,
      422,
      501,
    )
  })
})
