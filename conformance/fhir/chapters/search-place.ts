// Where a search is asked: POST _search, over several types, and in compartments (http://hl7.org/fhir/R4/http.html#search, compartmentdefinition.html).
import assert from 'node:assert/strict'
import { ofWorld } from '../fixtures/resources.ts'
import { world } from '../fixtures/world.ts'
import { partOf } from '../suite/answer.ts'
import { foundIn, pages, search } from '../suite/bundle.ts'
import { chapter } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

const form = 'application/x-www-form-urlencoded'

async function post(client: Client, path: string, body: string) {
  const { fill, names } = await world(client)
  const answer = await client.send('POST', fill(path), { body: fill(body), type: form })
  const found = foundIn(answer)
  return { found, names: names(found.ids).toSorted() }
}
async function names(client: Client, query: string): Promise<readonly string[]> {
  const { fill, names: named } = await world(client)
  return named((await search(client, fill(query))).ids).toSorted()
}

/** The chapter. */
export const searchPlaces = chapter('search-place', (check) => {
  check('POST _search takes a form (http.html#search)', async (client) => {
    assert.deepEqual((await post(client, '/Patient/_search', `gender=male&${ofWorld(client)}`)).names, ['adam'])
  })
  check('POST _search takes parameters of the address too (http.html#search)', async (client) => {
    const found = await post(client, `/Observation/_search?code=8867-4`, `subject={adam}&${ofWorld(client)}`)
    assert.deepEqual(found.names, ['pulse1', 'pulse2'])
  })
  check('POST _search takes an empty form (http.html#search)', async (client) => {
    assert.deepEqual((await post(client, `/Patient/_search?_id={adam}`, '')).names, ['adam'])
  })
  check('POST _search decodes plus and per cent (http.html#search)', async (client) => {
    const found = await post(client, '/Patient/_search', `address=1+West%20Lake&${ofWorld(client)}`)
    assert.deepEqual(found.names, ['adam'])
  })
  check('pages of POST _search can be followed (http.html#paging)', async (client) => {
    const { found } = await post(client, '/Observation/_search', `subject={adam}&_count=3&${ofWorld(client)}`)
    assert.deepEqual(
      (await pages(client, found)).map((page) => page.ids.length),
      [3, 1],
    )
  })
  check('an unknown parameter in the form is refused (search.html#errors)', async (client) => {
    const sending = { body: 'shoe-size=42', type: form, headers: { prefer: 'handling=strict' } }
    ;(await client.send('POST', '/Patient/_search', sending)).refused(400)
  })
  check('POST _search of a body that is no form is refused (http.html#search)', async (client) => {
    ;(await client.send('POST', '/Patient/_search', { body: { gender: 'male' } })).refused(415, 400)
  })
  check('POST _search at the base searches several types (http.html#search)', async (client) => {
    const found = await post(client, '/_search', `_type=Patient,Organization&${ofWorld(client)}&_count=100`)
    assert.ok(found.names.includes('adam') && found.names.includes('trust') && !found.names.includes('doctor'))
  })

  check('_type searches several types (search.html#type)', async (client) => {
    const found = await names(client, `?_type=Practitioner,Location&${ofWorld(client)}`)
    assert.deepEqual(
      found.filter((name) => name === 'doctor' || name === 'ward'),
      ['doctor', 'ward'],
    )
  })
  check('_type of one type is a search of that type (search.html#type)', async (client) => {
    assert.deepEqual(await names(client, `?_type=Location&${ofWorld(client)}`), ['ward'])
  })
  check('_type with _id (search.html#type)', async (client) => {
    assert.deepEqual(await names(client, '?_type=Patient,Observation&_id={adam},{note}'), ['adam', 'note'])
  })
  check('_type with _lastUpdated and a page size (search.html#type)', async (client) => {
    const { fill } = await world(client)
    const query = fill(`?_type=Patient,Organization&_lastUpdated=gt2020-01-01&${ofWorld(client)}&_count=4`)
    const all = (await pages(client, await search(client, query))).flatMap((page) => page.ids)
    assert.equal(new Set(all).size, all.length)
    assert.ok(all.includes((await world(client)).id('clinic')))
  })
  check('_type of a type that does not exist is refused (search.html#type)', async (client) => {
    ;(await client.send('GET', '?_type=Patient,Dragon')).refused(400, 404)
  })
  check('a parameter that not all types have is refused (search.html#type)', async (client) => {
    const headers = { prefer: 'handling=strict' }
    ;(await client.send('GET', '?_type=Patient,Observation&gender=male', { headers })).refused(400)
  })

  check('a compartment has what is about the patient (compartmentdefinition-patient.html)', async (client) => {
    const found = await names(client, `Patient/{carl}/Observation?${ofWorld(client)}`)
    assert.deepEqual(found, ['note'])
  })
  check('a compartment takes criteria (http.html#vsearch)', async (client) => {
    assert.deepEqual(await names(client, `Patient/{adam}/Observation?code=8867-4&${ofWorld(client)}`), [
      'pulse1',
      'pulse2',
    ])
  })
  check('a record of two patients is in both compartments (compartmentdefinition-patient.html)', async (client) => {
    assert.deepEqual(await names(client, 'Patient/{adam}/Appointment'), ['meeting'])
    assert.deepEqual(await names(client, 'Patient/{beth}/Appointment'), ['meeting'])
  })
  check('the compartment of an Encounter (compartmentdefinition-encounter.html)', async (client) => {
    assert.deepEqual(await names(client, 'Encounter/{visit}/Observation'), ['pulse1'])
  })
  check('the compartment of a Practitioner (compartmentdefinition-practitioner.html)', async (client) => {
    assert.deepEqual(await names(client, `Practitioner/{doctor}/Observation?${ofWorld(client)}`), ['pulse1'])
  })
  check('* is every type of the compartment (http.html#vsearch)', async (client) => {
    const { fill } = await world(client)
    const answer = await client.send('GET', fill(`/Patient/{adam}/*?${ofWorld(client)}&_count=100`))
    if (answer.status === 404 || answer.status === 400) return // R4 leaves it to the server
    const types = new Set(foundIn(answer).entries.map((entry) => partOf(entry, 'resource.resourceType')))
    assert.ok(types.has('Observation') && types.has('Condition') && types.has('Encounter'))
  })
  check('a compartment takes POST _search (http.html#search)', async (client) => {
    const { fill } = await world(client)
    const answer = await client.send('POST', fill('/Patient/{adam}/Observation/_search'), {
      body: 'code=8867-4',
      type: form,
    })
    if (answer.status === 404 || answer.status === 405) return // R4 leaves it to the server
    assert.deepEqual((await world(client)).names(foundIn(answer).ids).toSorted(), ['pulse1', 'pulse2'])
  })
  check('a type that is in no such compartment is refused (compartmentdefinition.html)', async (client) => {
    ;(await client.send('GET', (await world(client)).fill('/Patient/{adam}/Organization'))).refused(400, 404)
  })
})
