// Dates keep the precision in which they were recorded and stay on their day in every time zone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayText, minuteText, secondText, timeOf } from './dates.ts'

test('keeps the precision of what was recorded', () => {
  assert.deepEqual(['1980', '1980-05', '1980-05-15'].map(dayText), ['1980', '1980-05', '1980-05-15'])
  assert.equal(minuteText('1980-05-15'), '1980-05-15')
  assert.equal(secondText('1980-05'), '1980-05')
})

test('shows moments where the reader is', () => {
  const local = new Date(2026, 2, 12, 9, 5, 7)
  assert.equal(dayText(local.toISOString()), '2026-03-12')
  assert.equal(minuteText(local.toISOString()), '2026-03-12 09:05')
  assert.equal(secondText(local.toISOString()), '2026-03-12 09:05:07')
})

test('has none for what cannot be read', () => {
  assert.deepEqual(
    [dayText(undefined), dayText(''), minuteText('soon'), timeOf('soon')],
    [undefined, undefined, undefined, undefined],
  )
  assert.equal(timeOf('1970-01-02'), 86_400_000)
})
