// `POST /triage` over HTTP on a real database: the article's call, the default scoring, and what is refused.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openNeo4jGraph } from '../../engines/neo4j/index.ts'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { triage } from './index.ts'
import { type ServiceUnderTest, startTriage } from './under-test/service.ts'

interface Shown {
  readonly input_symptoms: readonly string[]
  readonly suggested_departments: readonly {
    readonly disease: string
    readonly confidence: number
    readonly department: string
    readonly department_zh: string
    readonly explanation?: readonly { readonly finding: string; readonly log_odds: number }[]
  }[]
  readonly no_good_match?: boolean
  readonly urgency: { readonly level: string; readonly reasons: readonly { readonly rule: string }[] }
  readonly unknown_symptoms: readonly { readonly name: string; readonly suggestions: readonly string[] }[]
  readonly disclaimer: { readonly zh: string }
}

const held: { database?: TestDatabase; service?: ServiceUnderTest } = {}

function service(): ServiceUnderTest {
  if (held.service === undefined) throw new Error('the service has not started')
  return held.service
}

async function asked(payload: string | object, query = ''): Promise<Shown> {
  const { status, body } = await service().ask(`/triage${query}`, { payload })
  assert.equal(status, 200, JSON.stringify(body))
  return body as Shown
}

before(async () => {
  held.database = await testDatabase([triage.sql])
  held.service = await startTriage(held.database.sql)
})

after(async () => {
  await held.service?.close()
  await held.database?.close()
})

test('answers the article’s call with the article’s scores', async () => {
  for (const payload of [{ symptoms: ['Cough', 'Fever'] }, ['Cough', 'Fever']]) {
    const { input_symptoms, suggested_departments } = await asked(payload, '?scoring=article')
    assert.deepEqual(input_symptoms, ['Cough', 'Fever'])
    assert.deepEqual(
      suggested_departments.map(({ disease, confidence, department }) => [disease, confidence, department]),
      [
        ['Common Cold', 1, 'Ear, nose and throat'],
        ['COVID-19', 1, 'Fever clinic'],
        ['Pneumonia', 2 / 3, 'Respiratory medicine'],
      ],
    )
  }
})

test('scores by Bayes unless told otherwise, with departments in both languages and a reason for each', async () => {
  const {
    suggested_departments: [first],
    disclaimer,
  } = await asked({ symptoms: ['Cough', 'Fever'], age: 30 })
  assert.ok(first !== undefined && first.confidence > 0 && first.confidence < 1)
  assert.equal(typeof first.department_zh, 'string')
  assert.deepEqual(
    first.explanation?.map(({ finding }) => finding),
    ['cough', 'fever'],
  )
  assert.match(disclaimer.zh, /不是诊断/)
})

test('understands Chinese names and sends children to paediatrics', async () => {
  const adult = await asked(['咳嗽', '发烧', '咳痰', '胸痛', '寒战'])
  assert.equal(adult.suggested_departments[0]?.disease, 'Pneumonia')
  const child = await asked({ symptoms: ['咳嗽', '发烧', '咳痰', '寒战'], age: 6 })
  assert.equal(child.suggested_departments[0]?.department, 'Paediatrics')
})

test('what is absent counts', async () => {
  const with_ = await asked({ symptoms: ['Sore throat'], age: 30 })
  const without = await asked({ symptoms: ['Sore throat'], absent: ['Cough', 'Blocked or runny nose'], age: 30 })
  const cold = (answer: Shown) =>
    answer.suggested_departments.find(({ disease }) => disease.startsWith('Common cold'))?.confidence ?? 0
  assert.ok(cold(without) < cold(with_))
})

test('red flags set the urgency, with their rule', async () => {
  const { urgency } = await asked({ symptoms: ['Chest pain', 'Sweating'], age: 60, sex: 'male' })
  assert.equal(urgency.level, 'ambulance')
  assert.ok(urgency.reasons.some(({ rule }) => rule === 'chest-pain-sweating'))
  const vital = await asked({ symptoms: ['Cough'], age: 40, vitals: { oxygen_saturation: 88 } })
  assert.equal(vital.urgency.level, 'emergency')
})

test('tells which names it does not know and what may have been meant', async () => {
  const { unknown_symptoms } = await asked(['Cough', 'feverr'])
  assert.deepEqual(unknown_symptoms[0]?.name, 'feverr')
  assert.ok(unknown_symptoms[0]?.suggestions.includes('Fever'))
  const { status, body } = await service().ask('/triage', { payload: ['heddache'] })
  assert.equal(status, 422)
  assert.match((body as { detail: string }).detail, /perhaps .*Headache/)
})

test('says so when nothing fits', async () => {
  const odd = await asked({
    symptoms: ['Itchy nose or throat', 'Black stools', 'Double vision', 'Unusual bleeding or bruising'],
  })
  assert.equal(odd.no_good_match, true)
})

test('refuses what it cannot use, as problem details', async () => {
  const bad: readonly (string | object)[] = [
    '{"symptoms":',
    '"Cough"',
    {},
    [],
    { symptoms: [] },
    { symptoms: 'Cough' },
    { symptoms: [1] },
    { symptoms: ['Cough'], colour: 'red' },
    { symptoms: ['Cough'], age: -1 },
    { symptoms: ['Cough'], age: null },
    { symptoms: ['Cough'], sex: 'unknown' },
    { symptoms: Array.from({ length: 101 }, () => 'Cough') },
    { symptoms: ['x'.repeat(201)] },
  ]
  for (const payload of bad) {
    const { status, type } = await service().ask('/triage', { payload })
    assert.equal(status, 400, JSON.stringify(payload).slice(0, 60))
    assert.match(type, /problem\+json/)
  }
  const huge = await service().ask('/triage', { payload: { symptoms: ['x'.repeat(70_000)] } })
  assert.equal(huge.status, 413)
  assert.equal((await service().ask('/triage?scoring=magic', { payload: ['Cough'] })).status, 400)
  assert.equal((await service().ask('/triage?graph=article', { payload: ['Cough'] })).status, 400)
})

test('is closed to roles without patients, and to scopes that do not cover it', async () => {
  const payload = ['Cough']
  for (const role of ['operator', 'data-scientist', 'compliance'] as const) {
    assert.equal((await service().ask('/triage', { payload, role })).status, 403)
  }
  assert.equal((await service().ask('/triage', { payload, scopes: ['user/Observation.rs'] })).status, 403)
  assert.equal((await service().ask('/triage', { payload, role: 'patient', patient: 'p' })).status, 200)
})

test('finds findings by a part of their name', async () => {
  const { body } = await service().ask('/api/v1/triage/findings?text=chest&limit=3')
  const { findings } = body as { findings: readonly { id: string }[] }
  assert.equal(findings[0]?.id, 'chest-pain')
})

test('scores by its arrays while Neo4j cannot be reached', { timeout: 30_000 }, async () => {
  const { database } = held
  assert.ok(database !== undefined)
  const graph = openNeo4jGraph({ url: 'bolt://127.0.0.1:9', user: 'neo4j', password: 'none' })
  const own = await startTriage(database.sql, undefined, { graph })
  try {
    const { status, body } = await own.ask('/triage?scoring=article&graph=xinglin', { payload: ['Cough', 'Fever'] })
    const { engine, suggested_departments: first } = body as Shown & { readonly engine: string }
    assert.deepEqual([status, engine, first.length > 0], [200, 'arrays', true])
  } finally {
    await own.close()
  }
})
