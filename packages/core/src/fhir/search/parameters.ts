// The official R4 search parameters and compartments, read from the generated table when a type is first asked for.
import table from '../generated/search-parameters.json' with { type: 'json' }
import type { SearchParameter, SearchParameterType } from './types.ts'

/** A part of a composite, with the places of its values relative to the composite's element. */
export interface ParameterComponent {
  readonly code: string
  readonly type: SearchParameterType
  readonly expression: string
  readonly paths: readonly string[]
}

/** A search parameter whose parts know their places too. */
export interface ParameterDefinition extends SearchParameter {
  readonly components: readonly ParameterComponent[]
}

type ComponentRow = readonly [code: string, type: string, expression: string, paths: readonly string[]]
type Row = readonly [
  type: string,
  id: string,
  expression: string,
  targets: readonly string[],
  paths: readonly string[],
  components?: readonly ComponentRow[],
]

const rowsByType = table.types as unknown as Readonly<Record<string, Readonly<Record<string, Row>>>>
const compartmentTable = table.compartments as Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

// Filled once per type from the constant table above, so it never differs between callers.
const definitionsByType = new Map<string, ReadonlyMap<string, ParameterDefinition>>()

/** Every R4 resource type, sorted. */
export const resourceTypes: readonly string[] = Object.keys(rowsByType)

/** The search parameters of a resource type by code; empty for what is no resource type. */
export function definitionsOf(type: string): ReadonlyMap<string, ParameterDefinition> {
  const known = definitionsByType.get(type)
  if (known !== undefined) return known
  const rows = Object.hasOwn(rowsByType, type) ? rowsByType[type] : undefined
  if (rows === undefined) return new Map()
  const made = new Map(Object.entries(rows).map(([code, row]) => [code, toDefinition(type, code, row)]))
  definitionsByType.set(type, made)
  return made
}

function toDefinition(base: string, code: string, row: Row): ParameterDefinition {
  const [type, id, expression, targets, paths, components = []] = row
  return {
    base,
    code,
    type: type as SearchParameterType,
    expression,
    targets,
    paths,
    components: components.map(([part, kind, partExpression, partPaths]) => ({
      code: part,
      type: kind as SearchParameterType,
      expression: partExpression,
      paths: partPaths,
    })),
    url: `http://hl7.org/fhir/SearchParameter/${id}`,
  }
}

/** One search parameter of a resource type. */
export function searchParameter(resourceType: string, code: string): SearchParameter | undefined {
  return definitionsOf(resourceType).get(code)
}

/** Whether searches by the parameter are answered: it leads to values, which full text, named queries and distances do not. */
export function canBeSearched(parameter: ParameterDefinition): boolean {
  return parameter.type !== 'special' && parameter.paths.length > 0
}

/** The search parameters of a resource type that can be searched, those of Resource and DomainResource included. */
export function searchParametersOf(resourceType: string): readonly SearchParameter[] {
  return [...definitionsOf(resourceType).values()].filter(canBeSearched)
}

/**
 * The reference parameters that put a resource of a type into a compartment (http://hl7.org/fhir/R4/compartmentdefinition.html);
 * empty when the type is not part of it. The owner of the compartment itself is in it by its own id.
 */
export function compartmentParameters(compartmentType: string, resourceType: string): readonly SearchParameter[] {
  const codes = compartmentTable[compartmentType]?.[resourceType] ?? []
  return codes.flatMap((code) => searchParameter(resourceType, code) ?? [])
}

/** The compartment types that R4 defines. */
export const compartmentTypes: readonly string[] = Object.keys(compartmentTable)

/** The types that a compartment holds, its owner's included; empty for a type that has no compartment. */
export function typesInCompartment(compartmentType: string): readonly string[] {
  if (!compartmentTypes.includes(compartmentType)) return []
  const holds = (type: string) => type === compartmentType || compartmentParameters(compartmentType, type).length > 0
  return resourceTypes.filter(holds)
}
