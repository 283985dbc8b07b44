// Figures, stages and cards as people read them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cardBlocks, intervalText, meanText, metricText, nextStages, sizeText, stateOf } from './model-view.ts'

test('shows a figure with its interval and how sure it is', () => {
  const auc = { name: 'AUC', value: 0.811, low: 0.791, high: 0.83, confidence: 0.95 }
  assert.equal(metricText(auc), 'AUC 0.811 (0.791–0.830)')
  assert.equal(intervalText(auc), '0.791–0.830 (95 %)')
  assert.equal(intervalText({ name: 'n', value: 4 }), undefined)
  assert.equal(metricText({ name: 'n', value: 4 }), 'n 4')
})

test('offers the stages that the server allows', () => {
  const metrics = [{ name: 'auc', value: 0.8 }]
  assert.deepEqual(nextStages({ stage: 'none', hasCard: true, metrics }), ['staging', 'production', 'archived'])
  assert.deepEqual(nextStages({ stage: 'none', hasCard: false, metrics }), ['staging', 'archived'])
  assert.deepEqual(nextStages({ stage: 'staging', hasCard: true, metrics: [] }), ['archived'])
  assert.deepEqual(nextStages({ stage: 'production', hasCard: true, metrics }), ['staging', 'archived'])
  assert.deepEqual(nextStages({ stage: 'archived', hasCard: true, metrics }), ['staging'])
})

test('reads the state of a model out of the index', () => {
  const index = [
    { name: 'a', version: '1', state: 'READY', reason: '' },
    { name: 'b', version: '', state: 'UNAVAILABLE', reason: 'no graph' },
    { name: 'c', version: '', state: 'UNAVAILABLE', reason: 'unloaded' },
  ] as const
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => stateOf(name, index).state),
    ['ready', 'unavailable', 'unloaded', 'unloaded'],
  )
  assert.equal(stateOf('b', index).reason, 'no graph')
})

test('takes a card apart into what can be drawn', () => {
  const card =
    '# Name\nWhat it **does**\nin two lines.\n\n- one `x`\n- two,\n  on two lines\n\n## Figures\n| a | b |\n|---|---|\n| 1 | 2 |\n'
  assert.deepEqual(cardBlocks(card), [
    { kind: 'heading', text: 'Name' },
    { kind: 'text', text: 'What it does in two lines.' },
    { kind: 'list', items: ['one x', 'two, on two lines'] },
    { kind: 'heading', text: 'Figures' },
    { kind: 'table', head: ['a', 'b'], rows: [['1', '2']] },
  ])
  assert.deepEqual(cardBlocks(''), [])
})

test('shows times and sizes in units that people read', () => {
  assert.deepEqual(
    [meanText({ count: 0, ns: 0 }), meanText({ count: 2, ns: 25e6 }), meanText({ count: 1, ns: 1.5e6 })],
    ['–', '13 ms', '1.50 ms'],
  )
  assert.deepEqual([900, 41_874, 7_789_625].map(sizeText), ['900 B', '42 kB', '7.8 MB'])
})
