// _sort and paging (http://hl7.org/fhir/R4/search.html#sort, #count; http.html#paging).
import assert from 'node:assert/strict'
import { observation, ofRun, patient } from '../fixtures/resources.ts'
import { checkRefusals, namesFound } from '../fixtures/search-table.ts'
import { foundIn, pages, search } from '../suite/bundle.ts'
import { chapter, shared } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

const orders: readonly (readonly [rule: string, query: string, names: string])[] = [
  ['by a date, oldest first', 'Observation?subject:missing=false&code=8867-4&_sort=date', 'pulse1 pulse2 pulse3'],
  ['by a date, newest first', 'Observation?code=8867-4&_sort=-date', 'pulse3 pulse2 pulse1'],
  ['by a string', 'Patient?family:missing=false&_sort=family', 'beth carl adam'],
  ['by a string, last first', 'Patient?family:missing=false&_sort=-family', 'adam carl beth'],
  ['by a birth date', 'Patient?birthdate:missing=false&_sort=birthdate', 'adam beth carl'],
  ['by a birth date, youngest first', 'Patient?birthdate:missing=false&_sort=-birthdate', 'carl beth adam'],
  ['by a code', 'Patient?gender:missing=false&_sort=gender', 'beth adam carl'],
  ['by a code, last first', 'Patient?gender:missing=false&_sort=-gender', 'carl adam beth'],
  ['by a quantity', 'Observation?code=8867-4&_sort=value-quantity', 'pulse3 pulse1 pulse2'],
  ['by a quantity, largest first', 'Observation?code=8867-4&_sort=-value-quantity', 'pulse2 pulse1 pulse3'],
  ['by a number', 'RiskAssessment?_sort=-probability', 'danger risk'],
  ['by a uri', 'ValueSet?_sort=url', 'colours shades'],
  ['by _lastUpdated, in the order of creation', 'Organization?_sort=_lastUpdated', 'trust hospital clinic'],
  ['by _lastUpdated, newest first', 'Organization?_sort=-_lastUpdated', 'clinic hospital trust'],
  ['by two keys', 'Observation?code=8867-4,29463-7&_sort=status,-date', 'pulse3 pulse2 pulse1 weight'],
  ['by two keys, both down', 'Observation?code=8867-4,29463-7&_sort=-status,-date', 'weight pulse3 pulse2 pulse1'],
]

/** Eleven observations of one patient, two on each day but one. */
const series = shared(async (client) => {
  const { id } = await client.create(patient(client))
  const days = Array.from({ length: 11 }, (_one, at) => `2019-01-${String(10 + Math.floor(at / 2))}`)
  const made = await Promise.all(
    days.map((effectiveDateTime) =>
      client.create(observation(client, { subject: { reference: `Patient/${id}` }, effectiveDateTime })),
    ),
  )
  return { id, ids: made.map((one) => one.id) }
})
const seriesQuery = async (client: Client, more: string) =>
  `Observation?subject=Patient/${(await series(client)).id}&${ofRun(client)}&${more}`

/** The chapter. */
export const searchOrder = chapter('search-order', (check) => {
  for (const [rule, query, names] of orders) {
    check(`_sort ${rule} (search.html#sort)`, async (client) => {
      assert.equal((await namesFound(client, query)).join(' '), names)
    })
  }
  check('_sort keeps what has no value (search.html#sort)', async (client) => {
    const [up, down] = [
      await namesFound(client, 'Patient?identifier={sys}%7C&_sort=birthdate'),
      await namesFound(client, 'Patient?identifier={sys}%7C&_sort=-birthdate'),
    ]
    assert.deepEqual(up.toSorted(), ['adam', 'beth', 'dora'])
    assert.deepEqual(down.toSorted(), ['adam', 'beth', 'dora'])
  })
  check('_sort by _id (search.html#sort)', async (client) => {
    const { ids } = await search(client, `Patient?${ofRun(client)}&_sort=_id&_count=50`)
    assert.deepEqual(ids, ids.toSorted())
  })
  for (const sort of ['date', '-date', '_id', '-_lastUpdated', 'code,-date', '']) {
    const said = sort === '' ? 'without _sort' : `in the order ${sort}`
    check(`pages ${said} have everything once (http.html#paging)`, async (client) => {
      const query = await seriesQuery(client, `_count=3${sort === '' ? '' : `&_sort=${sort}`}`)
      const all = await pages(client, await search(client, query))
      assert.deepEqual(
        all.map((page) => page.ids.length),
        [3, 3, 3, 2],
      )
      const seen = all.flatMap((page) => page.ids)
      assert.deepEqual(seen.toSorted(), (await series(client)).ids.toSorted())
    })
  }
  check('the last page has no next link (http.html#paging)', async (client) => {
    const found = await search(client, await seriesQuery(client, '_count=11'))
    assert.deepEqual([found.ids.length, found.link('next')], [11, undefined])
  })
  check('every page has a self link (bundle.html)', async (client) => {
    assert.match((await search(client, await seriesQuery(client, '_count=3'))).link('self') ?? '', /Observation/)
  })
  check('the self link says which parameters were used (search.html#conformance)', async (client) => {
    const self = new URL((await search(client, await seriesQuery(client, '_count=3&code=8867-4'))).link('self') ?? '')
    assert.equal(self.searchParams.get('code'), '8867-4')
  })
  check('pages stay whole while others write (http.html#paging)', async (client) => {
    const { id } = await client.create(patient(client))
    const subject = { reference: `Patient/${id}` }
    const at = (day: number) => ({ subject, effectiveDateTime: `2018-02-${String(day).padStart(2, '0')}` })
    const before = []
    for (const day of [1, 3, 5, 7, 9, 11]) before.push(await client.create(observation(client, at(day))))
    const first = await search(client, `Observation?subject=Patient/${id}&_sort=-date&_count=2`)
    await client.create(observation(client, at(12)))
    await client.send('DELETE', `/Observation/${before[0]?.id}`)
    await client.create(observation(client, at(10)))
    const seen = (await pages(client, first)).flatMap((page) => page.ids)
    assert.equal(new Set(seen).size, seen.length, 'nothing twice')
    for (const { id: kept } of before.slice(1)) assert.ok(seen.includes(kept), 'nothing skipped')
  })
  check('a page can be asked for again (http.html#paging)', async (client) => {
    const first = await search(client, await seriesQuery(client, '_count=3&_sort=date'))
    const next = first.link('next') ?? ''
    const [once, again] = [foundIn(await client.send('GET', next)), foundIn(await client.send('GET', next))]
    assert.deepEqual(once.ids, again.ids)
  })
  check('includes come with every page (search.html#include)', async (client) => {
    const query = await seriesQuery(client, '_count=4&_include=Observation:subject')
    for (const page of await pages(client, await search(client, query)))
      assert.deepEqual(page.included, [`Patient/${(await series(client)).id}`])
  })
  check('_count is the most that a page holds (search.html#count)', async (client) => {
    assert.equal((await search(client, await seriesQuery(client, '_count=1'))).ids.length, 1)
  })
  check('a very large _count is no failure (search.html#count)', async (client) => {
    assert.equal((await search(client, await seriesQuery(client, '_count=100000'))).ids.length, 11)
  })
  check('a next link that was changed is refused or shows nothing else (http.html#paging)', async (client) => {
    const next = (await search(client, await seriesQuery(client, '_count=3'))).link('next') ?? ''
    const at = next.length - 6
    const changed = `${next.slice(0, at)}${next[at] === 'A' ? 'B' : 'A'}${next.slice(at + 1)}`
    const answer = await client.send('GET', changed)
    if (answer.status === 200) assert.ok(foundIn(answer).ids.every((id) => id.length > 0))
    else answer.refused(400, 404, 410)
  })
  checkRefusals(check, [
    ['_sort by a parameter that does not exist is refused (search.html#sort)', 'Patient?_sort=shoe-size'],
    ['_count that is no number is refused (search.html#count)', 'Patient?_count=many'],
    ['_count below zero is refused (search.html#count)', 'Patient?_count=-1'],
  ])
})
