// Restores the published R4 4.0.1 definitions where the package that we read has mixed in elements of later versions.
import r4 from 'fhirpath/fhir-context/r4'
import type { ElementDefinition, StructureDefinition } from './types.ts'

const everywhere = new Set([
  'id',
  'extension',
  'modifierExtension',
  'meta',
  'implicitRules',
  'language',
  'text',
  'contained',
])

function isPublished(element: ElementDefinition): boolean {
  const path = element.path.replace('[x]', '')
  const name = path.slice(path.lastIndexOf('.') + 1)
  if (!path.includes('.') || everywhere.has(name)) return true
  return path in r4.path2Type || path in r4.choiceTypePaths || path in r4.pathsDefinedElsewhere
}

/**
 * Drops what R4 does not have and takes cardinality, types and bindings from the published data elements, which also
 * supply what is missing. Constraints stay as they are in the profile, because the data elements do not carry them.
 */
export function publishedR4(
  definitions: readonly StructureDefinition[],
  dataElements: readonly StructureDefinition[],
): readonly StructureDefinition[] {
  const published = new Map<string, ElementDefinition>()
  for (const { snapshot } of dataElements)
    if (snapshot.element[0]) published.set(snapshot.element[0].path, snapshot.element[0])
  return definitions.map((definition) => {
    if (definition.kind === 'complex-type') {
      return { ...definition, snapshot: { element: definition.snapshot.element.filter(isPublished) } }
    }
    if (definition.kind !== 'resource') return definition
    const kept = definition.snapshot.element.filter(isPublished)
    const restored = kept.map((element) => {
      const original = published.get(element.path)
      if (original === undefined || everywhere.has(element.path.slice(element.path.lastIndexOf('.') + 1)))
        return element
      return { ...original, ...(element.constraint === undefined ? {} : { constraint: element.constraint }) }
    })
    const known = new Set(kept.map((element) => element.path))
    const missing = [...published.values()].filter(
      (element) => element.path.startsWith(`${definition.name}.`) && !known.has(element.path),
    )
    return { ...definition, snapshot: { element: [...restored, ...missing] } }
  })
}
