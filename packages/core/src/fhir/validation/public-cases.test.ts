// The public validation cases of FHIR (fhir-test-cases): no false alarm, and most of the invalid ones found.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { validateText } from './index.ts'

interface Case {
  readonly name: string
  readonly file: string
  readonly expectedErrors: number
}

const folder = new URL('../../../../../../shared/data/fhir-validation/', import.meta.url)
const skip = existsSync(folder)
  ? false
  : 'the public validation cases are not beside the project (../shared/data/fhir-validation)'
const cases = skip === false ? (JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as readonly Case[]) : []

function errorsOf({ file }: Case): readonly string[] {
  return validateText(readFileSync(new URL(file, folder), 'utf8'))
    .filter(({ severity }) => severity === 'error' || severity === 'fatal')
    .map(({ expression, diagnostics }) => `${expression}: ${diagnostics}`)
}

test('raises no false alarm on the valid cases', { skip }, () => {
  const valid = cases.filter((each) => each.expectedErrors === 0)
  assert.equal(valid.length, 46)
  assert.deepEqual(
    valid.flatMap((each) => errorsOf(each).map((error) => `${each.name}: ${error}`)),
    [],
  )
})

// What is missed needs a terminology server, the profile that a resource claims, or rules of other specifications.
test('finds at least 40 of the 62 invalid cases', { skip }, () => {
  const invalid = cases.filter((each) => each.expectedErrors > 0)
  assert.equal(invalid.length, 62)
  const missed = invalid.filter((each) => errorsOf(each).length === 0).map((each) => each.name)
  assert.ok(missed.length <= 22, `missed ${missed.join(', ')}`)
})
