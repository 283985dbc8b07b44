// What a search returns of its matches: _total, _summary, _elements, and what it says of itself (http://hl7.org/fhir/R4/search.html#Summary).
import assert from 'node:assert/strict'
import { ofWorld } from '../fixtures/resources.ts'
import { checkRefusals } from '../fixtures/search-table.ts'
import { world } from '../fixtures/world.ts'
import { partOf } from '../suite/answer.ts'
import { type Found, search } from '../suite/bundle.ts'
import { chapter } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

const find = async (client: Client, query: string, headers: Readonly<Record<string, string>> = {}): Promise<Found> =>
  await search(client, `${(await world(client)).fill(query)}&${ofWorld(client)}`, headers)
const adam = async (client: Client, shape: string) =>
  partOf((await find(client, `Patient?_id={adam}&${shape}`)).entries.at(0), 'resource') as Readonly<
    Record<string, unknown>
  >
const isSubsetted = (resource: unknown) => JSON.stringify(partOf(resource, 'meta.tag') ?? []).includes('SUBSETTED')
const pulses = 'Observation?code=8867-4'

/** The chapter. */
export const searchResults = chapter('search-result', (check) => {
  check('a search is a Bundle of type searchset (search.html#return)', async (client) => {
    assert.equal((await find(client, pulses)).answer.at('type'), 'searchset')
  })
  check('a search that finds nothing is a Bundle without entries (search.html#return)', async (client) => {
    const found = await find(client, 'Patient?_id=none')
    assert.deepEqual([found.entries.length, found.answer.at('entry')], [0, undefined])
  })
  check('_total=accurate counts all matches, not the page (search.html#total)', async (client) => {
    const found = await find(client, `${pulses}&_count=1&_total=accurate`)
    assert.deepEqual([found.ids.length, found.total], [1, 3])
  })
  check('_total=estimate gives a number (search.html#total)', async (client) => {
    assert.equal(typeof (await find(client, `${pulses}&_count=1&_total=estimate`)).total, 'number')
  })
  check('_total=none is accepted (search.html#total)', async (client) => {
    assert.equal((await find(client, `${pulses}&_count=1&_total=none`)).ids.length, 1)
  })
  check('_total with a chain and _has counts the same (search.html#total)', async (client) => {
    const chain = await find(client, 'Observation?patient.gender=male&_total=accurate&_count=1')
    const reverse = await find(client, 'Patient?_has:Observation:patient:code=8867-4&_total=accurate&_count=1')
    assert.deepEqual([chain.total, reverse.total], [4, 2])
  })
  check('_summary=count has the total and no entries (search.html#summary)', async (client) => {
    const found = await find(client, `${pulses}&_summary=count`)
    assert.deepEqual([found.total, found.entries.length], [3, 0])
  })
  check('_count=0 is the same as _summary=count (search.html#count)', async (client) => {
    const found = await find(client, `${pulses}&_count=0`)
    assert.deepEqual([found.total, found.entries.length], [3, 0])
  })
  check('_summary=true keeps the elements of the summary (search.html#summary)', async (client) => {
    const resource = await adam(client, '_summary=true')
    assert.deepEqual([resource['gender'], resource['birthDate']], ['male', '1970-05-17'])
    assert.equal(resource['communication'], undefined)
  })
  check('_summary=text keeps text, id, meta and mandatory elements (search.html#summary)', async (client) => {
    const found = await find(client, 'Observation?_id={pulse1}&_summary=text')
    const resource = partOf(found.entries.at(0), 'resource')
    assert.deepEqual([partOf(resource, 'status'), partOf(resource, 'valueQuantity')], ['final', undefined])
  })
  check('_summary=data leaves out the text alone (search.html#summary)', async (client) => {
    const resource = await adam(client, '_summary=data')
    assert.equal(resource['text'], undefined)
    assert.ok(resource['communication'] !== undefined)
  })
  check('_summary=false returns everything (search.html#summary)', async (client) => {
    assert.ok((await adam(client, '_summary=false'))['communication'] !== undefined)
  })
  check('_elements keeps what is named, id and meta (search.html#elements)', async (client) => {
    const resource = await adam(client, '_elements=gender,birthDate')
    assert.deepEqual(Object.keys(resource).toSorted(), ['birthDate', 'gender', 'id', 'meta', 'resourceType'])
  })
  check('_elements keeps mandatory elements (search.html#elements)', async (client) => {
    const found = await find(client, 'Observation?_id={pulse1}&_elements=value')
    const resource = partOf(found.entries.at(0), 'resource')
    assert.equal(partOf(resource, 'status'), 'final')
    assert.ok(partOf(resource, 'valueQuantity') !== undefined)
  })
  check('what is cut down is tagged SUBSETTED (search.html#elements)', async (client) => {
    assert.ok(isSubsetted(await adam(client, '_elements=gender')))
    assert.ok(isSubsetted(await adam(client, '_summary=true')))
  })
  check('what is whole is not tagged SUBSETTED (search.html#elements)', async (client) => {
    assert.ok(!isSubsetted(await adam(client, '_summary=false')))
  })
  check('cutting down changes nothing in the store (search.html#elements)', async (client) => {
    await adam(client, '_elements=gender')
    const stored = await client.send('GET', `/Patient/${(await world(client)).id('adam')}`)
    assert.ok(!isSubsetted(stored.body))
    assert.ok(stored.at('communication') !== undefined)
  })

  check('an unknown parameter is refused under strict handling (search.html#errors)', async (client) => {
    const headers = { prefer: 'handling=strict' }
    ;(await client.send('GET', '/Patient?shoe-size=42', { headers })).refused(400)
  })
  check('an unknown parameter is left out under lenient handling (search.html#errors)', async (client) => {
    const found = await find(client, 'Patient?gender=male&shoe-size=42', { prefer: 'handling=lenient' })
    assert.deepEqual((await world(client)).names(found.ids), ['adam'])
  })
  check('what was left out is not in the self link (search.html#conformance)', async (client) => {
    const found = await find(client, 'Patient?gender=male&shoe-size=42', { prefer: 'handling=lenient' })
    assert.ok(!(found.link('self') ?? '').includes('shoe-size'))
  })
  check('an unknown modifier is refused even so it would widen the search (search.html#modifiers)', async (client) => {
    ;(await client.send('GET', '/Patient?gender:unheard=male', { headers: { prefer: 'handling=strict' } })).refused(400)
  })
  check('a refusal names the parameter (operationoutcome.html)', async (client) => {
    const answer = await client.send('GET', '/Patient?shoe-size=42', { headers: { prefer: 'handling=strict' } })
    assert.match(answer.refused(400).text, /shoe-size/)
  })
  checkRefusals(check, [
    ['_total takes its three words (search.html#total)', 'Patient?_total=many'],
    ['_summary takes its five words (search.html#summary)', 'Patient?_summary=brief'],
    ['_elements takes names of elements (search.html#elements)', 'Patient?_elements=1,2'],
  ])
})
