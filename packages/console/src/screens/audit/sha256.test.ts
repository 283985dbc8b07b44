// SHA-256 against the platform's own, over every length around the block's edges.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { sha256 } from './sha256.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('gives the published hash of abc (FIPS 180-4)', () => {
  const wanted = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  assert.equal(hex(sha256(new TextEncoder().encode('abc'))), wanted)
})

test('agrees with the platform over all lengths to 200 bytes', () => {
  for (let length = 0; length <= 200; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) % 256)
    assert.equal(hex(sha256(bytes)), hash('sha256', bytes, 'hex'), `${length} bytes`)
  }
})
