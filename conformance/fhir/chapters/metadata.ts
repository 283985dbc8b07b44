// The CapabilityStatement tells the truth (http://hl7.org/fhir/R4/http.html#capabilities).
import assert from 'node:assert/strict'
import { observation, patient } from '../fixtures/resources.ts'
import { capability, type TypeClaim } from '../suite/capability.ts'
import { chapter, skip } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

/** A value that any server which has the parameter can take. */
const values: Readonly<Record<string, string>> = {
  token: 'x',
  string: 'x',
  reference: 'x',
  date: '2020',
  number: '1',
  quantity: '1',
  uri: 'http://example.org/x',
}

function pairOf({ name, type }: TypeClaim['parameters'][number]): string | undefined {
  if (type === 'composite') return `${name}:missing=true`
  const value = values[type]
  return value === undefined ? undefined : `${name}=${encodeURIComponent(value)}`
}

/** Parameters of a type that the server claims and then refuses. */
async function refusedParameters(client: Client, claim: TypeClaim): Promise<readonly string[]> {
  const pairs = claim.parameters.flatMap((parameter) => pairOf(parameter) ?? [`${parameter.name}=x`])
  const refused: string[] = []
  for (let at = 0; at < pairs.length; at += 25) {
    const some = pairs.slice(at, at + 25)
    const together = await client.send('GET', `/${claim.type}?${some.join('&')}&_count=1`)
    if (together.status === 200) continue
    for (const pair of some) {
      const alone = await client.send('GET', `/${claim.type}?${pair}&_count=1`)
      if (alone.status !== 200) refused.push(`${claim.type}?${pair} → ${alone.status}`)
    }
  }
  return refused
}

async function eachType(client: Client, work: (claim: TypeClaim) => Promise<readonly string[]>): Promise<void> {
  const { types } = await capability(client)
  assert.ok(types.length > 0, 'metadata names no type')
  const wrong: string[] = []
  for (const claim of types) wrong.push(...(await work(claim)))
  assert.deepEqual(wrong, [])
}

async function refusedIncludes(client: Client, claim: TypeClaim, name: '_include' | '_revinclude') {
  const asked = name === '_include' ? claim.includes : claim.revincludes
  const refused: string[] = []
  for (let at = 0; at < asked.length; at += 20) {
    const query = asked.slice(at, at + 20).map((value) => `${name}=${encodeURIComponent(value)}`)
    const answer = await client.send('GET', `/${claim.type}?_count=1&${query.join('&')}`)
    if (answer.status !== 200) refused.push(answer.asked, answer.text.slice(0, 300))
  }
  return refused
}

async function claimOf(client: Client, type: string): Promise<TypeClaim> {
  const found = (await capability(client)).types.find((claim) => claim.type === type)
  return found ?? skip(`the server does not claim ${type}`)
}

/** The chapter. */
export const metadata = chapter('metadata', (check) => {
  check('metadata is a CapabilityStatement of a server of FHIR 4.0.1', async (client) => {
    const { answer } = await capability(client)
    const facts = ['resourceType', 'fhirVersion', 'kind', 'rest.0.mode'].map((path) => answer.at(path))
    assert.deepEqual(facts, ['CapabilityStatement', '4.0.1', 'instance', 'server'])
  })
  check('metadata has the mandatory status, date and format (capabilitystatement.html)', async (client) => {
    const { answer } = await capability(client)
    assert.ok(['draft', 'active'].includes(String(answer.at('status'))))
    assert.ok(!Number.isNaN(Date.parse(String(answer.at('date')))))
    assert.match(JSON.stringify(answer.at('format')), /json/)
  })
  check('metadata is told to everybody, without a token (http.html#capabilities)', async (client) => {
    const answer = (await client.as('nobody').send('GET', '/metadata')).expect(200)
    assert.equal(answer.at('resourceType'), 'CapabilityStatement')
  })
  check('metadata names each type once', async (client) => {
    const names = (await capability(client)).types.map(({ type }) => type)
    assert.ok(names.length > 0)
    assert.equal(new Set(names).size, names.length)
  })
  check('metadata names each parameter of a type once (cpb-12)', async (client) => {
    await eachType(client, async ({ type, parameters }) => {
      const names = parameters.map(({ name }) => name)
      return names.filter((name, at) => names.indexOf(name) !== at).map((name) => `${type}.${name}`)
    })
  })
  check('every type that is claimed can be searched', async (client) => {
    await eachType(client, async ({ type, interactions }) => {
      if (!interactions.includes('search-type')) return []
      const { status } = await client.send('GET', `/${type}?_count=1`)
      return status === 200 ? [] : [`${type} → ${status}`]
    })
  })
  check('every search parameter that is claimed is answered', async (client) => {
    await eachType(client, (claim) => refusedParameters(client, claim))
  })
  check('every _include that is claimed is answered', async (client) => {
    await eachType(client, (claim) => refusedIncludes(client, claim, '_include'))
  })
  check('every _revinclude that is claimed is answered', async (client) => {
    await eachType(client, (claim) => refusedIncludes(client, claim, '_revinclude'))
  })
  check('every type that is claimed for read says 404 of an unknown id', async (client) => {
    await eachType(client, async ({ type, interactions }) => {
      if (!interactions.includes('read')) return []
      const { status } = await client.send('GET', `/${type}/${client.mark}-none`)
      return status === 404 ? [] : [`${type} → ${status}`]
    })
  })
  check('every interaction that is claimed for Patient is served', async (client) => {
    const { interactions } = await claimOf(client, 'Patient')
    const { id } = await client.create(patient(client))
    const asked: Readonly<Record<string, readonly [string, string, unknown?, string?]>> = {
      read: ['GET', `/Patient/${id}`],
      vread: ['GET', `/Patient/${id}/_history/1`],
      update: ['PUT', `/Patient/${id}`, { ...patient(client), id }],
      patch: ['PATCH', `/Patient/${id}`, [], 'application/json-patch+json'],
      'history-instance': ['GET', `/Patient/${id}/_history`],
      'history-type': ['GET', '/Patient/_history?_count=1'],
      create: ['POST', '/Patient', patient(client)],
      'search-type': ['GET', '/Patient?_count=1'],
      delete: ['DELETE', `/Patient/${id}`],
    }
    for (const [interaction, [method, path, body, type]] of Object.entries(asked)) {
      if (!interactions.includes(interaction)) continue
      const answer = await client.send(method, path, { body, ...(type === undefined ? {} : { type }) })
      answer.expect(200, 201, 202, 204)
    }
  })
  check('every interaction that is claimed for the system is served', async (client) => {
    const { systemInteractions } = await capability(client)
    assert.ok(systemInteractions.length > 0, 'metadata names no interaction of the system')
    const bundle = (type: string) => ({ resourceType: 'Bundle', type })
    const asked: Readonly<Record<string, readonly [string, string, unknown?]>> = {
      transaction: ['POST', '', bundle('transaction')],
      batch: ['POST', '', bundle('batch')],
      'history-system': ['GET', '/_history?_count=1'],
      'search-system': ['GET', '?_type=Patient&_count=1'],
    }
    for (const [interaction, [method, path, body]] of Object.entries(asked)) {
      if (systemInteractions.includes(interaction)) (await client.send(method, path, { body })).expect(200)
    }
  })
  check('every operation that is claimed for Patient is served', async (client) => {
    const { operations } = await claimOf(client, 'Patient')
    const { id } = await client.create(patient(client))
    if (operations.includes('everything')) (await client.send('GET', `/Patient/${id}/$everything`)).expect(200)
    if (operations.includes('validate'))
      (await client.send('POST', '/Patient/$validate', { body: patient(client) })).outcome(200)
  })
  check('updateCreate and the conditional flags of Observation are kept', async (client) => {
    const { resource } = await claimOf(client, 'Observation')
    const id = `${client.mark}-flags`
    if (resource['updateCreate'] === true)
      (await client.send('PUT', `/Observation/${id}`, { body: { ...observation(client), id } })).expect(201)
    const headers = { 'if-none-exist': `_id=${id}` }
    if (resource['conditionalCreate'] === true)
      (await client.send('POST', '/Observation', { body: observation(client), headers })).expect(200, 201)
    if (resource['conditionalUpdate'] === true)
      (await client.send('PUT', `/Observation?_id=${id}`, { body: { ...observation(client), id } })).expect(200, 201)
    if (resource['conditionalDelete'] !== 'not-supported')
      (await client.send('DELETE', `/Observation?_id=${id}`)).expect(200, 202, 204)
  })
})
