// Interviews over HTTP with a real record store behind the EMR: questions, going back, finishing once, and who may see what.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { recordsSql } from '../../../records/index.ts'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { triage } from '../index.ts'
import { type EmrUnderTest, startEmr } from '../under-test/emr.ts'
import { type Ask, portsOn, type ServiceUnderTest, startTriage } from '../under-test/service.ts'

interface View {
  readonly id: string
  readonly status: string
  readonly revision: number
  readonly answers: readonly { readonly finding: string; readonly answer: string }[]
  readonly question: { readonly finding: string; readonly kind: string; readonly why: { readonly zh: string } } | null
  readonly stopped: string | null
  readonly urgency: { readonly level: string }
  readonly conclusion: {
    readonly urgency: { readonly level: string }
    readonly department: { readonly id: string; readonly zh: string }
    readonly candidates: readonly { readonly condition: string }[]
    readonly records: Readonly<Record<string, string>> | null
  } | null
}

const base = '/api/v1/triage/interviews'
const asPatient = { role: 'patient', patient: 'zhang-san', subject: 'zhang-san' } as const
const held: { database?: TestDatabase; service?: ServiceUnderTest; emr?: EmrUnderTest } = {}
const withholding = new Set<string>()

function parts(): { readonly service: ServiceUnderTest; readonly emr: EmrUnderTest; readonly database: TestDatabase } {
  const { service, emr, database } = held
  if (service === undefined || emr === undefined || database === undefined) throw new Error('not started')
  return { service, emr, database }
}

async function view(url: string, how: Ask): Promise<View> {
  const { status, body } = await parts().service.ask(url, how)
  assert.ok(status === 200 || status === 201, `${url} ${status} ${JSON.stringify(body).slice(0, 300)}`)
  return body as View
}

const begin = (payload: object, how: Ask = asPatient): Promise<View> => view(base, { ...how, payload })
const cough = { symptoms: ['Cough', 'Fever'], age: 34, sex: 'female' }

async function answerAll(first: View, reply: (finding: string) => string, how: Ask = asPatient): Promise<View> {
  let now = first
  while (now.question !== null) {
    const { finding } = now.question
    now = await view(`${base}/${now.id}/answers`, { ...how, payload: { finding, answer: reply(finding) } })
  }
  return now
}

async function stored(type: string): Promise<readonly Record<string, unknown>[]> {
  const answer = await parts().emr.call('emr')(`/fhir/${type}?_count=100`, {
    caller: { subject: 's', name: 's', roles: ['system'], scopes: [], purpose: 'TREAT' },
  })
  const { entry = [] } = (await answer.json()) as { entry?: readonly { resource: Record<string, unknown> }[] }
  return entry.map(({ resource }) => resource)
}

before(async () => {
  const database = await testDatabase([recordsSql, triage.sql])
  held.database = database
  const emr = await startEmr(database.sql, portsOn(database.sql, []))
  const service = await startTriage(database.sql, emr.call, {
    withheldFrom: async ({ roles }) => (roles.includes('patient') ? [] : [...withholding]),
  })
  Object.assign(held, { emr, service })
})

after(async () => {
  await held.service?.close()
  await held.emr?.close()
  await held.database?.close()
})

test('asks until it is sure enough, then finishes into one set of records', async () => {
  const last = await answerAll(await begin(cough), (finding) =>
    ['sore-throat', 'runny-nose', 'muscle-pain'].includes(finding) ? 'yes' : 'no',
  )
  assert.ok(last.answers.length <= 18 && last.stopped !== null)
  const done = await view(`${base}/${last.id}/finish`, { ...asPatient, payload: { book: true } })
  assert.equal(done.status, 'finished')
  assert.ok(['urti', 'influenza', 'covid-19'].includes(done.conclusion?.candidates[0]?.condition ?? ''))
  const records = done.conclusion?.records ?? {}
  assert.deepEqual(Object.keys(records).toSorted(), [
    'encounter',
    'location',
    'questionnaire_response',
    'risk_assessment',
    'service_request',
  ])
  const [encounter] = await stored('Encounter')
  assert.equal(encounter?.status, 'planned')
  assert.deepEqual(encounter?.basedOn, [{ reference: records.service_request }])
  const again = await view(`${base}/${last.id}/finish`, { ...asPatient, payload: {} })
  assert.deepEqual(again.conclusion?.records, records)
  assert.equal((await stored('Encounter')).length, 1)
})

test('finishing again after the records failed writes what was decided, once', async () => {
  const last = await answerAll(await begin(cough), () => 'no')
  parts().emr.fail(1)
  const failed = await parts().service.ask(`${base}/${last.id}/finish`, { ...asPatient, payload: {} })
  assert.equal(failed.status, 503)
  assert.equal((await view(`${base}/${last.id}`, asPatient)).status, 'finishing')
  const before_ = (await stored('QuestionnaireResponse')).length
  const done = await view(`${base}/${last.id}/finish`, { ...asPatient, payload: {} })
  assert.equal(done.status, 'finished')
  assert.equal((await stored('QuestionnaireResponse')).length, before_ + 1)
})

test('a red flag is asked first and an ambulance ends the questions', async () => {
  const first = await begin({ symptoms: ['Chest Pain'], age: 61, sex: 'male' })
  assert.equal(first.question?.kind, 'red-flag')
  assert.match(first.question?.why.zh ?? '', /紧急/)
  const after_ = await view(`${base}/${first.id}/answers`, {
    ...asPatient,
    payload: { finding: first.question?.finding ?? '', answer: 'yes' },
  })
  assert.equal(after_.urgency.level, 'ambulance')
  assert.equal(after_.question, null)
  const done = await view(`${base}/${first.id}/finish`, { ...asPatient, payload: {} })
  assert.equal(done.conclusion?.department.id, 'emergency')
  const back = await parts().service.ask(`${base}/${first.id}/back`, { ...asPatient, method: 'POST' })
  assert.equal(back.status, 409)
})

test('goes back, and takes the same answer twice as one', async () => {
  const first = await begin(cough)
  const finding = first.question?.finding ?? ''
  const payload = { finding, answer: 'yes' }
  const second = await view(`${base}/${first.id}/answers`, { ...asPatient, payload })
  const repeated = await view(`${base}/${first.id}/answers`, { ...asPatient, payload })
  assert.equal(repeated.revision, second.revision)
  assert.equal(repeated.answers.length, 1)
  const wrong = await parts().service.ask(`${base}/${first.id}/answers`, {
    ...asPatient,
    payload: { finding: 'no-such-finding', answer: 'yes' },
  })
  assert.equal(wrong.status, 409)
  const back = await view(`${base}/${first.id}/back`, { ...asPatient, method: 'POST' })
  assert.deepEqual([back.answers.length, back.question?.finding], [0, finding])
})

test('two answers at once to one question count once', async () => {
  const first = await begin(cough)
  const finding = first.question?.finding ?? ''
  const answers = await Promise.all(
    ['yes', 'no'].map((answer) =>
      parts().service.ask(`${base}/${first.id}/answers`, { ...asPatient, payload: { finding, answer } }),
    ),
  )
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409])
})

test('is shown to its patient and to clinicians, and hidden from everybody else', async () => {
  const { id } = await begin(cough)
  const status = async (how: Ask): Promise<number> => (await parts().service.ask(`${base}/${id}`, how)).status
  assert.equal(await status(asPatient), 200)
  assert.equal(await status({ role: 'clinician' }), 200)
  assert.equal(await status({ role: 'patient', patient: 'li-si', subject: 'li-si' }), 404)
  assert.equal(await status({ role: 'frontend' }), 404)
  assert.equal(await status({ role: 'operator' }), 403)
  const refused = parts().service.audits.filter(({ query, outcome }) => outcome === 'refused' && query?.endsWith(id))
  assert.deepEqual(
    refused.map((entry) => [entry.caller?.roles[0], entry.status]),
    [
      ['patient', 404],
      ['frontend', 404],
      ['operator', 403],
    ],
  )
  const other = await parts().service.ask(base, { ...asPatient, payload: { ...cough, patient: 'li-si' } })
  assert.equal(other.status, 403)
  const reading = await parts().service.ask(base, { ...asPatient, scopes: ['patient/*.rs'], payload: cough })
  assert.equal(reading.status, 403)
  const { body } = await parts().service.ask(`${base}?limit=100`, { role: 'patient', patient: 'li-si' })
  assert.deepEqual((body as { interviews: unknown[] }).interviews, [])
})

test('is hidden from whom the patient withholds it, but for what they themselves have under way', async () => {
  const doctor = { role: 'clinician', subject: 'dr-li' } as const
  const [theirs, own] = [await begin(cough), await begin(cough, { ...asPatient, subject: 'dr-li' })]
  const ids = async (how: Ask) => {
    const { body } = await parts().service.ask(`${base}?limit=100`, how)
    return (body as { interviews: readonly View[] }).interviews.map(({ id }) => id)
  }
  assert.ok((await ids(doctor)).includes(theirs.id))
  withholding.add('zhang-san')
  const statusOf = async (path: string, how: Ask) => (await parts().service.ask(`${base}/${path}`, how)).status
  assert.equal(await statusOf(theirs.id, doctor), 404)
  assert.equal(await statusOf(`${theirs.id}/finish`, { ...doctor, payload: {} }), 404)
  assert.ok(!(await ids(doctor)).includes(theirs.id))
  assert.ok((await ids(doctor)).includes(own.id))
  assert.equal(await statusOf(own.id, { ...doctor, subject: 'dr-wu' }), 404)
  await view(`${base}/${own.id}/finish`, { ...doctor, payload: {} })
  assert.equal(await statusOf(own.id, doctor), 404)
  assert.equal(await statusOf(own.id, asPatient), 200)
  withholding.clear()
  assert.equal(await statusOf(theirs.id, doctor), 200)
})

test('a token whose scopes speak of one patient shows that patient alone, also to a clinician', async () => {
  const { id } = await begin(cough)
  const bound = { role: 'clinician', subject: 'dr-x', patient: 'li-si', scopes: ['patient/*.cruds'] } as const
  assert.equal((await parts().service.ask(`${base}/${id}`, bound)).status, 404)
  assert.equal((await parts().service.ask(`${base}?patient=zhang-san`, bound)).status, 403)
  const { body } = await parts().service.ask(`${base}?limit=100`, bound)
  assert.deepEqual((body as { interviews: unknown[] }).interviews, [])
  const about = { payload: { ...cough, patient: 'zhang-san' } }
  assert.equal((await parts().service.ask(base, { ...bound, ...about })).status, 403)
  assert.equal((await parts().service.ask(`${base}/${id}`, { ...bound, patient: 'zhang-san' })).status, 200)
  assert.equal((await parts().service.ask(`${base}/${id}`, { role: 'clinician', scopes: ['user/*.rs'] })).status, 200)
})

test('every step stands in the trail with its patient', async () => {
  const { id } = await begin(cough)
  const own = parts().service.audits.filter(({ entities = [] }) => entities.includes(`triage-interview/${id}`))
  assert.deepEqual(
    own.map(({ action, patients }) => [action, patients]),
    [['C', ['zhang-san']]],
  )
})

test('refuses what it cannot use', async () => {
  const bad: readonly object[] = [
    { symptoms: ['Cough'] },
    { ...cough, age: 'old' },
    { ...cough, sex: 'other' },
    { ...cough, patient: '../x' },
    { ...cough, vitals: { heart_rate: 'fast' } },
  ]
  for (const payload of bad) {
    const { status, type } = await parts().service.ask(base, { ...asPatient, payload })
    assert.equal(status, 400, JSON.stringify(payload))
    assert.match(type, /problem\+json/)
  }
  assert.equal(
    (await parts().service.ask(base, { ...asPatient, payload: { ...cough, symptoms: ['zzz'] } })).status,
    422,
  )
  assert.equal((await parts().service.ask(`${base}/nonsense`, asPatient)).status, 404)
  for (const before of ['2020-99-99T99:99:99Z', '2020-01-01T........Z', '2020-02-01T25:00:00Z']) {
    assert.equal((await parts().service.ask(`${base}?before=${before}`, asPatient)).status, 400, before)
  }
})

test('staff name a patient that is there; a refusal of the records opens the interview again', async () => {
  const unknown = await parts().service.ask(base, { role: 'clinician', payload: { ...cough, patient: 'nobody' } })
  assert.equal(unknown.status, 422)
  const first = await begin(cough)
  parts().emr.fail(1, 422)
  const refused = await parts().service.ask(`${base}/${first.id}/finish`, { ...asPatient, payload: {} })
  assert.equal(refused.status, 422)
  assert.equal((await view(`${base}/${first.id}`, asPatient)).status, 'open')
  assert.equal((await view(`${base}/${first.id}/finish`, { ...asPatient, payload: {} })).status, 'finished')
})

test('an interview without a patient finishes without records', async () => {
  const staff = { role: 'clinician' } as const
  const first = await begin(cough, staff)
  const done = await view(`${base}/${first.id}/finish`, { ...staff, payload: {} })
  assert.equal(done.conclusion?.records, null)
  const gone = await begin(cough, staff)
  assert.equal((await view(`${base}/${gone.id}`, { ...staff, method: 'DELETE' })).status, 'abandoned')
})
