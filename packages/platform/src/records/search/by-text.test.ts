// Patients by a name: whatever the name, the page and the way taken, the rows are those of a plain look at every patient, in order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSearch, searchKnowledge } from '@xinglin/core/fhir/search'
import fc from 'fast-check'
import { sharedStore } from '../../testing/shared-store.ts'
import { compileCount, compilePage } from './compile.ts'
import type { Position } from './cursor.ts'
import { createSearch } from './search.ts'

interface Known {
  readonly id: string
  readonly rid: number
  readonly at: string
  readonly family: string
  readonly given: string
  readonly gender: string
}

interface Row extends Omit<Known, 'at'> {
  readonly c1: string
}

const shared: { known: readonly Known[] } = { known: [] }
const store = sharedStore(fill)
const families = ['Li', 'Lin', 'Liu', 'Linde', 'Ma', 'Mae', 'Smith', 'Smithers', '张', '张伟']
const parse = (parameters: readonly (readonly [string, string])[]) =>
  parseSearch({ types: ['Patient'], parameters: [...parameters], lenient: false })

async function put(id: string, at: number): Promise<void> {
  const [family, given] = [families[at % families.length] ?? '', families[(at * 7 + 3) % families.length] ?? '']
  const content = {
    resourceType: 'Patient',
    id,
    gender: at % 3 === 0 ? 'female' : 'male',
    name: [{ family, given: [given] }],
  }
  await store().records.update(store().context('admin'), {
    target: { type: 'Patient', id },
    content: JSON.stringify(content),
  })
}

async function fill(): Promise<void> {
  for (let at = 0; at < 60; at += 1) await put(`p${at}`, at)
  // Later versions with other names: the entries of the earlier ones are no matches any more.
  for (let at = 0; at < 60; at += 4) await put(`p${at}`, at + 1)
  await store().records.delete(store().context('admin'), { type: 'Patient', id: 'p7' })
  const practitioner = { resourceType: 'Practitioner', id: 'd1', name: [{ family: 'Li' }] }
  const target = { type: 'Practitioner', id: 'd1' }
  await store().records.update(store().context('admin'), { target, content: JSON.stringify(practitioner) })
  shared.known = await store().database.sql.query<Known>({
    text: `SELECT r.id, r.rid, r.at::text AS at, v.content::jsonb #>> '{name,0,family}' AS family,
        v.content::jsonb #>> '{name,0,given,0}' AS given, v.content::jsonb ->> 'gender' AS gender
      FROM records.resource r JOIN records.version v ON v.rid = r.rid
      WHERE r.type = 'Patient' AND NOT r.deleted ORDER BY r.at DESC, r.rid DESC`,
  })
}

const starts = (text: string, start: string): boolean => text.toLowerCase().startsWith(start.toLowerCase())
const access = { types: 'all', patients: 'all', sharedTypes: [], hiddenLabels: [] } as const

test('every page of every name, looked up or walked to, has the rows of a look at all patients', async () => {
  const words = fc.constantFrom('l', 'li', 'LIN', 'linde', 'm', 'ma', 's', 'smith', '张', 'x')
  const most = fc.constantFrom(0, 1, 7, undefined)
  const place = fc.option(fc.nat(58), { nil: undefined })
  const asked = fc.record({
    word: words,
    exact: fc.boolean(),
    female: fc.boolean(),
    limit: fc.integer({ min: 1, max: 30 }),
  })
  await fc.assert(
    fc.asyncProperty(asked, most, place, async ({ word, exact, female, limit }, mostLookedUp, from) => {
      const name = exact ? 'family:exact' : 'name'
      const query = parse([[name, word], ...(female ? [['gender', 'female'] as const] : [])])
      const at = from === undefined ? undefined : shared.known[from]
      const position: Position | undefined = at && { rid: at.rid, keys: [at.at] }
      const page = { access, knowledge: searchKnowledge(), maxChainDepth: 4, limit, position, isKept: true }
      const compiled = compilePage(query, { ...page, ...(mostLookedUp === undefined ? {} : { mostLookedUp }) })
      assert.equal(compiled.path, 'string')
      const rows = await store().database.sql.query<Row>(compiled)
      const isMeant = ({ family, given, gender }: Known): boolean =>
        (exact ? family === word : starts(family, word) || starts(given, word)) && (!female || gender === 'female')
      const wanted = shared.known.slice(from === undefined ? 0 : from + 1).filter(isMeant)
      assert.deepEqual(
        rows.map(({ id, rid, c1 }) => ({ id, rid, at: c1 })),
        wanted.slice(0, limit).map(({ id, rid, at }) => ({ id, rid, at })),
      )
    }),
    { numRuns: 100 },
  )
})

test('pages follow one another without a gap, and their total is their number', async () => {
  const statementNames = { of: async (_sql: unknown, text: string) => `by_text_${text.length}` }
  const options = { sql: store().database.sql, knowledge: searchKnowledge(), cursorKey: 'k' }
  const search = createSearch({ ...options, statementNames })
  const call = { access, holder: 'h', baseUrl: 'http://x', selfUrl: 'http://x/Patient' }
  const found: string[] = []
  const totals = new Set<number>()
  let next: string | undefined = '?name=li&_count=7&_total=accurate'
  while (next !== undefined) {
    const { bundle } = await search.search(parse([...new URLSearchParams(next.split('?')[1])]), call)
    const read = JSON.parse(bundle) as {
      readonly total: number
      readonly entry: readonly { readonly resource: { readonly id: string } }[]
      readonly link: readonly { readonly relation: string; readonly url: string }[]
    }
    found.push(...read.entry.map(({ resource }) => resource.id))
    totals.add(read.total)
    next = read.link.find(({ relation }) => relation === 'next')?.url
  }
  const wanted = shared.known.filter(({ family, given }) => starts(family, 'li') || starts(given, 'li'))
  assert.ok(wanted.length > 14)
  assert.deepEqual(
    found,
    wanted.map(({ id }) => id),
  )
  assert.deepEqual([...totals], [wanted.length])
})

test('another order, several values, parts of a text, other types and counts go their former ways', async () => {
  const page = { access, knowledge: searchKnowledge(), maxChainDepth: 4, limit: 5, isKept: true }
  for (const [name, value, sort] of [
    ['name', 'li', 'family'],
    ['name', 'li', '_lastUpdated'],
    ['name', 'li,ma'],
    ['name:contains', 'li'],
  ] as const) {
    const query = parse([[name, value], ...(sort === undefined ? [] : [['_sort', sort] as const])])
    assert.equal(compilePage(query, page).path, 'scan', `${name}=${value} ${sort ?? ''}`)
  }
  const practitioners = parseSearch({ types: ['Practitioner'], parameters: [['name', 'li']], lenient: false })
  assert.equal(compilePage(practitioners, page).path, 'scan')
  assert.equal(
    compilePage(
      parse([
        ['name', 'li'],
        ['identifier', 'x|1'],
      ]),
      page,
    ).path,
    'token',
  )
  const [count] = await store().database.sql.query<{ readonly total: number }>(
    compileCount(parse([['name', 'smith']]), page, 1000),
  )
  const wanted = shared.known.filter(({ family, given }) => starts(family, 'smith') || starts(given, 'smith'))
  assert.equal(Number(count?.total), wanted.length)
})
