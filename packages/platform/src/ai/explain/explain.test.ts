// `POST /explain` over a served model: the article's answer, methods that agree, jobs that survive, and refusals in words.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import { referenceStays } from '@xinglin/core/explain/icu'
import { icuFeatures } from '@xinglin/core/federated/icu'
import type { Models } from '../../kernel/ports.ts'
import type { ExplainAnswer } from './answer.ts'
import { openServedModel } from './served-model.ts'
import { type House, openHouse } from './under-test/house.ts'
import { mortalityModel, serveGraphs } from './under-test/served-graphs.ts'

const names = icuFeatures.map(({ name }) => name)
let served: Awaited<ReturnType<typeof serveGraphs>>
let house: House

/** Rows as JSON carries them: null is missing. */
function stays(count: number, from = 0): readonly unknown[] {
  const all = referenceStays(from + count + 4)
  return Array.from({ length: count }, (_, stay) =>
    Array.from({ length: 24 }, (_unused, step) =>
      Array.from({ length: 12 }, (_nothing, feature) => {
        const value = all[((from + stay) * 24 + step) * 12 + feature] ?? Number.NaN
        return Number.isNaN(value) ? null : value
      }),
    ),
  )
}
const full = (value: number) =>
  Array.from({ length: 24 }, () => icuFeatures.map(({ mean, deviation }) => mean + value * deviation))

before(async () => {
  served = await serveGraphs({ icu: mortalityModel(), small: { ...mortalityModel(), mostRows: 48 } })
  house = await openHouse(served.models)
})
after(async () => {
  await house.close()
  await served.close()
})

const answerOf = (body: unknown): ExplainAnswer => body as ExplainAnswer
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

test('explains an LSTM by vital sign: expected_value and shap_values add up to each prediction', async () => {
  const payload = { model: 'icu', background: stays(3), samples: stays(2, 3), feature_names: names, plot: 'force' }
  const { status, body } = await house.ask('/explain', { method: 'POST', payload })
  assert.equal(status, 200, JSON.stringify(body))
  const answer = answerOf(body)
  assert.equal(answer.method, 'exact')
  assert.deepEqual(answer.feature_names, names)
  for (const [sample, values] of (answer.shap_values[0] ?? []).entries()) {
    const sum = sumOf(values) + (answer.expected_value[0] ?? 0)
    assert.ok(Math.abs(sum - (answer.predictions[sample]?.[0] ?? 0)) < 1e-6)
  }
  assert.ok(answer.residual < 1e-9)
  assert.equal(answer.plots.length, 2)
  assert.match(answer.plots[0]?.svg ?? '', /^<svg .*<title>icu<\/title>/)
  assert.match(answer.statement, /Decision support only/)
  assert.deepEqual(
    house.entries.filter(({ interaction }) => interaction === 'explain').map(({ outcome }) => outcome),
    ['success'],
  )
})

test('all methods tell nearly the same of a smooth model, each by its own road', async () => {
  const rows = { model: 'icu', background: [full(0)], samples: [full(0.8)], feature_names: names }
  const valuesBy = async (more: object): Promise<readonly number[]> => {
    const { status, body } = await house.ask('/api/v1/explain', { method: 'POST', payload: { ...rows, ...more } })
    assert.equal(status, 200, JSON.stringify(body))
    return answerOf(body).shap_values[0]?.[0] ?? []
  }
  const exact = await valuesBy({ method: 'exact' })
  const largest = Math.max(...exact.map(Math.abs))
  const cases: readonly (readonly [object, number])[] = [
    [{ method: 'kernel', nsamples: 4096 }, 1e-5],
    [{ method: 'kernel' }, 0.02],
    [{ method: 'permutation', nsamples: 200 }, 0.1],
    [{ method: 'integrated-gradients' }, 0.35],
    [{ method: 'expected-gradients' }, 0.35],
    [{ method: 'lime' }, 0.5],
  ]
  for (const [more, tolerance] of cases) {
    const values = await valuesBy(more)
    const gap = Math.max(...values.map((value, at) => Math.abs(value - (exact[at] ?? 0)))) / largest
    assert.ok(gap < tolerance, `${JSON.stringify(more)} is ${gap} away`)
  }
})

test('takes every cell, named groups, and models that take few rows at a time', async () => {
  const common = { model: 'small', background: stays(1), samples: stays(1, 2) }
  const cells = await house.ask('/explain', { method: 'POST', payload: { ...common, nsamples: 700 } })
  assert.equal(answerOf(cells.body).method, 'kernel', JSON.stringify(cells.body))
  assert.equal(answerOf(cells.body).shap_values[0]?.[0]?.length, 288)
  assert.ok(answerOf(cells.body).residual < 1e-9)
  assert.ok(Math.max(...served.calls.slice(-4)) <= 48)
  const groups = ['early', 'late'].map((name, half) => ({
    name,
    features: Array.from({ length: 144 }, (_, at) => half * 144 + at),
  }))
  const halves = await house.ask('/explain', { method: 'POST', payload: { ...common, groups } })
  assert.deepEqual(answerOf(halves.body).feature_names, ['early', 'late'])
})

test('refuses what does not fit, saying where, and keeps nothing', async () => {
  const good = { model: 'icu', background: [full(0)], samples: [full(1)], feature_names: names }
  const cases: readonly (readonly [object, number, RegExp])[] = [
    [{ ...good, model: 'nobody' }, 404, /nobody/],
    [{ ...good, samples: [[1, 2]] }, 422, /samples\[0\] must be an array of 24/],
    [{ ...good, samples: [full(0).map((row) => row.map(() => 'x'))] }, 422, /samples\[0\]\[0\]\[0\] must be a number/],
    [{ ...good, samples: [full(0).map((row) => row.map(() => 1e300))] }, 422, /too large for the model/],
    [{ ...good, feature_names: ['a'] }, 422, /1 feature_names; there must be 12/],
    [{ ...good, method: 'magic' }, 400, /method/],
    [{ ...good, samples: [] }, 400, /samples/],
    [{ ...good, surprise: 1 }, 400, /surprise/],
    [{ ...good, output: 'nothing' }, 422, /no such output/],
    [{ ...good, feature_names: undefined, method: 'exact' }, 422, /288/],
    [{ ...good, method: 'integrated-gradients', background: [full(0), full(1)] }, 422, /one background row/],
    [{ ...good, method: 'integrated-gradients', background: stays(1) }, 422, /a number in every cell/],
    [{ ...good, method: 'lime', nsamples: 3 }, 422, /at least 26 samples/],
    [
      { ...good, background: Array.from({ length: 2000 }, () => full(0)), samples: [full(1), full(2)] },
      422,
      /16384000 predictions/,
    ],
    [{ ...good, groups: [{ name: 'a', features: [0] }], feature_names: undefined }, 422, /exactly one group/],
    [{ ...good, groups: [{ name: 'a', features: [999] }], feature_names: undefined }, 422, /feature 999/],
  ]
  for (const [payload, status, words] of cases) {
    const reply = await house.ask('/explain', { method: 'POST', payload })
    assert.equal(reply.status, status, JSON.stringify(reply.body))
    assert.match(JSON.stringify(reply.body), words)
    assert.match(String(reply.headers['content-type']), /problem\+json/)
  }
  assert.equal((await house.ask('/explain', { method: 'POST', payload: '{"model":' })).status, 400)
  assert.equal((await house.ask('/explain', { method: 'POST', payload: ' '.repeat(5_000_000) })).status, 413)
  for (const role of ['patient', 'frontend', 'compliance', 'operator'] as const) {
    assert.equal((await house.ask('/explain', { method: 'POST', payload: good, role })).status, 403)
  }
  const { body } = await house.ask('/explain', { method: 'POST', payload: { model: 1 }, role: 'patient' })
  assert.match(JSON.stringify(body), /open to the roles/)
  const [kept] = await house.database.sql.query<{ count: number }>({
    text: 'SELECT count(*)::int AS count FROM explain.job',
  })
  assert.equal(kept?.count, 0)
})

async function until(id: string, isReached: (body: JobBody) => boolean): Promise<JobBody> {
  for (let round = 0; round < 2000; round += 1) {
    const { status, body } = await house.ask(`/explain/jobs/${id}`)
    assert.equal(status, 200, JSON.stringify(body))
    if (isReached(body as unknown as JobBody)) return body as unknown as JobBody
    await delay(25)
  }
  throw new Error('the job did not get there')
}

interface JobBody {
  readonly id: string
  readonly state: string
  readonly done: number
  readonly total: number
  readonly samples_done: number
  readonly problem: { readonly code: string } | null
  readonly result?: ExplainAnswer
}

const asJob = { prefer: 'respond-async' }

test('long explanations are jobs: shown with counts, ended with the same answer, and only the owner sees them', async () => {
  const payload = { model: 'icu', background: stays(1), samples: stays(2, 2), feature_names: names }
  const { status, headers, body } = await house.ask('/explain', { method: 'POST', payload, headers: asJob })
  assert.equal(status, 202)
  const { id } = body as unknown as JobBody
  assert.equal(headers.location, `/explain/jobs/${id}`)
  const done = await until(id, ({ state }) => state === 'done')
  assert.deepEqual([done.done, done.samples_done], [done.total, 2])
  const direct = await house.ask('/explain', { method: 'POST', payload })
  assert.deepEqual(done.result, direct.body)
  const other = await house.ask(`/explain/jobs/${id}`, { subject: 'somebody-else' })
  assert.equal(other.status, 404)
  assert.equal((await house.ask(`/explain/jobs/${id}`, { role: 'admin' })).status, 200)
  assert.equal((await house.ask(`/explain/jobs/${id}`, { method: 'DELETE' })).status, 409)
  assert.equal((await house.ask('/explain/jobs/00000000-0000-0000-0000-000000000000')).status, 404)
  assert.equal((await house.ask(`/explain/jobs/${'-'.repeat(36)}`)).status, 400)
})

test('a job goes on after a restart without doing finished samples again, and can be cancelled', async () => {
  const samples = stays(3, 4)
  const payload = { model: 'icu', background: stays(2), samples, feature_names: names }
  const started = await house.ask('/explain', { method: 'POST', payload, headers: asJob })
  const { id } = started.body as unknown as JobBody
  await until(id, ({ samples_done: count }) => count >= 1)
  await house.restart()
  const before = served.calls.reduce((sum, rows) => sum + rows, 0)
  const done = await until(id, ({ state }) => state === 'done')
  const rows = served.calls.reduce((sum, count) => sum + count, 0) - before
  assert.ok(rows <= 2 * 4096 * 2 + 512, `${rows} rows were predicted after the restart`)
  assert.equal(done.result?.shap_values[0]?.length, 3)
  const long = { ...payload, samples: Array.from({ length: 12 }, () => samples[0]) }
  const { body } = await house.ask('/explain', { method: 'POST', payload: long, headers: asJob })
  const cancelled = await house.ask(`/explain/jobs/${(body as unknown as JobBody).id}`, { method: 'DELETE' })
  assert.equal((cancelled.body as unknown as JobBody).state, 'cancelled')
  const failing = await house.ask('/explain', {
    method: 'POST',
    headers: asJob,
    payload: { ...payload, method: 'lime', nsamples: 3 },
  })
  const failed = await until((failing.body as unknown as JobBody).id, ({ state }) => state === 'failed')
  assert.equal(failed.problem?.code, 'unprocessable')
})

test('a job whose process was killed is taken over when its lease has run off', async () => {
  const payload = { model: 'icu', background: stays(1), samples: stays(1, 2), feature_names: names, method: 'lime' }
  const { body } = await house.ask('/explain', { method: 'POST', payload, headers: asJob })
  const { id } = body as unknown as JobBody
  await until(id, ({ state }) => state === 'done')
  // As a killed process leaves it: running, held by nobody alive, nothing of the sample kept.
  await house.database.sql.query({ text: 'DELETE FROM explain.job_row WHERE job = $1', values: [id] })
  await house.database.sql.query({
    text: `UPDATE explain.job SET state = 'running', holder = 'dead', lease_until = now() - interval '1 s', ended_at = NULL
           WHERE id = $1`,
    values: [id],
  })
  const again = await until(id, ({ state }) => state === 'done')
  assert.equal(again.samples_done, 1)
})

test('models that cannot be explained row by row are refused in words', async () => {
  const modelWith = (change: object): Models => ({
    metadata: async () => ({
      ...{ name: 'odd', versions: ['1'], platform: 'x' },
      inputs: [{ name: 'a', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'b', datatype: 'FP32', shape: [-1, 1] }],
      ...change,
    }),
    infer: async () => ({ b: { datatype: 'INT64', shape: [1], data: BigInt64Array.of(1n) } }),
  })
  const open = (change: object) => openServedModel(modelWith(change), { model: 'odd' }, { batchRows: 8 })
  const refused = (words: RegExp) => (error: unknown) => error instanceof AppError && words.test(error.message)
  const input = { name: 'a', datatype: 'FP32', shape: [-1, 3] }
  await assert.rejects(open({ inputs: [input, input] }), refused(/takes 2 inputs/))
  await assert.rejects(open({ inputs: [{ ...input, datatype: 'INT64' }] }), refused(/takes INT64/))
  await assert.rejects(open({ inputs: [{ ...input, shape: [-1, -1] }] }), refused(/a fixed shape/))
  await assert.rejects(open({ outputs: [] }), refused(/no such output/))
  const model = await open({})
  await assert.rejects(model.predict(model.rows(1), 1), refused(/did not answer with real numbers/))
})
