// The facts of shipped models: what the repository holds can be read, and faults are told.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AppError } from '@xinglin/core/errors'
import { readShippedFacts } from './shipped-facts.ts'

const root = new URL('../../../../../../', import.meta.url)

test('the facts of every shipped model can be read', () => {
  for (const file of globSync('models/*/metrics.json', { cwd: root })) {
    assert.ok(readShippedFacts(readFileSync(new URL(file, root), 'utf8')).metrics.length > 0, file)
  }
  assert.deepEqual(readShippedFacts(''), { description: '', metrics: [], lineage: {} })
})

test('refuses what is not in the form', () => {
  const bad = [
    '[]',
    '{"colour": 1}',
    '{"metrics": {}}',
    '{"metrics": [{"name": "auc"}]}',
    '{"metrics": [{"name": "auc", "value": "good"}]}',
    '{"metrics": [{"name": "auc", "value": 1, "colour": 1}]}',
    '{"lineage": {"parent": "x"}}',
  ]
  for (const text of bad) {
    assert.throws(
      () => readShippedFacts(text),
      (error) => error instanceof AppError && error.code === 'unprocessable',
      text,
    )
  }
})
