// SHA-1 against the platform's own, for all lengths around its block of 64 bytes and at random.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { sha1 } from './sha1.ts'

const digest = (bytes: Uint8Array): string => Buffer.from(sha1(bytes)).toString('hex')
const expected = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex')

test('gives the digest of the platform', () => {
  for (let length = 0; length <= 200; length += 1) {
    const bytes = new Uint8Array(length).fill(length)
    assert.equal(digest(bytes), expected(bytes))
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => digest(bytes) === expected(bytes)))
})
