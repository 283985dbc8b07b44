// Sizes in words, and programs that say what the forms ask for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesText, contributionsOf, growth, isMoving, parametersText, scoreWish, totalWish } from './private-view.ts'

const vector = { id: 'v', owner: 'b', label: 'age', size: 1, levelsLeft: 2, createdAt: '2026-01-01T00:00:00Z' }

test('tells sizes and parameters', () => {
  assert.deepEqual([8, 330_314, 3_941_975, 46_000_000].map(bytesText), ['8 B', '330 kB', '3.9 MB', '46 MB'])
  assert.equal(growth({ sizeBytes: 330_314, plainBytes: 8 }), 41_289)
  assert.equal(parametersText({ degree: 8192, primeBits: [60, 40, 40, 60] }), 'N = 8192 · 60, 40, 40, 60')
})

test('takes contributions apart from results', () => {
  const result = { ...vector, id: 'r', jobId: 'j', output: 'score', sizeBytes: 1, plainBytes: 8 }
  const sent = { ...vector, sizeBytes: 1, plainBytes: 8 }
  assert.deepEqual(contributionsOf([sent, result]), [sent])
})

test('looks again only while a job is open', () => {
  const job = { id: 'j', owner: 'o', label: 'l', progress: { done: 0, total: 1 }, contributors: 1, operations: [] }
  const more = { results: [], createdAt: '2026-01-01T00:00:00Z' }
  assert.equal(isMoving([{ ...job, ...more, state: 'done' }]), false)
  assert.equal(
    isMoving([
      { ...job, ...more, state: 'done' },
      { ...job, ...more, state: 'queued' },
    ]),
    true,
  )
})

test('writes the programs behind the forms', () => {
  assert.deepEqual(scoreWish('v', 0.5, 10, 'Score').steps, [
    { op: 'multiply-plain', of: 'x', values: 0.5, as: 'product' },
    { op: 'add-plain', of: 'product', values: 10, as: 'score' },
  ])
  const total = totalWish(['a', 'b'], 'Total')
  assert.deepEqual(
    [total.inputs, total.steps],
    [{ x1: 'a', x2: 'b' }, [{ op: 'total', of: ['x1', 'x2'], as: 'total' }]],
  )
})
