// The patient's choice: what is written is what is read again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Consent } from '../../api/fhir.ts'
import { consentFor, groups, ownConsentId, withheldFrom } from './own-consent.ts'

test('every choice is read as it was written', () => {
  for (const from of [[], ['pharmacist'], ['clinician', 'radiologist'], [...groups]] as const) {
    const consent = consentFor('p1', from)
    assert.deepEqual(withheldFrom(consent as Consent), from)
    assert.equal(consent.status, from.length > 0 ? 'active' : 'inactive')
    assert.equal(consent.patient.reference, 'Patient/p1')
  }
})

test('an inactive Consent withholds nothing, and its id fits FHIR', () => {
  assert.deepEqual(withheldFrom({ ...(consentFor('p1', ['pharmacist']) as Consent), status: 'inactive' }), [])
  assert.deepEqual(withheldFrom(undefined), [])
  assert.match(ownConsentId('x'.repeat(64)), /^own-x{60}$/)
})
