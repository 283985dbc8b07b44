// What is current, what is past, and what belongs to neither.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Condition, MedicationRequest } from '../api/fhir.ts'
import { splitConditions, splitMedications } from './current.ts'

const state = (code: string) => ({ coding: [{ code }] })
const condition = (id: string, given: Partial<Condition>): Condition => ({ resourceType: 'Condition', id, ...given })
const order = (id: string, given: Partial<MedicationRequest>): MedicationRequest => ({
  resourceType: 'MedicationRequest',
  id,
  ...given,
})
const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id)

test('splits conditions by their state, newest first', () => {
  const { current, past } = splitConditions([
    condition('old', { clinicalStatus: state('active'), onsetDateTime: '2001' }),
    condition('new', { clinicalStatus: state('relapse'), onsetDateTime: '2020-01-01' }),
    condition('over', { clinicalStatus: state('remission') }),
    condition('ended', { abatementDateTime: '2010-01-01' }),
    condition('unsaid', {}),
    condition('refuted', { clinicalStatus: state('active'), verificationStatus: state('refuted') }),
    condition('wrong', { verificationStatus: state('entered-in-error') }),
  ])
  assert.deepEqual(ids(current), ['new', 'old', 'unsaid'])
  assert.deepEqual(ids(past), ['over', 'ended'])
})

test('splits prescriptions by their status and leaves out what is only proposed', () => {
  const { current, past } = splitMedications([
    order('a', { status: 'active', authoredOn: '2020-01-01' }),
    order('b', { status: 'on-hold', authoredOn: '2021-01-01' }),
    order('c', { status: 'stopped' }),
    order('d', { status: 'active', intent: 'proposal' }),
    order('e', { status: 'entered-in-error' }),
  ])
  assert.deepEqual([ids(current), ids(past)], [['b', 'a'], ['c']])
})
