// The shape of the code as STYLE asks: files that open with a purpose, stay short, and speak plainly.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read, sourceFiles } from './source-files.ts'

const folders = 'packages scripts bench conformance e2e examples deploy proofs training data'.split(' ')
const everywhere = folders.flatMap((folder) => sourceFiles(folder))
const maxLines = 400

test('every file opens with what it is for', () => {
  assert.deepEqual(
    everywhere.filter((file) => !/^(#!.*\n)?(\/\/|\/\*\*?)\s?\S/.test(read(file))),
    [],
  )
})

test(`no file is longer than ${maxLines} lines`, () => {
  assert.deepEqual(
    everywhere.filter((file) => read(file).split('\n').length > maxLines),
    [],
  )
})

test('no file is named after nothing in particular', () => {
  assert.deepEqual(
    everywhere.filter((file) => /(^|\/)(utils?|helpers?|manager|misc|common)(\/|\.tsx?$)/i.test(file)),
    [],
  )
})

test('there is no any, no suppressed check, no empty catch', () => {
  const pattern = /(:\s*any\b|<any>|\bas any\b|@ts-ignore|@ts-nocheck|biome-ignore-all|catch\s*(\([^)]*\))?\s*\{\s*\})/
  const self = 'scripts/house/shape.test.ts'
  const offences = everywhere
    .filter((file) => file !== self)
    .flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, index) =>
          pattern.test(line) && !/^\s*(\/\/|\/?\*)/.test(line) ? [`${file}:${index + 1}`] : [],
        ),
    )
  assert.deepEqual(offences, [])
})

test('what a file exports is documented', () => {
  const pattern = /^export (default )?(async )?(abstract )?(const|function\*?|interface|type|class) \w/
  const offences = everywhere
    .filter((file) => !/\.(test|d)\.tsx?$/.test(file))
    .flatMap((file) => {
      const lines = read(file).split('\n')
      return lines.flatMap((line, at) =>
        pattern.test(line) && lines[at - 1]?.endsWith('*/') !== true ? [`${file}:${at + 1}`] : [],
      )
    })
  assert.deepEqual(offences, [])
})
