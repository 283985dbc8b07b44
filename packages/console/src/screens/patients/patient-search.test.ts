// What is typed and chosen becomes the right FHIR search.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNarrowed, patientCountPath, patientPath } from './patient-search.ts'

const query = (path: string): readonly (readonly [string, string])[] => [
  ...new URLSearchParams(path.slice(path.indexOf('?'))),
]

test('bounds ages by birthdays', () => {
  const birthdates = (age: string) =>
    query(patientPath({ age }, '2026-03-10'))
      .filter(([name]) => name === 'birthdate')
      .map(([, value]) => value)
  assert.deepEqual(birthdates('child'), ['gt2008-03-10'])
  assert.deepEqual(birthdates('middle'), ['le1986-03-10', 'gt1961-03-10'])
  assert.deepEqual(birthdates('old'), ['le1961-03-10'])
})

test('drops filters that were typed into the address and mean nothing', () => {
  assert.equal(patientPath({ sex: 'x', age: '7', has: '1', sort: 'y' }, '2026-03-10'), patientPath({}, '2026-03-10'))
  assert.equal(isNarrowed({ sex: 'x', q: ' ' }), false)
  assert.equal(isNarrowed({ has: '44054006' }), true)
})

test('counts under the same conditions as it lists', () => {
  const filters = { q: '张', sex: 'male', has: '44054006' }
  const own = new Set(['_sort', '_count', '_summary'])
  const conditions = (path: string) => query(path).filter(([name]) => !own.has(name))
  assert.deepEqual(conditions(patientCountPath(filters, '2026-03-10')), conditions(patientPath(filters, '2026-03-10')))
})
