// Records into tensors, stays into Bundles, estimates into sentences.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../../fhir/index.ts'
import { latestOf, observeStay } from './observed-stay.ts'
import { referenceStays } from './reference-group.ts'
import { riskLimits, riskSentence } from './risk-sentence.ts'
import { icuStayBundle } from './stay-bundle.ts'
import { measuredText, vitals } from './vitals.ts'

const endMs = Date.UTC(2026, 4, 3, 12)
const hour = 3_600_000
const at = (name: string): number => vitals.findIndex((vital) => vital.name === name)
const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })

function observation(code: string, value: number, unit: string, more: object = {}): Resource {
  return {
    resourceType: 'Observation',
    id: `${code}-${value}`,
    status: 'final',
    code: loinc(code),
    effectiveDateTime: new Date(endMs - hour).toISOString(),
    valueQuantity: { value, code: unit, system: 'http://unitsofmeasure.org' },
    ...more,
  }
}

// https://loinc.org/get-started/loinc-term-basics/ "check digit": LOINC's mod 10 over every other digit.
function checkDigit(stem: string): number {
  const digits = [...stem].reverse().map(Number)
  const odd = digits.filter((_, index) => index % 2 === 0).join('')
  const even = digits.filter((_, index) => index % 2 === 1).join('')
  const sum = [...`${even}${Number(odd) * 2}`].reduce((total, digit) => total + Number(digit), 0)
  return (10 - (sum % 10)) % 10
}

test('every LOINC code has the right check digit and means one measurement', () => {
  const codes = vitals.flatMap((vital) => vital.loinc)
  assert.equal(new Set(codes).size, codes.length)
  for (const code of codes) {
    const [stem = '', digit = ''] = code.split('-')
    assert.equal(checkDigit(stem), Number(digit), code)
  }
})

test('converts the units in use into those of the model', () => {
  const cases: readonly [code: string, value: number, unit: string, name: string, wanted: number][] = [
    ['8867-4', 80, '/min', 'HR', 80],
    ['8310-5', 98.6, '[degF]', 'Temp', 37],
    ['8310-5', 310.15, 'K', 'Temp', 37],
    ['22664-7', 10, 'mmol/L', 'BUN', 28.014],
    ['14682-9', 88.4, 'umol/L', 'Creatinine', 1],
    ['14118-4', 18.016, 'mg/dL', 'Lactate', 2],
    ['6690-2', 12_000, '/uL', 'WBC', 12],
    ['3150-0', 40, '%', 'FiO2', 0.4],
    ['8478-0', 10, 'kPa', 'MAP', 75.0062],
    ['9187-6', 0.15, 'L', 'Urine', 150],
  ]
  for (const [code, value, unit, name, wanted] of cases) {
    const { values } = observeStay([observation(code, value, unit)], endMs)
    const found = values[23 * 12 + at(name)] ?? Number.NaN
    assert.ok(Math.abs(found - wanted) < 2e-3 * wanted, `${code}: ${found} is not ${wanted}`)
    assert.equal(values.filter((one) => !Number.isNaN(one)).length, 1)
  }
})

test('keeps the last value of each two-hour bin, panels included, and nothing from outside the 48 hours', () => {
  const when = (hours: number) => ({ effectiveDateTime: new Date(endMs - hours * hour).toISOString() })
  const panel = {
    ...observation('85354-9', 0, ''),
    id: 'panel',
    valueQuantity: undefined,
    component: [
      { code: loinc('8480-6'), valueQuantity: { value: 91, code: 'mm[Hg]' } },
      { code: loinc('8462-4'), valueQuantity: { value: 50, code: 'mm[Hg]' } },
    ],
  }
  const stay = observeStay(
    [
      observation('8867-4', 70, '/min', when(1)),
      observation('8867-4', 90, '/min', when(1.9)),
      observation('8867-4', 60, '/min', when(47.9)),
      observation('8867-4', 55, '/min', when(48)),
      observation('8867-4', 50, '/min', when(-0.1)),
      observation('8867-4', 77, '/min', when(2)),
      panel,
    ],
    endMs,
  )
  const bins = Array.from({ length: 24 }, (_, bin) => stay.values[bin * 12] ?? 0)
  assert.deepEqual([bins[0], bins[22], bins[23]], [60, 77, 70])
  assert.equal(bins.filter((value) => !Number.isNaN(value)).length, 3)
  assert.equal(stay.values[23 * 12 + at('SysABP')], 91)
  assert.equal(stay.evidence.length, 4)
  assert.equal(latestOf(stay)[at('HR')]?.reference, 'Observation/8867-4-70')
  assert.equal(latestOf(stay)[at('SysABP')]?.reference, 'Observation/panel')
  assert.equal(latestOf(stay)[at('GCS')], undefined)
  assert.deepEqual(stay.leftOut, {})
})

test('counts what it cannot read instead of guessing', () => {
  const stay = observeStay(
    [
      observation('8867-4', 80, '/min', { status: 'entered-in-error' }),
      observation('8867-4', 80, 'furlong'),
      observation('8867-4', 80, 'constructor'),
      observation('8867-4', 900, '/min'),
      observation('8867-4', 80, '/min', { effectiveDateTime: '2026-05-03' }),
      observation('8867-4', 80, '/min', { valueQuantity: { value: 80, code: '/min', comparator: '<' } }),
      observation('8867-4', 80, '/min', { valueQuantity: undefined, valueString: 'fast' }),
      observation('718-7', 12, 'g/dL'),
      observation('8867-4', 80, '/min', { code: { coding: [{ system: 'http://other', code: '8867-4' }] } }),
    ],
    endMs,
  )
  assert.deepEqual(stay.leftOut, { status: 1, 'unknown-unit': 2, implausible: 1, 'no-time': 1, 'no-number': 2 })
  assert.equal(stay.evidence.length, 0)
})

test('a synthetic stay is read back as it was drawn, the same for the same seed', () => {
  const options = {
    ...{ seed: 4, patientId: 'p', family: 'Li', given: 'Na', birthDate: '1950-02-03' },
    ...{ severity: 2, endMs },
  }
  const bundle = icuStayBundle(options)
  assert.deepEqual(icuStayBundle(options), bundle)
  const observations = (bundle.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource]))
  const stay = observeStay(observations, endMs)
  assert.deepEqual(stay.leftOut, {})
  assert.equal(stay.evidence.length, observations.length - 2)
  assert.ok(stay.evidence.length > 100)
  assert.ok(new Set(stay.evidence.map(({ vital }) => vital)).size >= 8)
})

test('the reference group is of four kinds and repeats', () => {
  const stays = referenceStays(8)
  assert.equal(stays.length, 8 * 288)
  assert.deepEqual(referenceStays(8), stays)
})

test('says the estimate first, then what raised and lowered it, in both languages', () => {
  const contributions = new Float64Array(12)
  contributions[at('Lactate')] = 0.1
  contributions[at('GCS')] = 0.14
  contributions[at('FiO2')] = 0.001
  contributions[at('Temp')] = -0.02
  const latest = vitals.map(({ name }) => ({ Lactate: 4.2, Temp: 37, FiO2: 0.4 })[name])
  const { en, zh } = riskSentence({ risk: 0.341, base: 0.12, contributions, latest })
  assert.equal(
    en,
    'The model estimates the risk of death in hospital at 34 %, 22 percentage points above the reference group (12 %). ' +
      'Raised most by Glasgow coma score (not measured) and lactate (latest 4.2 mmol/L). Lowered most by temperature (latest 37.0 °C).',
  )
  assert.match(zh, /院内死亡风险为34%，比参照人群（12%）高22个百分点。升高风险最多的是格拉斯哥昏迷评分（未测量）、乳酸/)
  const calm = riskSentence({ risk: 0.0004, base: 0.12, contributions: new Float64Array(12), latest })
  assert.match(calm.en, /at <0.1 %, 12 percentage points below the reference group/)
  assert.doesNotMatch(calm.en, /Raised|Lowered/)
  assert.match(riskLimits({ vitals: 9, cells: 130 }).at(-1)?.en ?? '', /9 of 12 measurements .*130 values/)
  assert.equal(measuredText(vitals[at('FiO2')] as (typeof vitals)[number], 0.4), '40 %')
})
