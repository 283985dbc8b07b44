// Tests are grouped by code, lines by part and unit; what was entered in error is never drawn.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observation } from '../api/fhir.ts'
import { testsOf, trendOf } from './trends.ts'

const loinc = 'http://loinc.org'
const concept = (code: string) => ({ coding: [{ system: loinc, code }] })
let count = 0
const observation = (code: string, day: string, given: Partial<Observation>): Observation => {
  count += 1
  return {
    resourceType: 'Observation',
    id: `o${count}`,
    status: 'final',
    code: concept(code),
    effectiveDateTime: day,
    ...given,
  }
}
const glucose = (day: string, value: number, unit = 'mg/dL', status = 'final') =>
  observation('2345-7', day, { status, valueQuantity: { value, unit } })

test('groups by code, the test measured last first', () => {
  const tests = testsOf([
    glucose('2026-01-01', 90),
    observation('4548-4', '2026-02-01', { valueQuantity: { value: 5.4, unit: '%' } }),
    glucose('2026-01-20', 95),
    glucose('2026-03-01', 400, 'mg/dL', 'entered-in-error'),
  ])
  assert.deepEqual(
    tests.map(({ code, observations }) => [code, observations.length]),
    [
      [`${loinc}|4548-4`, 1],
      [`${loinc}|2345-7`, 2],
    ],
  )
  assert.equal(tests[1]?.observations[0]?.effectiveDateTime, '2026-01-20')
})

test('draws each unit as its own line, oldest first', () => {
  const lines = trendOf({
    observations: [glucose('2026-03-01', 99), glucose('2026-01-01', 90), glucose('2026-02-01', 5.1, 'mmol/L')],
  })
  assert.deepEqual(
    lines.map(({ unit, points }) => [unit, points.map(({ value }) => value)]),
    [
      ['mg/dL', [90, 99]],
      ['mmol/L', [5.1]],
    ],
  )
})

test('draws the parts of a panel as lines of their own', () => {
  const part = (code: string, value: number) => ({ code: concept(code), valueQuantity: { value, unit: 'mmHg' } })
  const panel = (day: string, systolic: number, diastolic: number) =>
    observation('85354-9', day, { component: [part('8480-6', systolic), part('8462-4', diastolic)] })
  const lines = trendOf({ observations: [panel('2026-02-01', 130, 85), panel('2026-01-01', 120, 80)] })
  assert.deepEqual(
    lines.map(({ key, points }) => [key, points.map(({ value }) => value)]),
    [
      [`${loinc}|8480-6 mmHg`, [120, 130]],
      [`${loinc}|8462-4 mmHg`, [80, 85]],
    ],
  )
})

test('draws nothing for values that are no numbers, bounds or without a date', () => {
  const bound = observation('2345-7', '2026-01-01', { valueQuantity: { value: 5, comparator: '<', unit: 'mg/dL' } })
  const { effectiveDateTime: _, ...undated } = glucose('2026-01-01', 90)
  assert.deepEqual(
    trendOf({ observations: [bound, undated, observation('1', '2026-01-01', { valueString: 'x' })] }),
    [],
  )
})
