// Training against runs that PyTorch made once (testing/torch-curves.json, recorded by conformance/learn/record.ts).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as onnxruntime from 'onnxruntime-node'
import { onnxruntimeSessions } from './index.ts'
import { largestDifference, smallCurves, trainCurve } from './testing/curves.ts'
import recorded from './testing/torch-curves.json' with { type: 'json' }

const open = onnxruntimeSessions(onnxruntime)

interface Recorded {
  readonly name: string
  readonly losses: readonly number[]
  readonly weights: Readonly<Record<string, readonly number[]>>
}
const runs: readonly Recorded[] = recorded

for (const one of smallCurves) {
  test(`${one.name}: fifty steps as PyTorch took them`, async () => {
    const theirs = runs.find(({ name }) => name === one.name)
    assert.ok(theirs, 'recorded')
    const ours = await trainCurve(open, one)
    const difference = largestDifference(ours.losses, theirs.losses)
    assert.ok(difference < one.tolerance, `losses differ by ${difference}`)
    assert.deepEqual(Object.keys(ours.weights).sort(), Object.keys(theirs.weights).sort())
    for (const [name, tensor] of Object.entries(ours.weights)) {
      if (tensor.datatype !== 'FP32') continue
      const apart = largestDifference(Array.from(tensor.data, Number), theirs.weights[name] ?? [])
      // weights move by up to learning rate · steps; a hundredth of that is the room for rounding
      assert.ok(apart < one.learningRate * 50 * 0.01, `${name} differs by ${apart}`)
    }
  })
}
