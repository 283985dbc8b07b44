// Weights as files: what is written is read, NumPy's and safetensors' own bytes are met, and no bytes do harm.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { graphBuilder } from '../graph/builder.ts'
import { encodeModel, onnxDatatype } from '../graph/onnx.ts'
import { inferenceGraph, initialWeights, lstmClassifier } from '../index.ts'
import type { Datatype, Tensor } from '../tensor.ts'
import { readNpy, writeNpy } from './npy.ts'
import { arrayOf, itemSize } from './numbers.ts'
import { readOnnxWeights, weightsFromOnnx } from './onnx-weights.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'

const datatypes = Object.keys(onnxDatatype) as readonly Datatype[]

const anyTensor: fc.Arbitrary<Tensor> = fc
  .tuple(fc.constantFrom(...datatypes), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }))
  .chain(([datatype, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const size = count * itemSize(datatype)
    return fc
      .uint8Array({ minLength: size, maxLength: size })
      .map((bytes) => ({ datatype, shape, data: arrayOf(datatype, bytes) }))
  })

const sameBytes = (a: Tensor | undefined, b: Tensor): void => {
  assert.ok(a)
  assert.deepEqual([a.datatype, a.shape], [b.datatype, b.shape])
  assert.deepEqual(
    Buffer.from(a.data.buffer, a.data.byteOffset, a.data.byteLength),
    Buffer.from(b.data.buffer, b.data.byteOffset, b.data.byteLength),
  )
}

test('an array survives .npy bit by bit, NaN included', () => {
  fc.assert(fc.property(anyTensor, (tensor) => sameBytes(readNpy(writeNpy(tensor)), tensor)))
})

test('files are read from a Buffer of Node just as from plain bytes', () => {
  const tensor: Tensor = { datatype: 'FP32', shape: [2], data: Float32Array.of(1, 2) }
  sameBytes(readNpy(Buffer.from(writeNpy(tensor))), tensor)
  sameBytes(readSafetensors(Buffer.from(writeSafetensors({ tensor })))['tensor'], tensor)
})

test('.npy bytes are those of NumPy 1.24 and later', () => {
  // numpy.save of numpy.arange(3, dtype='<f4')
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"
  const expected = Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0]),
    Buffer.from(`${header.padEnd(117)}\n`),
    Buffer.from(Float32Array.of(0, 1, 2).buffer),
  ])
  assert.deepEqual(Buffer.from(writeNpy({ datatype: 'FP32', shape: [3], data: Float32Array.of(0, 1, 2) })), expected)
})

test('tensors survive safetensors in their order', () => {
  const named = fc.uniqueArray(fc.tuple(fc.string(), anyTensor), { selector: ([name]) => name, maxLength: 5 })
  fc.assert(
    fc.property(named, (entries) => {
      const tensors = Object.fromEntries(entries.filter(([name]) => name !== '__metadata__'))
      const back = readSafetensors(writeSafetensors(tensors, { format: 'pt' }))
      assert.deepEqual(Object.keys(back), Object.keys(tensors))
      for (const [name, tensor] of Object.entries(tensors)) sameBytes(back[name], tensor)
    }),
  )
})

test('safetensors refuses holes, overlaps and tensors that do not fill their shape', () => {
  const file = (header: unknown, content: number): Uint8Array => {
    const text = Buffer.from(JSON.stringify(header))
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(BigInt(text.length))
    return Buffer.concat([size, text, Buffer.alloc(content)])
  }
  const one = (start: number, end: number, shape: readonly number[] = [1]): unknown => ({
    dtype: 'F32',
    shape,
    data_offsets: [start, end],
  })
  assert.deepEqual(Object.keys(readSafetensors(file({ a: one(0, 4), b: one(4, 8) }, 8))), ['a', 'b'])
  for (const bad of [
    file({ a: one(0, 4), b: one(2, 6) }, 8),
    file({ a: one(0, 4), b: one(8, 12) }, 12),
    file({ a: one(0, 4) }, 8),
    file({ a: one(0, 8) }, 8),
    file({ a: one(0, 4, [2 ** 31, 2 ** 31]) }, 4),
    file([], 0),
    file({ a: null }, 0),
  ]) {
    assert.throws(() => readSafetensors(bad), RangeError)
  }
})

test('the weights of an inference graph are read back from it', () => {
  const model = lstmClassifier({ steps: 3, features: 2, hidden: 4, classes: 2 })
  const weights = initialWeights(model.parameters, 7)
  assert.deepEqual(weightsFromOnnx(model.parameters, inferenceGraph(model, weights)), weights)
})

test('tensors of every type survive an ONNX model', () => {
  fc.assert(
    fc.property(anyTensor, (tensor) => {
      const graph = graphBuilder()
      graph.output(
        'y',
        graph.node('Identity', [graph.initialiser('w', tensor)], tensor.shape, { datatype: tensor.datatype }),
      )
      sameBytes(readOnnxWeights(encodeModel(graph.finish('g')))['w'], tensor)
    }),
  )
})

// Random bytes and real files with a few bytes changed or cut off: refused as a RangeError or read, never anything else.
const model = lstmClassifier({ steps: 2, features: 2, hidden: 2, classes: 2 })
const readers = {
  npy: { read: readNpy, good: writeNpy({ datatype: 'FP32', shape: [2, 3], data: new Float32Array(6) }) },
  safetensors: {
    read: readSafetensors,
    good: writeSafetensors({ a: { datatype: 'FP32', shape: [2], data: Float32Array.of(1, 2) } }),
  },
  onnx: { read: readOnnxWeights, good: inferenceGraph(model, initialWeights(model.parameters, 1)) },
} as const

for (const [format, { read, good }] of Object.entries(readers)) {
  test(`hostile ${format} bytes are refused or read`, () => {
    const damaged = fc
      .tuple(fc.nat(good.length), fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }))
      .map(([cut, changes]) => {
        const bytes = good.slice()
        for (const [place, byte] of changes) bytes[place] = byte
        return cut % 3 === 0 ? bytes.subarray(0, cut) : bytes
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
        try {
          read(bytes)
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error))
        }
      }),
      { numRuns: 500 },
    )
  })
}
