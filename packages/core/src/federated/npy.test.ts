// .npy files: the same bytes as NumPy writes, and no harm from bytes of strangers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeNpy, encodeNpy } from './npy.ts'
import type { WeightArray } from './weights.ts'

const AppErrorLike = { code: 'unprocessable' }

// numpy.save of NumPy 2: arange(6, dtype='<f4').reshape(2, 3), in C and in Fortran order, and int64 of no axis.
const numpyFiles: readonly (readonly [string, WeightArray])[] = [
  [
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEAAAEBAAACAQAAAoEA=',
    { type: 'float32', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) },
  ],
  [
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAABAQAAAgD8AAIBAAAAAQAAAoEA=',
    { type: 'float32', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) },
  ],
  [
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoHAAAAAAAAAA==',
    { type: 'int64', shape: [], data: BigInt64Array.of(7n) },
  ],
  [
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADgPw==',
    { type: 'float64', shape: [1], data: Float64Array.of(0.5) },
  ],
  [
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAA==',
    { type: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
  ],
]

test('reads what NumPy writes, in both orders', () => {
  for (const [base64, array] of numpyFiles) assert.deepEqual(decodeNpy(Buffer.from(base64, 'base64')), array)
})

test('writes the bytes that NumPy writes', () => {
  for (const [base64, array] of numpyFiles) {
    const bytes = Buffer.from(base64, 'base64')
    if (!bytes.includes('True')) assert.deepEqual(Buffer.from(encodeNpy(array)), bytes)
  }
})

test('every array comes back as it went', () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
  fc.assert(
    fc.property(shape, fc.infiniteStream(fc.float()), (sizes, stream) => {
      const count = sizes.reduce((product, size) => product * size, 1)
      const data = Float32Array.from({ length: count }, () => stream.next().value ?? 0)
      const array: WeightArray = { type: 'float32', shape: sizes, data }
      assert.deepEqual(decodeNpy(encodeNpy(array)), array)
    }),
  )
})

test('pickles, other element types, and sizes that do not fit are refused', () => {
  const file = (header: string, body = new Uint8Array(8)): Uint8Array => {
    const text = Buffer.from(`${header}\n`)
    return Buffer.concat([Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, text.length, 0]), text, body])
  }
  for (const header of [
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 0), }x",
    "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }",
    "{'descr': '<f4', 'fortran_order': False}",
    '',
  ]) {
    assert.throws(() => decodeNpy(file(header)), AppErrorLike, header)
  }
})

test('no bytes do harm: they are read, or refused', () => {
  const good = Buffer.from(encodeNpy({ type: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }))
  const damage = fc.record({ at: fc.integer({ min: 0, max: good.length - 1 }), byte: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(fc.array(damage, { maxLength: 4 }), fc.integer({ min: 0, max: good.length }), (damages, length) => {
      const bytes = Uint8Array.from(good.subarray(0, length))
      for (const { at, byte } of damages) if (at < bytes.length) bytes[at] = byte
      try {
        decodeNpy(bytes)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'unprocessable')
      }
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => decodeNpy(bytes), AppErrorLike)
    }),
  )
})
