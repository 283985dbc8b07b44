// Synthea's patients: real-looking Bundles of many resources, all without errors.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { Bundle } from '../types.ts'
import { validateResource } from './index.ts'

const folder = new URL('../../../../../../shared/data/synthea/', import.meta.url)
const skip = existsSync(folder) ? false : 'the Synthea Bundles are not beside the project (../shared/data/synthea)'

test('finds no error in 80 Synthea Bundles', { skip }, () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json.gz'))
  assert.equal(files.length, 80)
  for (const file of files) {
    const bundle = JSON.parse(gunzipSync(readFileSync(new URL(file, folder))).toString('utf8')) as Bundle
    assert.deepEqual(
      validateResource(bundle).filter(({ severity }) => severity === 'error'),
      [],
      file,
    )
  }
})
