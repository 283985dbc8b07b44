// An active prescription cannot be raised by changing it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '@xinglin/core/fhir'
import type { Change, RuleView } from '../../records/types.ts'
import { prescriptionRule } from './prescription.ts'

const quantity = (value: number, code = '{tbl}') => ({ value, unit: 'tablet', code })
const prescription = (dispenseRequest: object, more: object = {}): Resource => ({
  resourceType: 'MedicationRequest',
  id: 'rx',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/p' },
  medicationCodeableConcept: { text: 'Warfarin' },
  dispenseRequest,
  ...more,
})
const first = { quantity: quantity(30), numberOfRepeatsAllowed: 1, validityPeriod: { end: '2026-03-31' } }

function refusals(before: Resource | undefined, after: Resource, deleted?: Resource) {
  const kind = before === undefined ? 'create' : 'update'
  const isRevival = deleted !== undefined
  const change: Change = { kind, type: 'MedicationRequest', id: 'rx', before, after, isRevival, now: new Date(0) }
  const view: RuleView = { record: () => undefined, deleted: () => deleted, referrers: () => [] }
  return prescriptionRule.check(change, view).map(({ diagnostics }) => diagnostics)
}

test('refuses a larger quantity, more repeats, another unit, no quantity, a later end, another medicine', () => {
  const raised: readonly object[] = [
    { ...first, quantity: quantity(60) },
    { ...first, numberOfRepeatsAllowed: 2 },
    { ...first, quantity: quantity(30, 'mL') },
    { ...first, quantity: undefined },
    { ...first, validityPeriod: { end: '2026-04-01' } },
    { ...first, validityPeriod: undefined },
  ]
  for (const dispenseRequest of raised) {
    assert.equal(
      refusals(prescription(first), prescription(dispenseRequest)).length,
      1,
      JSON.stringify(dispenseRequest),
    )
  }
  const other = prescription(first, { medicationCodeableConcept: { text: 'Morphine' } })
  assert.match(refusals(prescription(first), other)[0] ?? '', /priorPrescription/)
})

test('lets it be lowered, noted, held, and corrected while it is a draft', () => {
  assert.deepEqual(refusals(prescription(first), prescription({ ...first, quantity: quantity(10) })), [])
  assert.deepEqual(refusals(prescription(first), prescription(first, { status: 'on-hold', note: [{ text: 'x' }] })), [])
  const draft = prescription(first, { status: 'draft' })
  assert.deepEqual(refusals(draft, prescription({ ...first, quantity: quantity(90) })), [])
  assert.deepEqual(refusals(undefined, prescription(first)), [])
})

test('deleting it and writing it again is no way around', () => {
  assert.equal(refusals(undefined, prescription({ ...first, quantity: quantity(60) }), prescription(first)).length, 1)
})
