// Documents that list things agree with the code: dependencies, error codes, rules, settings.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCatalogue } from '@xinglin/core/errors'
import { services, settingsByOwner, writeRules } from '../../packages/platform/src/services.ts'
import { configurationDocument, errorsDocument } from './documents.ts'
import { read } from './source-files.ts'

function directDependencies(path: string): readonly string[] {
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = JSON.parse(read(path))
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
    (name) => !name.startsWith('@xinglin/'),
  )
}

test('every dependency has its line in docs/dependencies.md, and the reverse', () => {
  const manifests = [
    'package.json',
    'packages/core/package.json',
    'packages/platform/package.json',
    'packages/console/package.json',
  ]
  const wanted = [...new Set(manifests.flatMap(directDependencies))].sort()
  const listed = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '')
  assert.deepEqual([...listed].sort(), wanted)
})

test('versions are pinned exactly', () => {
  const manifests = [
    'package.json',
    'packages/core/package.json',
    'packages/platform/package.json',
    'packages/console/package.json',
  ]
  const loose = manifests.flatMap((path) => {
    const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = JSON.parse(read(path))
    return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)),
    )
  })
  assert.deepEqual(loose, [])
})

test('docs/errors.md is what the code says (mend with: node scripts/house/documents.ts)', () => {
  assert.equal(read('docs/errors.md'), errorsDocument(errorCatalogue, writeRules))
})

test('docs/configuration.md is what the code says (mend with: node scripts/house/documents.ts)', () => {
  assert.equal(read('docs/configuration.md'), configurationDocument(settingsByOwner))
})

test('every service has a README of its own and a purpose', () => {
  for (const service of services) assert.ok(service.purpose.length > 10, service.name)
})
