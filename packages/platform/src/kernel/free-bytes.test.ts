// Freeing: large bytes that are a whole buffer are gone at once; parts of others' buffers and small ones stay.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freeBytes } from './free-bytes.ts'

test('frees bytes that are the whole of their buffer', () => {
  const bytes = new Uint8Array(65_536).fill(7)
  freeBytes(bytes)
  assert.equal(bytes.byteLength, 0)
  freeBytes(bytes) // again does nothing
})

test('leaves bytes that are a part of a larger buffer, and shared and small ones', () => {
  const whole = new Uint8Array(65_536).fill(7)
  freeBytes(whole.subarray(0, 65_535))
  freeBytes(whole.subarray(1))
  assert.equal(whole.at(-1), 7)
  const shared = new Uint8Array(new SharedArrayBuffer(65_536))
  freeBytes(shared)
  assert.equal(shared.byteLength, 65_536)
  const small = Buffer.from('a text in the pool of Node')
  freeBytes(small)
  assert.equal(small.toString(), 'a text in the pool of Node')
})
