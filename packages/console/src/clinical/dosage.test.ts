// Dosages in both languages from structured parts; free text stays the record's own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dosageWords } from './dosage.ts'

const tablet = { doseAndRate: [{ doseQuantity: { value: 1, unit: 'tablet', code: '{tbl}' } }] }

test('says structured dosages in both languages', () => {
  const daily = { ...tablet, text: '2 per day', timing: { repeat: { frequency: 2, period: 1, periodUnit: 'd' } } }
  assert.deepEqual(dosageWords(daily, 'en'), { kind: 'structured', text: '1 tablet, 2× a day' })
  assert.deepEqual(dosageWords(daily, 'zh'), { kind: 'structured', text: '每次1 片，每日2次' })
  const needed = { asNeededBoolean: true, timing: { repeat: { frequency: 1, period: 6, periodUnit: 'h' } } }
  assert.deepEqual(dosageWords(needed, 'en'), { kind: 'structured', text: '1× every 6 hours, as needed' })
  assert.deepEqual(dosageWords(needed, 'zh'), { kind: 'structured', text: '每6小时1次，必要时' })
})

test('keeps the record’s own words where nothing is structured', () => {
  assert.deepEqual(dosageWords({ text: 'with food' }, 'zh'), { kind: 'recorded', text: 'with food' })
  assert.equal(dosageWords({}, 'en'), undefined)
  assert.equal(dosageWords(undefined, 'en'), undefined)
})
