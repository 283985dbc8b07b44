// The pharmacy's rules about dispensing, through the list that the store registers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '@xinglin/core/fhir'
import type { Change, RuleView } from '../../records/types.ts'
import { pharmacyRules } from './rules.ts'

const tablets = (value: number, code = '{tbl}') => ({
  value,
  unit: 'tablet',
  system: 'http://unitsofmeasure.org',
  code,
})

function prescription(more: object = {}): Resource {
  return {
    resourceType: 'MedicationRequest',
    id: 'rx',
    status: 'active',
    subject: { reference: 'Patient/p' },
    dispenseRequest: {
      quantity: tablets(30),
      numberOfRepeatsAllowed: 1,
      validityPeriod: { start: '2026-01-01', end: '2026-03-31' },
    },
    ...more,
  }
}

function dispense(more: object = {}): Resource {
  return {
    resourceType: 'MedicationDispense',
    id: 'd',
    status: 'completed',
    subject: { reference: 'Patient/p' },
    authorizingPrescription: [{ reference: 'MedicationRequest/rx' }],
    quantity: tablets(30),
    whenHandedOver: '2026-02-01T10:00:00+08:00',
    ...more,
  }
}

interface Situation {
  readonly request?: Resource
  readonly earlier?: readonly Resource[]
  readonly before?: Resource
  readonly now?: string
}

function refusals(
  after: Resource,
  { request = prescription(), earlier = [], before, now = '2026-02-01T12:00:00Z' }: Situation = {},
) {
  const change: Change = {
    kind: before === undefined ? 'create' : 'update',
    type: 'MedicationDispense',
    id: 'd',
    before,
    after,
    isRevival: false,
    now: new Date(now),
  }
  const view: RuleView = {
    record: (reference) => (reference === 'MedicationRequest/rx' ? request : undefined),
    deleted: () => undefined,
    referrers: () => earlier,
  }
  return pharmacyRules.filter((rule) => rule.types.includes(change.type)).flatMap((rule) => rule.check(change, view))
}

test('dispenses against an active prescription within quantity and time', () => {
  assert.deepEqual(refusals(dispense()), [])
})

test('refuses a dispense without an active prescription', () => {
  for (const status of ['draft', 'on-hold', 'cancelled', 'completed', 'stopped', 'entered-in-error']) {
    assert.equal(
      refusals(dispense(), { request: prescription({ status }) })[0]?.rule,
      'medication-dispense.active-request',
    )
  }
  assert.equal(refusals(dispense({ authorizingPrescription: [] }))[0]?.rule, 'medication-dispense.active-request')
  assert.equal(
    refusals(dispense({ authorizingPrescription: [{ reference: 'MedicationRequest/none' }] }))[0]?.rule,
    'medication-dispense.active-request',
  )
})

test('counts what was dispensed before against quantity and repeats', () => {
  const earlier = [dispense({ id: 'a' }), dispense({ id: 'b', quantity: tablets(20) })]
  assert.deepEqual(refusals(dispense({ quantity: tablets(10) }), { earlier }), [])
  const [issue] = refusals(dispense({ quantity: tablets(11) }), { earlier })
  assert.equal(issue?.rule, 'medication-dispense.quantity-left')
  assert.match(issue?.diagnostics ?? '', /11 \{tbl\} is more than the 10 \{tbl\} left .* \(60 \{tbl\} in all\)/)
})

test('does not count cancelled dispenses, nor the dispense itself when it is updated', () => {
  const earlier = [
    dispense({ id: 'a', status: 'cancelled', quantity: tablets(60) }),
    dispense({ quantity: tablets(60) }),
  ]
  assert.deepEqual(refusals(dispense({ quantity: tablets(60) }), { earlier }), [])
})

test('lets the last decimal dose out', () => {
  const request = prescription({ dispenseRequest: { quantity: tablets(0.3) } })
  const earlier = [dispense({ id: 'a', quantity: tablets(0.1) }), dispense({ id: 'b', quantity: tablets(0.1) })]
  assert.deepEqual(refusals(dispense({ quantity: tablets(0.1) }), { request, earlier }), [])
})

test('refuses another unit than the prescribed one, and a dispense without quantity', () => {
  assert.match(
    refusals(dispense({ quantity: tablets(30, 'mL') }))[0]?.diagnostics ?? '',
    /prescribed in "\{tbl\}" but dispensed in "mL"/,
  )
  assert.equal(refusals(dispense({ quantity: undefined }))[0]?.rule, 'medication-dispense.quantity-left')
})

test('refuses a dispense of nothing or less', () => {
  for (const value of [0, -5]) {
    assert.match(refusals(dispense({ quantity: tablets(value) }))[0]?.diagnostics ?? '', /above zero/)
  }
})

test('refuses a dispense after the end, on the last day still allows it, and refuses it before the start', () => {
  const now = '2026-04-01T12:00:00Z'
  assert.deepEqual(refusals(dispense({ whenHandedOver: '2026-03-31T23:59:00Z' }), { now }), [])
  assert.equal(
    refusals(dispense({ whenHandedOver: '2026-04-01T00:00:00Z' }), { now })[0]?.rule,
    'medication-dispense.within-validity',
  )
  assert.equal(
    refusals(dispense({ whenHandedOver: '2025-12-30T00:00:00Z' }))[0]?.rule,
    'medication-dispense.within-validity',
  )
  assert.deepEqual(refusals(dispense({ whenHandedOver: undefined })), [])
})

test('takes what was handed over without a time as handed over now, and nothing as handed over in the future', () => {
  const prepared = dispense({ whenHandedOver: undefined, whenPrepared: '2026-03-01' })
  assert.match(refusals(prepared, { now: '2026-04-02' })[0]?.diagnostics ?? '', /was valid until/)
  assert.deepEqual(refusals({ ...prepared, status: 'preparation' }, { now: '2026-04-02' }), [])
  const early = dispense({ whenHandedOver: '2026-03-01T10:00:00Z' })
  assert.match(refusals(early, { now: '2026-02-01' })[0]?.diagnostics ?? '', /lies in the future/)
  assert.deepEqual(refusals(early, { now: '2026-02-28T20:00:00Z' }), []) // clocks and zones differ
})

test('refuses to hand a medicine to another patient', () => {
  assert.equal(refusals(dispense({ subject: { reference: 'Patient/q' } }))[0]?.rule, 'medication-dispense.same-patient')
})

test('records a declined dispense whatever the prescription', () => {
  assert.deepEqual(refusals(dispense({ status: 'declined' }), { request: prescription({ status: 'stopped' }) }), [])
})

test('corrects a completed dispense after its prescription was completed', () => {
  const corrected = dispense({ note: [{ text: 'label printed again' }] })
  assert.deepEqual(refusals(corrected, { request: prescription({ status: 'completed' }), before: dispense() }), [])
})

test('refuses a handover that is recorded long after the prescription ended, whatever its date', () => {
  const backdated = dispense({ whenHandedOver: '2026-03-30T10:00:00Z' })
  const now = '2026-04-10'
  assert.equal(refusals(backdated, { now })[0]?.rule, 'medication-dispense.within-validity')
  const corrected = { ...backdated, note: [{ text: 'label printed again' }] }
  assert.deepEqual(refusals(corrected, { now, before: backdated }), [])
})

const medicine = (text: string, code?: string) => ({
  medicationCodeableConcept: {
    text,
    ...(code === undefined ? {} : { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code }] }),
  },
})

test('hands out the prescribed medicine, by code or by name', () => {
  const request = prescription(medicine('Warfarin Sodium 5 MG Oral Tablet', '855332'))
  assert.deepEqual(refusals(dispense(medicine('warfarin 5mg', '855332')), { request }), [])
  assert.deepEqual(refusals(dispense(medicine('WARFARIN sodium 5 mg oral tablet')), { request }), [])
  const [issue] = refusals(dispense(medicine('Digoxin 0.125 MG', '197604')), { request })
  assert.equal(issue?.rule, 'medication-dispense.same-medicine')
  assert.equal(refusals(dispense(), { request }).length, 1)
})

test('hands out another one only where a substitution is allowed, or not forbidden and declared', () => {
  const other = medicine('Brand warfarin', '1')
  const declared = { ...other, substitution: { wasSubstituted: true } }
  const asked = (substitution?: object) =>
    prescription({ ...medicine('Warfarin', '2'), ...(substitution ? { substitution } : {}) })
  assert.deepEqual(refusals(dispense(other), { request: asked({ allowedBoolean: true }) }), [])
  assert.deepEqual(refusals(dispense(declared), { request: asked() }), [])
  assert.match(
    refusals(dispense(declared), { request: asked({ allowedBoolean: false }) })[0]?.diagnostics ?? '',
    /forbids a substitution/,
  )
  const none = { allowedCodeableConcept: { coding: [{ code: 'N' }] } }
  assert.equal(refusals(dispense(declared), { request: asked(none) }).length, 1)
})
