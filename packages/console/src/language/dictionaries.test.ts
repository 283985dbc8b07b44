// Every text is there in both languages, with the same places to fill, and no Chinese text is left in English.
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Dictionary, fill, placesOf } from './fill.ts'

const source = fileURLToPath(new URL('..', import.meta.url))
// Texts that are the same in every language: what offers the other language, and keys on a keyboard.
const sharedKeys: ReadonlySet<string> = new Set(['otherLanguage', 'toLanguage'])

async function dictionaries(): Promise<readonly (readonly [string, Dictionary<string>])[]> {
  const files = globSync('**/{text,*-text}.ts', { cwd: source })
  const loaded = await Promise.all(files.map((file) => import(`${source}${file}`)))
  return files.map((file, index) => {
    const [dictionary, ...others] = Object.values(loaded[index]) as Dictionary<string>[]
    assert.ok(dictionary !== undefined && others.length === 0, `${file} exports one dictionary`)
    return [file, dictionary] as const
  })
}

test('finds the dictionaries of the screens', async () => {
  assert.ok((await dictionaries()).length >= 8)
})

test('has each text in both languages with the same places', async () => {
  for (const [file, { en, zh }] of await dictionaries()) {
    assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort(), file)
    for (const [key, text] of Object.entries(en)) {
      assert.notEqual(text.trim(), '', `${file} ${key}`)
      assert.deepEqual(placesOf(zh[key] ?? ''), placesOf(text), `${file} ${key}`)
    }
  }
})

test('writes Chinese texts in Chinese and English texts in English', async () => {
  for (const [file, { en, zh }] of await dictionaries()) {
    for (const key of Object.keys(en).filter((name) => !sharedKeys.has(name))) {
      assert.match(zh[key] ?? '', /\p{Script=Han}|^\W*$/u, `${file} ${key} (zh)`)
      assert.doesNotMatch(zh[key] ?? '', /[a-z]{2,}\s[a-z]{2,}\s[a-z]{2,}/i, `${file} ${key} (zh)`)
      if (key !== 'product') assert.doesNotMatch(en[key] ?? '', /\p{Script=Han}/u, `${file} ${key} (en)`)
    }
  }
})

test('fills places and leaves one without a value in sight', () => {
  assert.equal(fill('{a} of {b}', { a: 1, b: 'x' }), '1 of x')
  assert.equal(fill('{a} of {b}', { a: 1 }), '1 of {b}')
})

test('chooses a word by number', () => {
  const words = (count: number) => fill('{count} {count|event|events}', { count })
  assert.deepEqual([words(0), words(1), words(2)], ['0 events', '1 event', '2 events'])
  assert.deepEqual(placesOf('{count} {count|event|events}'), ['count'])
})
