// The indexes that searches rely on can really be used: what is compared has one collation, and what is ordered stands in order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSearch, searchKnowledge } from '@xinglin/core/fhir/search'
import { sharedStore } from '../../testing/shared-store.ts'
import { compilePage } from './compile.ts'
import { createStatementNames } from './statement-names.ts'

const store = sharedStore()

// What PostgreSQL does with an empty table, whatever its indexes.
const smallTableWays = ['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'enable_hashjoin', 'enable_mergejoin']

/** The plan of a search for any values. */
async function planOf(search: string, unwanted: readonly string[] = []): Promise<string> {
  const [type = '', query] = search.split('?')
  const types = type === '' ? ['Patient', 'Observation'] : [type]
  const parameters = [...new URLSearchParams(query)]
  const parsed = parseSearch({ types, parameters, lenient: false })
  const { access } = store().context('system')
  const page = { access: access.read, knowledge: searchKnowledge(), maxChainDepth: 4, limit: 21, isKept: true }
  const { text } = compilePage(parsed, page)
  return await store().database.sql.transaction(async (tx) => {
    for (const setting of unwanted) await tx.query({ text: `SET LOCAL ${setting} = off` })
    const rows = await tx.query<{ readonly 'QUERY PLAN': string }>({ text: `EXPLAIN (GENERIC_PLAN) ${text}` })
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  })
}

test('ids and references to them have one collation', async () => {
  const rows = await store().database.sql.query<{ readonly place: string; readonly collation: string | null }>({
    text: `SELECT table_name || '.' || column_name AS place, collation_name AS collation FROM information_schema.columns
      WHERE table_schema = 'records' AND column_name = 'id' ORDER BY 1`,
  })
  assert.deepEqual(
    rows.map(({ place, collation }) => `${place} ${collation}`),
    ['consent_backlog.id C', 'reference_index.id C', 'resource.id C', 'version.id C'],
  )
})

test('the newest of a type by clinical date come straight out of an index', async () => {
  const plan = await planOf('Observation?_sort=-date', smallTableWays)
  assert.match(plan, /using resource_clinical/)
  assert.doesNotMatch(plan.split('version')[0] ?? '', /Seq Scan/)
})

test('a search over a few types takes each in the order of its index', async () => {
  const plan = await planOf('?_lastUpdated=gt2020', smallTableWays)
  assert.equal(plan.match(/using resource_updated/g)?.length, 2, plan)
})

test('a kept plan of one patient comes by that patient, also after the store has grown', async () => {
  const { sql } = store().database
  const clock = { ms: 0 }
  const names = createStatementNames(() => {
    clock.ms += 60_000
    return clock.ms
  })
  assert.equal(await names.of(sql, 'SELECT 1'), undefined, 'an empty store keeps no plans')
  // Heads alone are enough for the planner.
  await sql.query({
    text: `INSERT INTO records.resource (type, id, rid, ver, at, pat)
      SELECT 'Observation', 'o' || n, n, 1, now(), 'p' || n % 100 FROM generate_series(1, 2000) AS n`,
  })
  await sql.query({ text: 'ANALYZE records.resource' })
  const name = await names.of(sql, 'SELECT 1')
  assert.match(name ?? '', /^records_search_[0-9a-f]{16}$/)
  assert.equal(await names.of(sql, 'SELECT 1'), name)
  assert.notEqual(await names.of(sql, 'SELECT 2'), name)
  const plan = await planOf('Observation?patient=p1&code=x&_sort=-date')
  assert.match(plan, /resource_patient .*\n\s+Index Cond: \(\(pat = \$\d+\) AND \(type = \$\d+\)\)/)
})

test('patients of a name, and when they changed, come out of the index of patients alone', async () => {
  const { sql } = store().database
  await sql.query({
    text: `INSERT INTO records.resource (type, id, rid, ver, at)
      SELECT 'Patient', 'q' || n, 10000 + n, 1, now() - n * interval '1 s' FROM generate_series(1, 2000) AS n`,
  })
  await sql.query({ text: 'VACUUM (ANALYZE) records.resource' })
  const plan = await planOf('Patient?name=li')
  assert.match(plan, /Index Only Scan using resource_patients .*\n\s+Index Cond: \(rid = ANY/)
  assert.match(
    plan,
    /Index (Only )?Scan using resource_updated/,
    'or in the order of their change, where many begin so',
  )
  assert.equal(plan.match(/One-Time Filter/g)?.length, 2, plan)
})
