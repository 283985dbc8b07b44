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

test('a substance that the source spells twice is one, found by either spelling with all its rules and classes', () => {
  const drugs = new Map(read('drugs.tsv').map((row) => [row.id ?? '', (row.names ?? '').split(';')]))
  const members = new Set(read('classes.tsv').flatMap(({ drugs: all = '' }) => all.split(';')))
  const sides = new Set(read('interactions.tsv').flatMap((row) => [row.left_side ?? '', row.right_side ?? '']))
  const spellings = read('same_substance.tsv')
  assert.ok(spellings.length > 20)
  for (const { written = '', drug = '' } of spellings) {
    assert.equal(drugs.has(written) || members.has(written) || sides.has(`drug:${written}`), false, written)
    const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')
    assert.ok(drugs.get(drug)?.some((name) => plain(name) === written), `${written} → ${drug}`)
  }
})
