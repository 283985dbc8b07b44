// Elements of any shape are read without an error.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { entriesOf, fieldsOf, referenceOf } from './elements.ts'

test('a reference is read without its version', () => {
  assert.equal(referenceOf({ reference: 'Patient/1/_history/2' }), 'Patient/1')
  assert.equal(referenceOf({ reference: '#contained' }), '#contained')
  assert.equal(referenceOf({ display: 'somebody' }), undefined)
})

test('any JSON value gives members, entries and a reference or nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(typeof fieldsOf(value), 'object')
      assert.ok(entriesOf(value).every((entry) => typeof entry === 'object' && entry !== null))
      assert.ok(['string', 'undefined'].includes(typeof referenceOf(value)))
    }),
  )
})
