// docs/resilience.md shows what was measured (mend with: node proofs/resilience-table.ts).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { withTable } from './resilience-table.ts'

test('docs/resilience.md shows the committed results', () => {
  const text = readFileSync(new URL('../docs/resilience.md', import.meta.url), 'utf8')
  assert.equal(text, withTable(text))
  assert.match(text, /\| held \|/)
})
