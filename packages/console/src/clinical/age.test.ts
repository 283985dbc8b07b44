// Ages in the units that fit, over months of different length, leap days and half-known birth dates.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageOn, dayOfClock, yearsBefore } from './age.ts'

const said = (birthDate: string, on: string): string => {
  const age = ageOn(birthDate, on)
  return age === undefined ? 'none' : `${age.isExact ? '' : 'about '}${age.amount} ${age.unit}`
}

test('counts days, weeks, months and years', () => {
  assert.equal(said('2026-03-10', '2026-03-10'), '0 day')
  assert.equal(said('2026-03-10', '2026-04-06'), '27 day')
  assert.equal(said('2026-03-10', '2026-04-07'), '4 week')
  assert.equal(said('2026-03-10', '2026-06-09'), '13 week')
  assert.equal(said('2026-03-10', '2026-06-10'), '3 month')
  assert.equal(said('2024-03-11', '2026-03-10'), '23 month')
  assert.equal(said('2024-03-10', '2026-03-10'), '2 year')
  assert.equal(said('1980-05-15', '2026-05-14'), '45 year')
  assert.equal(said('1980-05-15', '2026-05-15'), '46 year')
})

test('has a birthday for those born on 29 February on 1 March of a common year', () => {
  assert.equal(said('2000-02-29', '2025-02-28'), '24 year')
  assert.equal(said('2000-02-29', '2025-03-01'), '25 year')
})

test('says that an age is about so much when the day is not known', () => {
  assert.equal(said('1950', '2026-03-10'), 'about 76 year')
  assert.equal(said('1950-07', '2026-03-10'), 'about 75 year')
  assert.equal(said('2026-01', '2026-03-10'), 'about 2 month')
})

test('has none for a missing, unreadable or future birth date', () => {
  assert.equal(ageOn(undefined, '2026-03-10'), undefined)
  assert.equal(said('soon', '2026-03-10'), 'none')
  assert.equal(said('2026-03-11', '2026-03-10'), 'none')
})

test('bounds a search by age', () => {
  assert.equal(yearsBefore('2026-03-10', 65), '1961-03-10')
  assert.equal(yearsBefore('2024-02-29', 1), '2023-02-28')
  assert.equal(dayOfClock(new Date(2026, 0, 5, 23, 59)), '2026-01-05')
})
