// The official R4 examples (a test-only package), as seeded samples that have something of every type.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Resource } from '@xinglin/core/fhir'

const folder = new URL('../../../../node_modules/hl7.fhir.r4.examples/', import.meta.url)
// Larger ones are lists of definitions; they say nothing new and take long.
const maxCharacters = 150_000

/** How many examples of each type, and where in the list of its files the sample begins. */
export interface ExampleSample {
  readonly perType: number
  readonly seed: number
}

/** At most `perType` examples of each type, the same ones for the same seed; empty where the package is not installed. */
export function officialExamples({ perType, seed }: ExampleSample): readonly Resource[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((file) => /^[A-Z][A-Za-z]+-.*\.json$/.test(file))
  const byType = Map.groupBy(files.toSorted(), (file) => file.slice(0, file.indexOf('-')))
  return [...byType.values()].flatMap((some) => {
    const start = seed % some.length
    const turned = [...some.slice(start), ...some.slice(0, start)]
    return readSome(turned, perType)
  })
}

function readSome(files: readonly string[], count: number): readonly Resource[] {
  const found: Resource[] = []
  for (const file of files) {
    if (found.length >= count) break
    const text = readFileSync(new URL(file, folder), 'utf8')
    if (text.length > maxCharacters) continue
    const resource = JSON.parse(text) as Resource
    // A few have ids that R4 itself does not allow.
    if (typeof resource.resourceType === 'string' && /^[A-Za-z0-9\-.]{1,64}$/.test(resource.id ?? ''))
      found.push(resource)
  }
  return found
}
