// What clients accept, read as they write it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { chooseType, covers, parseAccept } from './accept.ts'

test('reads types, parameters in quotes, and weights', () => {
  const header =
    'image/png;q=0.4, multipart/related; type="application/dicom"; transfer-syntax=*, application/json;q=0, text/html;q=0.9'
  assert.deepEqual(
    parseAccept(header).map(({ mediaType, isMultipart, transferSyntax }) => [mediaType, isMultipart, transferSyntax]),
    [
      ['application/dicom', true, '*'],
      ['text/html', false, undefined],
      ['image/png', false, undefined],
    ],
  )
})

test('takes anything where nothing is said, and the parameter before the header', () => {
  assert.equal(parseAccept(undefined)[0]?.mediaType, '*/*')
  assert.equal(parseAccept('image/png', 'image/jpeg')[0]?.mediaType, 'image/jpeg')
  assert.equal(parseAccept('multipart/related')[0]?.mediaType, '*/*')
})

test('chooses in the order of the client and refuses the rest in words', () => {
  assert.equal(chooseType(parseAccept('image/*'), ['image/jpeg', 'image/png']), 'image/jpeg')
  assert.equal(chooseType(parseAccept('image/png;q=0.9, image/jpeg;q=0.1'), ['image/jpeg', 'image/png']), 'image/png')
  assert.throws(
    () => chooseType(parseAccept('text/html'), ['image/png']),
    (error) => error instanceof AppError && error.code === 'not-acceptable' && /image\/png/.test(error.message),
  )
  assert.equal(covers('image/*', 'application/dicom'), false)
  assert.throws(() => parseAccept('x'.repeat(5000)), AppError)
})
