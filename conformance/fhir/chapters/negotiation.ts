// Formats: Accept, _format, content types, and XML (http://hl7.org/fhir/R4/http.html#mime-type).
import assert from 'node:assert/strict'
import { ofRun, patient } from '../fixtures/resources.ts'
import { capability } from '../suite/capability.ts'
import { chapter, shared, skip } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

const one = shared(async (client) => await client.create(patient(client)))
const get = async (client: Client, query: string, accept?: string) =>
  await client.send('GET', `/Patient/${(await one(client)).id}${query}`, {
    ...(accept === undefined ? {} : { headers: { accept } }),
  })
/** Skips the check when the server claims to speak XML. */
async function withoutXml(client: Client): Promise<void> {
  const { answer } = await capability(client)
  if (JSON.stringify(answer.at('format')).includes('xml')) skip('the server speaks XML')
}

/** The chapter. */
export const negotiation = chapter('negotiation', (check) => {
  for (const accept of [
    'application/fhir+json',
    'application/json',
    '*/*',
    'application/fhir+json; fhirVersion=4.0',
    'text/html, application/fhir+json;q=0.9',
    'application/fhir+xml;q=0.1, application/fhir+json',
  ]) {
    check(`Accept: ${accept} is answered as JSON (http.html#mime-type)`, async (client) => {
      assert.match((await get(client, '', accept)).expect(200).header('content-type') ?? '', /json/)
    })
  }
  for (const format of ['json', 'application/json', 'application/fhir%2Bjson', 'application/fhir+json', 'text/json']) {
    check(`_format=${format} is answered as JSON (http.html#parameters)`, async (client) => {
      ;(await get(client, `?_format=${format}`)).expect(200)
    })
  }
  check('_format goes before Accept (http.html#parameters)', async (client) => {
    ;(await get(client, '?_format=json', 'application/fhir+xml')).expect(200)
  })
  check('_format works on searches (http.html#parameters)', async (client) => {
    assert.equal((await client.send('GET', `/Patient?${ofRun(client)}&_format=json`)).at('resourceType'), 'Bundle')
  })
  check('_pretty indents reads (http.html#parameters)', async (client) => {
    assert.match((await get(client, '?_pretty=true')).text, /\n\s+"/)
  })
  check('_pretty indents searches (http.html#parameters)', async (client) => {
    await one(client)
    assert.match((await client.send('GET', `/Patient?${ofRun(client)}&_pretty=true`)).expect(200).text, /\n\s+"/)
  })
  check('Accept of XML alone is 406 where there is none (http.html#mime-type)', async (client) => {
    await withoutXml(client)
    ;(await get(client, '', 'application/fhir+xml')).refused(406)
  })
  check('Accept of XML is 406 on searches too (http.html#mime-type)', async (client) => {
    await withoutXml(client)
    const headers = { accept: 'application/fhir+xml' }
    ;(await client.send('GET', `/Patient?${ofRun(client)}`, { headers })).refused(406)
    ;(await client.send('GET', '/metadata', { headers })).refused(406)
    ;(await client.send('GET', `/Patient/${(await one(client)).id}/$everything`, { headers })).refused(406)
  })
  check('_format=xml is 406 where there is none (http.html#parameters)', async (client) => {
    await withoutXml(client)
    ;(await get(client, '?_format=xml')).refused(406)
    ;(await client.send('GET', `/Patient?${ofRun(client)}&_format=application/fhir%2Bxml`)).refused(406)
  })
  check('a body of XML is 415 where there is none (http.html#mime-type)', async (client) => {
    await withoutXml(client)
    const body = '<Patient xmlns="http://hl7.org/fhir"/>'
    ;(await client.send('POST', '/Patient', { body, type: 'application/fhir+xml' })).refused(415)
    ;(await client.send('POST', '', { body: '<Bundle/>', type: 'application/fhir+xml' })).refused(415)
    ;(await client.send('PUT', '/Patient/a', { body, type: 'application/fhir+xml' })).refused(415)
  })
  check('a type that nobody knows is 406 (http.html#mime-type)', async (client) => {
    ;(await get(client, '', 'image/png')).refused(406)
  })
  check('a refused type is not served: q=0 (RFC 9110 12.4.2)', async (client) => {
    ;(await get(client, '', 'application/fhir+json;q=0, application/json;q=0')).refused(406)
  })
  check('a write whose answer cannot be accepted changes nothing (http.html#mime-type)', async (client) => {
    await withoutXml(client)
    const family = `Unaccepted${client.mark}`
    const headers = { accept: 'application/fhir+xml', prefer: 'return=representation' }
    ;(await client.send('POST', '/Patient', { body: patient(client, { name: [{ family }] }), headers })).refused(406)
    const { id } = await one(client)
    ;(
      await client.send('PUT', `/Patient/${id}`, { body: { ...patient(client, { name: [{ family }] }), id }, headers })
    ).refused(406)
    assert.equal((await client.send('GET', `/Patient?family=${family}&_summary=count`)).at('total'), 0)
  })
  for (const type of [
    'application/json',
    'application/fhir+json; charset=UTF-8',
    'application/fhir+json;fhirVersion=4.0',
  ]) {
    check(`a body of ${type} is taken (http.html#mime-type)`, async (client) => {
      ;(await client.send('POST', '/Patient', { body: patient(client), type })).expect(201)
    })
  }
  check('a body of an unknown type is 415 (http.html#mime-type)', async (client) => {
    ;(await client.send('POST', '/Patient', { body: 'hello', type: 'text/plain' })).refused(415)
    ;(await client.send('POST', '/Patient', { body: 'hello', type: 'image/png' })).refused(415)
  })
})
