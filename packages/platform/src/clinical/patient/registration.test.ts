// The registration form: what it accepts, what it refuses, and that nothing is lost on the way through FHIR.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { patientFromRegistration, registrationFromPatient } from './registration.ts'

const zhangSan = {
  resource_type: 'Patient',
  name: [{ use: 'official', family: 'Zhang', given: ['San'] }],
  gender: 'male',
  birth_date: '1990-01-01',
  email: 'zhangsan@example.com',
}

function faults(form: unknown): readonly (string | undefined)[] {
  try {
    patientFromRegistration(form, '2026-11-24')
    return []
  } catch (error) {
    assert.ok(error instanceof AppError)
    assert.equal(error.status, 422)
    return error.issues.map((issue) => issue.expression)
  }
}

test('maps the form to a FHIR Patient and back', () => {
  const patient = patientFromRegistration(zhangSan, '2026-11-24')
  assert.deepEqual(patient.telecom, [{ system: 'email', value: 'zhangsan@example.com' }])
  assert.equal(patient.birthDate, '1990-01-01')
  assert.deepEqual(registrationFromPatient({ ...patient, id: '1' }), { ...zhangSan, id: '1', active: true })
})

test('names every faulty field at once', () => {
  assert.deepEqual(faults({ name: [], gender: 'man', birth_date: '1990-02-30', email: 'zhangsan', colour: 'red' }), [
    'colour',
    'name',
    'gender',
    'birth_date',
    'email',
  ])
})

test('refuses what a registration cannot be', () => {
  for (const form of [null, [], 'x', 1, undefined]) assert.equal(faults(form).length, 1)
  assert.deepEqual(faults({ ...zhangSan, birth_date: '2027-01-01' }), ['birth_date'])
  assert.deepEqual(faults({ ...zhangSan, id: 'mine' }), ['id'])
  assert.deepEqual(faults({ ...zhangSan, resource_type: 'Person' }), ['resource_type'])
  assert.deepEqual(faults({ ...zhangSan, name: [{ use: 'official', family: '', given: 'San' }] }), [
    'name[0].family',
    'name[0].given',
  ])
})

test('accepts a Chinese name', () => {
  assert.deepEqual(faults({ ...zhangSan, name: [{ use: 'official', family: '张', given: ['三'] }] }), [])
})

test('shows a patient recorded elsewhere with what it has', () => {
  assert.deepEqual(registrationFromPatient({ resourceType: 'Patient', id: '1', name: [{ text: 'Li Si' }] }), {
    resource_type: 'Patient',
    id: '1',
    active: true,
    name: [{ use: 'usual', family: 'Li Si', given: [] }],
    gender: 'unknown',
    birth_date: null,
    email: null,
  })
})
