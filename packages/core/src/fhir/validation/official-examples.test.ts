// All official R4 examples, against the list of those that break the specification.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkExamples, exampleFiles, expectedRefusals } from '../../../../../proofs/examples.ts'

const files = exampleFiles()
const skip = files === undefined ? 'the official examples (npm hl7.fhir.r4.examples) are not installed' : false

test('accepts every official example but the listed ones', { skip }, () => {
  const { examples, refused } = checkExamples(files ?? [])
  assert.deepEqual(refused, expectedRefusals())
  assert.ok(examples > 5000, `${examples} examples`)
})
