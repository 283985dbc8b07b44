// The generated R4 tables, read into types: what elements a type has (inherited ones included) and what they must obey.
import structures from '../generated/structures.json' with { type: 'json' }
import valueSets from '../generated/value-sets.json' with { type: 'json' }

/** What few elements have besides cardinality and types. */
interface ElementExtras {
  readonly binding?: string
  readonly constraints?: readonly string[]
  readonly fixed?: unknown
  readonly pattern?: unknown
}

/** One element of a type as defined by FHIR. A type may carry targets: `Reference:Patient,Group`. */
export interface ElementDefinition extends ElementExtras {
  readonly name: string
  readonly min: number
  readonly max: number | '*'
  readonly types: readonly string[]
}

/** An invariant: its severity, meaning and FHIRPath expression. */
export interface Constraint {
  readonly key: string
  readonly severity: 'error' | 'warning'
  readonly human: string
  readonly expression: string
}

/** A resource type, data type or backbone element (`Patient.contact`). */
export interface TypeDefinition {
  readonly name: string
  readonly kind: string
  readonly base: string | undefined
  readonly elements: readonly ElementDefinition[]
  readonly constraints: readonly Constraint[]
}

interface RawType {
  readonly kind: string
  readonly base?: string
  readonly constraints?: readonly string[]
  readonly elements: Readonly<Record<string, readonly [number, number | '*', readonly string[], ElementExtras?]>>
}

// The generated file has this shape by construction; the type of a large JSON literal is too deep to be compared.
const tables = structures as unknown as {
  readonly types: Readonly<Record<string, RawType>>
  readonly constraints: Readonly<Record<string, Omit<Constraint, 'key'>>>
}
const codes = valueSets as unknown as Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** All concrete R4 resource types, in alphabetical order. */
export const resourceTypes: readonly string[] = Object.keys(tables.types)
  .filter((name) => tables.types[name]?.kind === 'resource')
  .sort()

const resourceTypeSet: ReadonlySet<string> = new Set(resourceTypes)

/** Tells whether the name is that of a concrete R4 resource type. */
export function isResourceType(name: string): boolean {
  return resourceTypeSet.has(name)
}

function rawType(name: string): RawType | undefined {
  return Object.hasOwn(tables.types, name) ? tables.types[name] : undefined
}

function elementsOf(name: string): Map<string, ElementDefinition> {
  const raw = rawType(name)
  if (raw === undefined) return new Map()
  const elements = raw.base === undefined ? new Map<string, ElementDefinition>() : elementsOf(raw.base)
  for (const [key, [min, max, types, extras]] of Object.entries(raw.elements)) {
    elements.set(key, { name: key, min, max, types, ...extras })
  }
  return elements
}

function constraintKeys(name: string): readonly string[] {
  const raw = rawType(name)
  if (raw === undefined) return []
  return [...(raw.base === undefined ? [] : constraintKeys(raw.base)), ...(raw.constraints ?? [])]
}

/** Gives the constraint of a key such as `per-1`; undefined when there is none. */
export function constraintOf(key: string): Constraint | undefined {
  const raw = tables.constraints[key]
  return raw === undefined ? undefined : { key: key.split('@')[0] ?? key, ...raw }
}

/** Gives a type with all inherited elements and constraints; undefined when R4 has no such type. */
export function typeDefinition(name: string): TypeDefinition | undefined {
  const raw = rawType(name)
  if (raw === undefined) return undefined
  return {
    name,
    kind: raw.kind,
    base: raw.base,
    elements: [...elementsOf(name).values()],
    constraints: constraintKeys(name)
      .map(constraintOf)
      .filter((constraint) => constraint !== undefined),
  }
}

/** Gives system → codes of a value set; undefined when its codes cannot be listed. */
export function valueSetOf(url: string): Readonly<Record<string, readonly string[]>> | undefined {
  return codes[url]
}
