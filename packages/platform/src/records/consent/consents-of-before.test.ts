// Consents of a release that did not compile them rule after the first start of this one, all of them, also when two start at once.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { migrate } from '../../kernel/migrations.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { silentLogger } from '../../testing/silent-logger.ts'
import { compileConsentsOfBefore, recordsSql } from '../index.ts'

let database: TestDatabase
before(async () => {
  database = await testDatabase()
})
after(() => database.close())

const consent = (id: string, status: string, provision: object) => ({
  ...{ resourceType: 'Consent', id, status, patient: { reference: `Patient/p-${id}` }, provision },
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
})
const deny = { type: 'deny', class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observation' }] }

async function store(rid: number, resource: { readonly id: string }, pats: string | null = null): Promise<void> {
  const { sql } = database
  const common = [rid, resource.id, `p-${resource.id}`, pats]
  await sql.query({
    text: `INSERT INTO records.version (rid, type, id, ver, at, method, pat, pats, content)
      VALUES ($1, 'Consent', $2, 1, now(), 'PUT', $3, $4::text[], $5)`,
    values: [...common, JSON.stringify(resource)],
  })
  await sql.query({
    text: `INSERT INTO records.resource (type, id, rid, ver, at, pat, pats)
      VALUES ('Consent', $2, $1, 1, now(), $3, $4::text[])`,
    values: common,
  })
}

const restricted = () =>
  database.sql.query({
    text: 'SELECT source, pat, types FROM records.restriction WHERE lifts IS NULL ORDER BY source, pat',
  })

test('every Consent of a release before rules after the next start, and a second start finds nothing to do', async () => {
  const { sql } = database
  const files = readdirSync(recordsSql.folder).filter((name) => name < '0005')
  await migrate(sql, [recordsSql], new Set(files.map((name) => `records/${name}`)))
  for (let n = 0; n < 250; n += 1) await store(n + 1, consent(`k${String(n).padStart(3, '0')}`, 'active', deny))
  await store(300, consent('ended', 'inactive', deny))
  await store(301, consent('unclear', 'active', { type: 'deny', code: [{ text: 'what nobody can enforce' }] }))
  await store(302, consent('two', 'active', deny), '{p-two,p-other}')
  await migrate(sql, [recordsSql])
  assert.deepEqual(await restricted(), [])

  const both = await Promise.all([
    compileConsentsOfBefore(sql, silentLogger),
    compileConsentsOfBefore(sql, silentLogger),
  ])
  assert.equal(both[0] + both[1], 253)
  const rows = await restricted()
  assert.equal(rows.length, 253)
  assert.deepEqual(rows[0], { source: 'Consent/k000', pat: 'p-k000', types: ['Observation'] })
  assert.deepEqual(rows.slice(-3), [
    { source: 'Consent/two', pat: 'p-other', types: ['Observation'] },
    { source: 'Consent/two', pat: 'p-two', types: ['Observation'] },
    { source: 'Consent/unclear', pat: 'p-unclear', types: null }, // everything, until it is written anew
  ])
  assert.equal(await compileConsentsOfBefore(sql, silentLogger), 0)
})
