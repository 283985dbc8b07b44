// Tensors over bytes: right elements whatever the alignment, refusals when shape and bytes disagree.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import fc from 'fast-check'
import { bytesOf, datatypes, elementBytes, tensorOf, zeroTensor } from './tensors.ts'

test('bytes and tensors are each other’s inverse for every type, size and alignment', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...datatypes),
      fc.nat(20),
      fc.nat(9),
      fc.infiniteStream(fc.nat(255)),
      (type, count, shift, bytes) => {
        const size = count * elementBytes(type)
        const buffer = Buffer.alloc(shift + size, 0)
        for (let at = 0; at < size; at++) buffer[shift + at] = bytes.next().value ?? 0
        const given = buffer.subarray(shift)
        const tensor = tensorOf(type, [count], given)
        assert.equal(tensor.data.length, count)
        assert.deepEqual(Buffer.from(bytesOf(tensor)), Buffer.from(given))
      },
    ),
  )
})

test('refuses more or fewer bytes than the shape takes; a scalar has one element', () => {
  const isRefused = (error: unknown): boolean => error instanceof AppError && error.code === 'unprocessable'
  assert.throws(() => tensorOf('FP32', [2, 2], new Uint8Array(15)), isRefused)
  assert.throws(() => tensorOf('FP32', [2, 2], new Uint8Array(17)), isRefused)
  assert.equal(zeroTensor('INT64', []).data.length, 1)
})
