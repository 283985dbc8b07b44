// The texts that people are shown about medicines: no slip that is known, and no remains of the markup they came in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTsv } from '../tools/read-tsv.ts'

const read = (name: string) => readTsv(new URL(name, import.meta.url))
const texts = read('interactions.tsv').flatMap(({ description = '', advice = '' }) => [description, advice])

test('no text about an interaction has a known slip', () => {
  const slips = read('spelling.tsv')
  assert.ok(slips.length > 100)
  for (const { written } of slips) {
    const found = texts.filter((text) => new RegExp(`\\b${written}\\b`, 'i').test(text))
    assert.deepEqual(found, [], `${written}: mend with node data/tools/compile-medicines.ts`)
  }
})

test('no text has remains of markup, or a dose of a hormone in grams', () => {
  assert.deepEqual(
    texts.filter((text) => /&#?\w+;|<\/?[A-Za-z]+>|\d ?g of ethinyl/.test(text)),
    [],
  )
})
