// Stored assessments as the panel reads them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RiskAssessment, riskViewOf } from './risk-view.ts'

const share = (vital: string, value: number, more: object[] = []) => ({
  url: 'urn:xinglin:explain:contribution',
  extension: [
    { url: 'urn:xinglin:explain:vital', valueCode: vital },
    { url: 'urn:xinglin:explain:share', valueDecimal: value },
    ...more,
  ],
})
const assessment: RiskAssessment = {
  resourceType: 'RiskAssessment',
  id: 'r',
  meta: { lastUpdated: '2026-05-03T12:00:00Z' },
  method: { coding: [{ code: 'icu_mortality_lstm', version: '1' }] },
  occurrencePeriod: { start: '2026-05-01T12:00:00Z', end: '2026-05-03T12:00:00Z' },
  basis: [{ reference: 'Observation/a' }, { reference: 'Observation/b' }],
  prediction: [
    {
      probabilityDecimal: 34.1,
      extension: [
        { url: 'urn:xinglin:explain:reference-group', valueDecimal: 0.12 },
        share('Lactate', 0.2, [
          { url: 'urn:xinglin:explain:latest', valueQuantity: { value: 4.2, unit: 'mmol/L' } },
          { url: 'urn:xinglin:explain:evidence', valueReference: { reference: 'Observation/a' } },
        ]),
        share('GCS', 0.021),
        share('Nonsense', 1),
      ],
    },
  ],
  note: [{ text: 'A sentence.' }, { text: '一句话。' }, { text: 'A limit.' }, { text: '局限。' }],
}

test('reads sentence, shares with their evidence, and limits in the chosen language', () => {
  const view = riskViewOf(assessment, 'en')
  assert.ok(view !== undefined)
  assert.deepEqual([view.sentence, view.limits], ['A sentence.', ['A limit.']])
  assert.deepEqual(
    view.shares.map(({ vital, evidence, value }) => [vital, evidence, value]),
    [
      ['Lactate', 'Observation/a', 4.2],
      ['GCS', undefined, undefined],
    ],
  )
  const sum = view.shares.reduce((total, one) => total + one.share, view.base)
  assert.ok(Math.abs(sum - view.risk) < 1e-9)
  assert.equal(riskViewOf(assessment, 'zh')?.sentence, '一句话。')
})

test('passes over assessments that others made', () => {
  assert.equal(riskViewOf({ resourceType: 'RiskAssessment', id: 'x' }, 'en'), undefined)
  assert.equal(riskViewOf({ ...assessment, prediction: [{ probabilityDecimal: 3 }] }, 'en'), undefined)
})
