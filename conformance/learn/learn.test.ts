// Our training beside PyTorch's: 50 steps of Adam from the same weights over the same batches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as onnxruntime from 'onnxruntime-node'
import { onnxruntimeSessions } from '../../packages/core/src/learn/index.ts'
import { largeCurves, largestDifference, trainCurve } from '../../packages/core/src/learn/testing/curves.ts'
import { howToGetTorch, requestOf, torchPython, trainInTorch } from './torch-peer.ts'

const python = torchPython()

test('fifty steps as PyTorch takes them', { skip: python === undefined && howToGetTorch }, async (context) => {
  const answers = trainInTorch(
    python ?? '',
    largeCurves.map((one) => requestOf(one)),
  )
  for (const [index, one] of largeCurves.entries()) {
    const theirs = answers[index]
    assert.ok(theirs)
    const ours = await trainCurve(onnxruntimeSessions(onnxruntime), one)
    const difference = largestDifference(ours.losses, theirs.losses)
    context.diagnostic(
      `${one.name}: largest difference of a loss ${difference.toExponential(1)}, torch ${theirs.torch}`,
    )
    assert.ok(difference < one.tolerance, `${one.name}: ${difference} is not below ${one.tolerance}`)
  }
})
