// Whatever the rooms write into the audit trail is told there in words, in both languages.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventText } from '../../packages/console/src/screens/audit/event-text.ts'
import { read, sourceFiles } from './source-files.ts'

// `interaction: 'read'`, also as one of two, and `entryOf(…, 'reading-sign')`.
const written = /\binteraction(?::| =) ([^,}\n]+)|\bentry(?:Of|For)?\(([^)\n]+)\)/g
const code = /'(\$?[a-z][a-z]*(?:-[a-z]+)*)'/g

function interactionsOf(text: string): readonly string[] {
  return [...text.matchAll(written)].flatMap(([, named, called = '']) => {
    const codes = [...(named ?? called).matchAll(code)].map((match) => match[1] ?? '')
    return named === undefined ? codes.filter((one) => one.includes('-')) : codes
  })
}

test('every interaction of the audit trail has words', () => {
  const files = sourceFiles('packages/platform/src').filter((file) => !/\.test\.ts$|\/under-test\//.test(file))
  const codes = new Set(files.flatMap((file) => interactionsOf(read(file))))
  assert.ok(
    codes.has('reading-sign') && codes.has('edge-refusals') && codes.has('model-stage'),
    'the search finds them',
  )
  for (const words of [eventText.en, eventText.zh])
    assert.deepEqual(
      [...codes].filter((one) => !(`interaction.${one}` in words)),
      [],
    )
})
