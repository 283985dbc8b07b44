// The in-hospital risk of a patient: from the record, explained by vital sign, stored as a valid RiskAssessment.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { icuStayBundle, observeStay, vitals } from '@xinglin/core/explain/icu'
import type { Resource } from '@xinglin/core/fhir'
import { validateResource } from '@xinglin/core/fhir/validation'
import { type House, openHouse } from '../under-test/house.ts'
import { mortalityModel, serveGraphs } from '../under-test/served-graphs.ts'
import { estimateRisk } from './estimate.ts'

let served: Awaited<ReturnType<typeof serveGraphs>>
let house: House
const endMs = Date.now() - 60_000
const grave = {
  ...{ seed: 21, patientId: 'wang-fang', family: 'Wang', given: 'Fang', birthDate: '1949-05-01' },
  ...{ severity: 2.2, endMs },
}

interface RiskBody {
  readonly sentence: { readonly en: string; readonly zh: string }
  readonly risk: number
  readonly base: number
  readonly contributions: readonly {
    readonly vital: string
    readonly contribution: number
    readonly latest: { readonly value: number; readonly reference: string } | null
  }[]
  readonly limits: readonly { readonly en: string; readonly zh: string }[]
  readonly patient: string
  readonly encounter: string | null
  readonly risk_assessment: string | null
  readonly plots: { readonly waterfall: { readonly en: string; readonly zh: string } }
  readonly left_out: Readonly<Record<string, number>>
  readonly detail?: string
}

before(async () => {
  served = await serveGraphs({ icu_mortality_lstm: mortalityModel() })
  house = await openHouse(served.models)
  for (const options of [grave, { ...grave, seed: 3, patientId: 'li-na', severity: -1.5 }]) {
    const { status, body } = await house.fhir('/fhir', {
      method: 'POST',
      payload: icuStayBundle(options),
      role: 'system',
    })
    assert.equal(status, 200, JSON.stringify(body).slice(0, 500))
  }
})
after(async () => {
  await house.close()
  await served.close()
})

async function assess(payload: object, how: object = {}) {
  const { status, body } = await house.ask('/api/v1/explain/risk', { method: 'POST', payload, ...how })
  return { status, body: body as unknown as RiskBody }
}

test('tells a grave stay from a mild one, and the shares add up', async () => {
  const { status, body } = await assess({ patient: 'wang-fang' })
  assert.equal(status, 200, JSON.stringify(body))
  const sum = body.contributions.reduce((total, { contribution }) => total + contribution, body.base)
  assert.ok(Math.abs(sum - body.risk) < 1e-6)
  const mild = await assess({ patient: 'Patient/li-na', store: false })
  assert.ok(body.risk > 3 * mild.body.risk, `${body.risk} is not above ${mild.body.risk}`)
  assert.equal(mild.body.risk_assessment, null)
  assert.match(body.sentence.en, /^The model estimates the risk of death in hospital at \d+ %/)
  assert.match(body.sentence.zh, /^模型估计院内死亡风险为\d+%/)
  assert.match(body.limits[0]?.en ?? '', /Decision support only/)
  assert.match(body.plots.waterfall.en, /href="\/fhir\/Observation\/wang-fang-icu-/)
  assert.match(body.plots.waterfall.zh, /格拉斯哥|心率|尿量/)
})

test('stores a valid RiskAssessment whose shares link to the Observations they come from', async () => {
  const { body } = await assess({ encounter: 'wang-fang-icu' })
  assert.deepEqual([body.patient, body.encounter], ['Patient/wang-fang', 'Encounter/wang-fang-icu'])
  const { status, resource } = await house.fhir(`/fhir/${body.risk_assessment}`)
  assert.equal(status, 200)
  assert.deepEqual(
    validateResource(resource).filter(({ severity }) => severity === 'error'),
    [],
  )
  assert.equal(resource.status, 'preliminary')
  const [prediction] = resource.prediction as readonly {
    readonly probabilityDecimal: number
    readonly rationale: string
  }[]
  assert.ok(Math.abs((prediction?.probabilityDecimal ?? 0) / 100 - body.risk) < 1e-6)
  assert.equal(prediction?.rationale, body.sentence.en)
  const basis = resource.basis as readonly { readonly reference: string }[]
  assert.ok(basis.length > 100)
  for (const { latest } of body.contributions) {
    if (latest === null) continue
    assert.ok(basis.some(({ reference }) => reference === latest.reference))
    const found = await house.fhir(`/fhir/${latest.reference}`)
    const quantity = (found.resource as Resource & { valueQuantity: { value: number; code: string } }).valueQuantity
    const factor = quantity.code === '%' ? 0.01 : 1
    assert.ok(Math.abs(quantity.value * factor - latest.value) < 1e-6, latest.reference)
  }
  const found = await house.fhir('/fhir/RiskAssessment?patient=wang-fang&method=urn:xinglin:model|icu_mortality_lstm')
  assert.ok((found.resource.total as number) >= 1, JSON.stringify(found.body).slice(0, 300))
  const entry = house.entries.findLast(({ interaction }) => interaction === 'explain-risk')
  assert.deepEqual([entry?.outcome, entry?.patients], ['success', ['wang-fang']])
  assert.deepEqual(entry?.entities, ['Encounter/wang-fang-icu', body.risk_assessment])
})

test('looks at the 48 hours that are asked for', async () => {
  const early = await assess({ patient: 'wang-fang', at: new Date(endMs - 40 * 3_600_000).toISOString(), store: false })
  assert.equal(early.status, 200)
  assert.match(early.body.limits.at(-1)?.en ?? '', /\((\d|[1-5]\d) values/)
  const long = await assess({ patient: 'wang-fang', at: '2020-01-01T00:00:00Z' })
  assert.equal(long.status, 422)
  assert.match(long.body.detail ?? '', new RegExp(`0 of ${vitals.length} measurements have a value`))
})

test('refuses on behalf of the record store, and stores nothing then', async () => {
  const countOf = async (): Promise<number> =>
    (await house.fhir('/fhir/RiskAssessment?_summary=count', { role: 'admin' })).body.total as number
  const before = await countOf()
  assert.equal((await assess({ patient: 'nobody' })).status, 404)
  assert.equal((await assess({ encounter: 'nothing' })).status, 404)
  assert.equal((await assess({ patient: 'li-na', encounter: 'wang-fang-icu' })).status, 422)
  assert.equal((await assess({})).status, 400)
  assert.equal((await assess({ patient: '../Observation' })).status, 400)
  assert.equal((await assess({ patient: 'wang-fang', at: '2026-13-45T99:00:00Z' })).status, 422)
  for (const role of ['patient', 'frontend', 'data-scientist', 'pharmacist', 'operator'] as const) {
    assert.equal((await assess({ patient: 'wang-fang' }, { role })).status, 403)
  }
  assert.equal(await countOf(), before)
})

test('says so when the model is not served', async () => {
  const observations = (icuStayBundle(grave).entry ?? []).flatMap(({ resource }) => resource ?? [])
  const options = { models: served.models, model: 'another', batchRows: 8, referenceStays: 4 }
  const { signal } = new AbortController()
  const estimate = estimateRisk(observeStay(observations, endMs), { ...options, signal })
  await assert.rejects(estimate, (error) => error instanceof AppError && /another is not served/.test(error.message))
})
