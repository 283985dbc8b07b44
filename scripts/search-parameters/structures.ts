// Looks up the elements of R4 types in the compacted StructureDefinitions that the validator uses.

type CompactElement = readonly [number, number | string, readonly string[], { readonly binding?: string }?]
interface CompactType {
  readonly kind: string
  readonly base?: string
  readonly elements: Readonly<Record<string, CompactElement>>
}
type CompactTypes = Readonly<Record<string, CompactType>>
type CompactValueSets = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** A child element as it stands in JSON; a choice has one per datatype. */
export interface ChildElement {
  /** Name in JSON, e.g. `valueQuantity`. */
  readonly name: string
  readonly datatype: string
  /** The one code system of the required binding of a `code`. */
  readonly system?: string
}

/** The elements of every R4 type. */
export interface Structures {
  /** Concrete resource types, sorted. */
  readonly resources: readonly string[]
  /** The children called `name` of a type; throws when there is none. */
  children(type: string, name: string): readonly ChildElement[]
  /** The resource type of a backbone type such as `Observation.component`. */
  resourceOf(type: string): string
}

/** Reads the compacted definitions. */
export function readStructures(types: CompactTypes, valueSets: CompactValueSets): Structures {
  const abstractTypes = new Set(['Resource', 'DomainResource'])
  const find = (type: string, element: string): CompactElement | undefined => {
    const definition = types[type]
    if (definition === undefined) return undefined
    return definition.elements[element] ?? (definition.base === undefined ? undefined : find(definition.base, element))
  }
  const toChildren = (name: string, element: CompactElement, isChoice: boolean): readonly ChildElement[] =>
    element[2].map((text) => {
      const datatype = text.replace(/:.*$/, '')
      const systems = Object.keys(valueSets[element[3]?.binding ?? ''] ?? {})
      const suffix = isChoice ? datatype.charAt(0).toUpperCase() + datatype.slice(1) : ''
      return {
        name: name + suffix,
        datatype,
        ...(systems.length === 1 && systems[0] !== undefined ? { system: systems[0] } : {}),
      }
    })
  return {
    resources: Object.keys(types)
      .filter((type) => types[type]?.kind === 'resource' && !abstractTypes.has(type))
      .sort(),
    children(type, name) {
      const plain = find(type, name)
      if (plain !== undefined) return toChildren(name, plain, false)
      const choice = find(type, `${name}[x]`)
      if (choice === undefined) throw new Error(`${type} has no element ${name}`)
      return toChildren(name, choice, true)
    },
    resourceOf: (type) => type.split('.')[0] ?? type,
  }
}
