// Values keep what was measured, and flags never guess.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObservedValue } from '../api/fhir.ts'
import { flagOf, numberText, quantityText, rangeOf, rangeText, valueWords } from './values.ts'

const measured = (value: number, low?: number, high?: number, unit = 'mg/dL'): ObservedValue => ({
  valueQuantity: { value, unit },
  referenceRange: [
    {
      ...(low === undefined ? {} : { low: { value: low, unit } }),
      ...(high === undefined ? {} : { high: { value: high, unit } }),
    },
  ],
})

test('writes numbers without digits that nobody measured', () => {
  assert.deepEqual([96, 7.2, 12.345678, 0.012345, -2.71].map(numberText), ['96', '7.2', '12.35', '0.0123', '-2.71'])
})

test('writes units as at the bedside', () => {
  assert.equal(quantityText({ value: 36.6, unit: 'Cel', code: 'Cel' }, 'en'), '36.6°C')
  assert.equal(quantityText({ value: 128, unit: 'mmHg', code: 'mm[Hg]' }, 'en'), '128 mmHg')
  assert.equal(quantityText({ value: 5.4, unit: '%' }, 'en'), '5.4%')
  assert.equal(quantityText({ value: 74, unit: '/min' }, 'zh'), '74 次/分')
  assert.equal(quantityText({ value: 2, unit: 'tablet', code: '{tbl}' }, 'zh'), '2 片')
  assert.equal(quantityText({ value: 3, unit: '{score}' }, 'en'), '3')
  assert.equal(quantityText({ value: 5, comparator: '<', unit: 'ng/L' }, 'en'), '<5 ng/L')
  assert.equal(quantityText({ unit: 'kg' }, 'en'), undefined)
})

test('flags by the laboratory first, then by the range', () => {
  assert.equal(flagOf(measured(50, 60, 100)), 'low')
  assert.equal(flagOf(measured(60, 60, 100)), 'normal')
  assert.equal(flagOf(measured(101, 60, 100)), 'high')
  assert.equal(flagOf(measured(6, undefined, 5.7)), 'high')
  const critical = { ...measured(101, 60, 100), interpretation: [{ coding: [{ code: 'HH' }] }] }
  assert.equal(flagOf(critical), 'critical-high')
})

test('does not guess a flag', () => {
  assert.equal(flagOf({ valueQuantity: { value: 5 } }), undefined)
  const [range = {}] = measured(5, 1, 2).referenceRange ?? []
  assert.equal(flagOf({ ...measured(5, 1, 2), referenceRange: [range, range] }), undefined)
  assert.equal(flagOf({ ...measured(5, 1, 2), valueQuantity: { value: 5, unit: 'mmol/L' } }), undefined)
  assert.equal(flagOf({ ...measured(5, 1, 2), valueQuantity: { value: 5, unit: 'mg/dL', comparator: '<' } }), undefined)
})

test('writes ranges', () => {
  const texts = [measured(1, 60, 100), measured(1, undefined, 5.7), measured(1, 4)].map((one) => {
    const range = rangeOf(one)
    return range === undefined ? undefined : rangeText(range)
  })
  assert.deepEqual(texts, ['60–100', '≤ 5.7', '≥ 4'])
})

test('reads coded, written and whole values', () => {
  assert.deepEqual(valueWords({ valueInteger: 3 }, 'en'), { kind: 'text', text: '3' })
  assert.deepEqual(valueWords({ valueString: 'clear' }, 'en'), { kind: 'concept', concept: { text: 'clear' } })
  assert.equal(valueWords({}, 'en'), undefined)
})
