// An empty allergy list, a denied allergy and a refuted one are three different things.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AllergyIntolerance } from '../api/fhir.ts'
import { allergyView } from './allergies.ts'

const allergy = (id: string, given: Partial<AllergyIntolerance> = {}): AllergyIntolerance => ({
  resourceType: 'AllergyIntolerance',
  id,
  code: { coding: [{ system: 'http://snomed.info/sct', code: '91936005' }] },
  ...given,
})
const state = (code: string) => ({ coding: [{ code }] })

test('lists current allergies, high risk first', () => {
  const view = allergyView([
    allergy('low', { criticality: 'low' }),
    allergy('unsaid'),
    allergy('high', { criticality: 'high' }),
    allergy('over', { clinicalStatus: state('resolved') }),
    allergy('wrong', { verificationStatus: state('entered-in-error') }),
  ])
  assert.deepEqual(view.kind === 'listed' && view.allergies.map(({ id }) => id), ['high', 'unsaid', 'low'])
})

test('tells a denied allergy from an empty record', () => {
  assert.deepEqual(allergyView([allergy('d', { code: state('716186003') })]), { kind: 'denied' })
  assert.deepEqual(allergyView([]), { kind: 'none' })
  assert.deepEqual(allergyView([allergy('r', { verificationStatus: state('refuted') })]), { kind: 'none' })
})

test('does not let a denial hide an allergy', () => {
  const view = allergyView([allergy('d', { code: state('716186003') }), allergy('real')])
  assert.equal(view.kind, 'listed')
})
