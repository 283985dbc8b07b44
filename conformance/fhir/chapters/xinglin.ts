// What Xinglin promises beyond the standard: strict searches, signed pages, Chinese names, OpenAPI.
import assert from 'node:assert/strict'
import { observation, ofRun, patient } from '../fixtures/resources.ts'
import { partOf } from '../suite/answer.ts'
import { search } from '../suite/bundle.ts'
import { chapter, shared, skip } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

/** Skips the check on other servers. */
async function ours(client: Client): Promise<void> {
  const answer = await client.send('GET', '/metadata')
  if (answer.at('software.name') !== 'Xinglin') skip('the server is not Xinglin')
}
const chinese = shared(async (client) => {
  const names = [{ family: '欧阳', given: ['小明'] }]
  return await client.create(patient(client, { name: names }))
})

/** The chapter. */
export const xinglin = chapter('xinglin', (check) => {
  const own = (name: string, run: (client: Client) => Promise<void>) =>
    check(name, async (client) => {
      await ours(client)
      await run(client)
    })
  for (const name of ['欧阳', '欧阳小明', '小明', 'ouyang', 'ou yang', 'xiaoming', 'ouyangxiaoming', 'xm']) {
    own(`a Chinese name is found by ${name}`, async (client) => {
      const { id } = await chinese(client)
      const found = await search(client, `Patient?name=${encodeURIComponent(name)}&${ofRun(client)}&_count=100`)
      assert.ok(found.ids.includes(id))
    })
  }
  own('an unknown parameter is refused without any preference', async (client) => {
    ;(await client.send('GET', '/Patient?shoe-size=42')).refused(400)
  })
  own('an unknown parameter that was left out is told in an outcome entry', async (client) => {
    const found = await search(client, `Patient?shoe-size=42&${ofRun(client)}`, { prefer: 'handling=lenient' })
    assert.match(JSON.stringify(found.outcomes), /shoe-size/)
  })
  own('a mistyped parameter gets a hint', async (client) => {
    assert.match((await client.send('GET', '/Patient?famly=x')).refused(400).text, /family/)
  })
  own('a changed next link is refused', async (client) => {
    for (const _each of [1, 2]) await client.create(observation(client))
    const next = (await search(client, `Observation?${ofRun(client)}&_count=1`)).link('next') ?? ''
    for (const changed of [
      next.replace(/_cursor=./, '_cursor=Z'),
      `${next}x`,
      next.replace('Observation?', 'Patient?'),
    ])
      (await client.send('GET', changed)).refused(400)
  })
  own('a next link of another search is refused', async (client) => {
    for (const _each of [1, 2]) await client.create(observation(client))
    const next = (await search(client, `Observation?${ofRun(client)}&_count=1`)).link('next') ?? ''
    ;(await client.send('GET', `${next}&status=final`)).refused(400)
  })
  own('_count above the largest page is lowered and told', async (client) => {
    const found = await search(client, `Observation?${ofRun(client)}&_count=5000`)
    assert.match(JSON.stringify(found.outcomes), /1000/)
  })
  own('parameters of the standard that are not supported are refused, not ignored', async (client) => {
    for (const query of [
      'Patient?_content=x',
      'Patient?_text=x',
      'Patient?_filter=x',
      'Location?near=1',
      'Patient?_list=1',
    ])
      (await client.send('GET', `/${query}`)).refused(400)
    ;(await client.send('GET', '/Observation?code:in=http://x')).refused(400)
  })
  own('OpenAPI describes each address that it names: GETs are answered', async (client) => {
    const answer = (await client.send('GET', '/openapi.json')).expect(200)
    const paths = Object.entries(answer.at('paths') ?? {}) as readonly (readonly [
      string,
      Readonly<Record<string, unknown>>,
    ])[]
    assert.ok(paths.length > 500)
    const { id } = await client.create(patient(client))
    for (const [path, methods] of paths.filter(([name]) => /^\/(Patient|metadata|_history|$)/.test(name))) {
      if (!('get' in methods)) continue
      const place = path.replace('{id}', id).replace('{version}', '1')
      ;(await client.send('GET', place === '/' ? '' : place)).expect(200)
    }
  })
  own('OpenAPI names the search parameters of the CapabilityStatement, no more and no fewer', async (client) => {
    const [document, statement] = [await client.send('GET', '/openapi.json'), await client.send('GET', '/metadata')]
    const resources = statement.at('rest.0.resource') as readonly unknown[]
    for (const resource of resources) {
      const type = String(partOf(resource, 'type'))
      const named = (partOf(resource, 'searchParam') as readonly unknown[]).map((one) => partOf(one, 'name'))
      const paths = document.at('paths') as Readonly<Record<string, unknown>>
      const parameters = partOf(paths[`/${type}`], 'get.parameters') as readonly unknown[]
      assert.deepEqual(
        parameters.flatMap((one) => partOf(one, 'name') ?? []),
        named,
        type,
      )
    }
  })
  own('metadata and OpenAPI have an ETag that answers 304', async (client) => {
    for (const path of ['/metadata', '/openapi.json']) {
      const etag = (await client.send('GET', path)).header('etag') ?? ''
      ;(await client.send('GET', path, { headers: { 'if-none-match': etag } })).expect(304)
    }
  })
  own('a failed patch test is 409', async (client) => {
    const { id } = await client.create(patient(client))
    const body = [{ op: 'test', path: '/gender', value: 'male' }]
    ;(await client.send('PATCH', `/Patient/${id}`, { body, type: 'application/json-patch+json' })).refused(409)
  })
  own('content comes back byte for byte as it was stored', async (client) => {
    const { id } = await client.create(patient(client, { gender: 'male' }))
    const [read, again] = [
      await client.send('GET', `/Patient/${id}`),
      await client.send('GET', `/Patient/${id}/_history/1`),
    ]
    assert.equal(read.text, again.text)
  })
})
