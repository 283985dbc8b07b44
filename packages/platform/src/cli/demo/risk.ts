// A risk with its reasons: two days in intensive care, the model's estimate, what it rests on, and what may not be asked.
import { icuStayBundle } from '@xinglin/core/explain/icu'
import { type Answer, expectStatus, type Stage } from './stage.ts'

const chapter = 'A risk with its reasons'
const patientId = 'wang-fang'

interface RiskBody {
  readonly sentence: { readonly en: string; readonly zh: string }
  readonly risk: number
  readonly base: number
  readonly contributions: readonly { readonly vital: string; readonly contribution: number }[]
  readonly limits: readonly { readonly en: string }[]
  readonly risk_assessment: string
}

interface ExplainBody {
  readonly expected_value: readonly number[]
  readonly shap_values: readonly (readonly (readonly number[])[])[]
  readonly predictions: readonly (readonly number[])[]
}

const grave = {
  ...{ seed: 21, patientId, family: 'Wang', given: 'Fang', birthDate: '1949-05-01', severity: 2.2 },
}

async function loadStay(stage: Stage): Promise<string> {
  const bundle = icuStayBundle({ ...grave, endMs: Date.now() - 60_000 })
  const answer = await stage.ask('/fhir', {
    ...{ method: 'POST', body: bundle, token: await stage.token('clinician') },
    headers: { 'content-type': 'application/fhir+json' },
  })
  expectStatus(answer, 200)
  return `${(bundle.entry?.length ?? 2) - 2} measurements of two days in the record of Wang Fang`
}

const askRisk = async (stage: Stage, role: string): Promise<Answer> =>
  stage.ask('/api/v1/explain/risk', { method: 'POST', body: { patient: patientId }, token: await stage.token(role) })

async function explainByHand(stage: Stage): Promise<string> {
  const row = (shift: number) =>
    Array.from({ length: 24 }, () =>
      [86, 120, 79, 19, 37, 12, 120, 26, 1.4, 2.2, 12.5, 0.5].map((value) => value + shift),
    )
  const body = {
    ...{ model: 'icu_mortality_lstm', background: [row(0)], samples: [row(0.4), row(-0.4)] },
    feature_names: [
      'HR',
      'SysABP',
      'MAP',
      'RespRate',
      'Temp',
      'GCS',
      'Urine',
      'BUN',
      'Creatinine',
      'Lactate',
      'WBC',
      'FiO2',
    ],
  }
  const answer = await stage.ask('/explain', { method: 'POST', body, token: await stage.token('data-scientist') })
  expectStatus(answer, 200)
  const { expected_value: base, shap_values: values, predictions } = answer.body as unknown as ExplainBody
  const sums = (values[0] ?? []).map((row) => row.reduce((sum, value) => sum + value, base[0] ?? 0))
  const gap = Math.max(...sums.map((sum, at) => Math.abs(sum - (predictions[at]?.[0] ?? Number.NaN))))
  if (!(gap < 1e-6)) throw new Error(`the values miss the prediction by ${gap}`)
  return `expected_value and shap_values add up to each prediction within ${gap.toExponential(0)}`
}

/** Plays the chapter. */
export async function playRisk(stage: Stage): Promise<void> {
  await stage.scene(chapter, 'two days in intensive care are in the record', () => loadStay(stage))
  await stage.scene(chapter, 'the model estimates, and says what its estimate rests on', async () => {
    const answer = await askRisk(stage, 'clinician')
    expectStatus(answer, 200)
    const { sentence, risk, base, contributions } = answer.body as unknown as RiskBody
    const sum = contributions.reduce((total, { contribution }) => total + contribution, base)
    if (Math.abs(sum - risk) > 1e-6) throw new Error(`the shares add up to ${sum}, not to ${risk}`)
    return `${sentence.en} ${sentence.zh}`
  })
  await stage.scene(chapter, 'the estimate is a RiskAssessment that links to each Observation', async () => {
    const token = await stage.token('clinician')
    const found = await stage.ask(`/fhir/RiskAssessment?patient=${patientId}&_sort=-_lastUpdated&_count=1`, { token })
    expectStatus(found, 200)
    const [entry] = found.body.entry as readonly {
      readonly resource: { readonly status: string; readonly basis: readonly unknown[] }
    }[]
    return `status ${entry?.resource.status}, based on ${entry?.resource.basis.length} Observations`
  })
  await stage.scene(chapter, "any served model is explained in SHAP's words", () => explainByHand(stage))
  await stage.scene(chapter, 'an estimate of dying is not for every role', async () => {
    const answer = await askRisk(stage, 'frontend')
    expectStatus(answer, 403)
    return `403 ${String(answer.body.detail)}`
  })
}
