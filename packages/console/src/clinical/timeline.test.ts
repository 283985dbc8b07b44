// The timeline: newest first, under years, the visit before what came of it, nothing that was entered in error.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Condition, Encounter, MedicationRequest } from '../api/fhir.ts'
import { eventsOf, type TimelineRecords, timelineRows } from './timeline.ts'

const visit = (id: string, start: string | undefined, status = 'finished'): Encounter => ({
  resourceType: 'Encounter',
  id,
  status,
  ...(start === undefined ? {} : { period: { start } }),
})
const finding = (id: string, onsetDateTime: string, verification = 'confirmed'): Condition => ({
  resourceType: 'Condition',
  id,
  onsetDateTime,
  verificationStatus: { coding: [{ code: verification }] },
})
const order = (id: string, authoredOn: string): MedicationRequest => ({
  resourceType: 'MedicationRequest',
  id,
  authoredOn,
})
const records = (given: Partial<TimelineRecords>): TimelineRecords => ({
  encounters: [],
  conditions: [],
  medications: [],
  allergies: [],
  procedures: [],
  immunizations: [],
  ...given,
})

test('orders newest first, the visit before what was found and ordered on its day', () => {
  const events = eventsOf(
    records({
      encounters: [visit('old', '2024-05-01'), visit('new', '2026-02-03')],
      conditions: [finding('c', '2026-02-03')],
      medications: [order('m', '2026-02-03'), order('later', '2026-02-04')],
    }),
  )
  assert.deepEqual(
    events.map(({ id }) => id),
    ['MedicationRequest/later', 'Encounter/new', 'Condition/c', 'MedicationRequest/m', 'Encounter/old'],
  )
})

test('heads each year with its number of events and names each day once', () => {
  const rows = timelineRows(
    eventsOf(
      records({
        encounters: [visit('a', '2026-02-03'), visit('b', '2024')],
        conditions: [finding('c', '2026-02-03')],
      }),
    ),
  )
  assert.deepEqual(
    rows.map((row) => (row.kind === 'year' ? `${row.year}: ${row.count}` : `${row.event.id} ${row.isFirstOfDay}`)),
    ['2026: 2', 'Encounter/a true', 'Condition/c false', '2024: 1', 'Encounter/b true'],
  )
})

test('leaves out what has no date or was entered in error', () => {
  const wrong = 'entered-in-error'
  const given = {
    encounters: [visit('x', undefined), visit('y', '2026-01-01', wrong)],
    conditions: [finding('z', '2026-01-01', wrong)],
  }
  assert.deepEqual(eventsOf(records(given)), [])
})
