// The knowledge over HTTP: what comes along is loaded once, edits are new versions, and activation reaches every process.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { triage } from '../index.ts'
import { type ServiceUnderTest, startTriage } from '../under-test/service.ts'
import { storeSeed } from './knowledge.ts'
import { editedMedicines } from './store.ts'

const base = '/api/v1/triage/knowledge'
const held: { database?: TestDatabase; one?: ServiceUnderTest; two?: ServiceUnderTest } = {}

function parts() {
  const { database, one, two } = held
  if (database === undefined || one === undefined || two === undefined) throw new Error('not started')
  return { sql: database.sql, one, two }
}

const admin = { role: 'admin' } as const
const edit = (changes: readonly object[]) => ({ ...admin, payload: { label: 'a test', changes } })
const hum = {
  id: 'humming',
  kind: 'symptom',
  en: 'Humming',
  zh: '嗡嗡声',
  question_en: 'Do you hum?',
  question_zh: '您会哼吗?',
  leak: '0.02',
}

before(async () => {
  held.database = await testDatabase([triage.sql])
  held.one = await startTriage(held.database.sql)
  held.two = await startTriage(held.database.sql)
})

after(async () => {
  await held.one?.close()
  await held.two?.close()
  await held.database?.close()
})

test('loads what comes along once, with its sources, and says how much of it has one', async () => {
  const { sql, one } = parts()
  await storeSeed(sql, silentLogger)
  const versions = await sql.query<{ n: number }>({ text: 'SELECT count(*)::int AS n FROM triage.knowledge_version' })
  assert.deepEqual(versions, [{ n: 1 }])
  const { body } = await one.ask(base)
  const told = body as {
    conditions: number
    departments: readonly unknown[]
    red_flags: { all: number; with_source: number }
  }
  assert.deepEqual([told.conditions, told.departments.length], [50, 35])
  assert.ok(told.red_flags.with_source >= 40 && told.red_flags.all >= told.red_flags.with_source)
})

test('an edit is a version of its own that counts, in every process, from its activation on', async () => {
  const { sql, one, two } = parts()
  const edge = { finding: 'humming', condition: 'pericarditis', p: '0.9', source: 'xinglin' }
  const made = await one.ask(
    `${base}/versions`,
    edit([
      { table: 'finding', set: hum },
      { table: 'presents_in', set: edge },
    ]),
  )
  assert.equal(made.status, 201)
  const { version } = made.body as { version: number }
  assert.equal((await two.ask('/triage', { payload: ['Humming'] })).status, 422)
  const activated = await one.ask(`${base}/versions/${version}/activate`, { ...admin, method: 'POST' })
  assert.equal(activated.status, 200)
  for (let tries = 0; tries < 100; tries += 1) {
    const { status, body } = await two.ask('/triage', { payload: ['嗡嗡声'] })
    if (status === 200) {
      assert.equal((body as { knowledge_version: number }).knowledge_version, version)
      break
    }
    assert.ok(tries < 99, 'the other process never heard of it')
    await delay(50)
  }
  assert.ok((await editedMedicines(sql))?.get('drug') !== undefined)
  await storeSeed(sql, silentLogger)
  assert.equal((await two.ask('/triage', { payload: ['Humming'] })).status, 200)
})

test('refuses what cannot be used, and keeps nothing of it', async () => {
  const { sql, one } = parts()
  const count = async () => (await sql.query({ text: 'SELECT version FROM triage.knowledge_version' })).length
  const before_ = await count()
  const bad: readonly object[] = [
    { table: 'pg_class', set: { id: 'x' } },
    { table: 'finding', set: { ...hum, colour: 'red' } },
    { table: 'finding', set: { kind: 'symptom' } },
    { table: 'finding', set: { ...hum, leak: '2' } },
    { table: 'finding', set: { ...hum, leak: 'often' } },
    { table: 'finding', set: { ...hum, kind: 'rumour' } },
    { table: 'presents_in', set: { finding: 'cough', condition: 'no-such', p: '0.5', source: 'xinglin' } },
    { table: 'presents_in', set: { finding: 'cough', condition: 'urti', p: '0.5', source: 'hearsay' } },
    { table: 'condition', remove: { id: 'no-such' } },
    { table: 'red_flag', set: { id: 'x', level: 'urgent', all_of: 'no-such', en: 'x', zh: 'x' } },
  ]
  for (const change of bad) {
    const { status, type } = await one.ask(`${base}/versions`, edit([change]))
    assert.equal(status, 422, JSON.stringify(change))
    assert.match(type, /problem\+json/)
  }
  assert.equal((await one.ask(`${base}/versions`, edit([]))).status, 400)
  assert.equal(await count(), before_)
  assert.equal((await one.ask(`${base}/versions/9999/activate`, { ...admin, method: 'POST' })).status, 404)
})

test('is edited by admins only', async () => {
  const { one } = parts()
  const { payload } = edit([{ table: 'finding', set: hum }])
  assert.equal((await one.ask(`${base}/versions`, { role: 'clinician', payload })).status, 403)
  assert.equal((await one.ask(`${base}/versions`, { role: 'clinician' })).status, 403)
  assert.equal((await one.ask(`${base}/versions`, { ...admin, scopes: ['user/*.cruds'], payload })).status, 403)
})
