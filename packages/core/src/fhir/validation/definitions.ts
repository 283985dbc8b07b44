// The generated R4 tables, read into types: what elements a type has (inherited ones included) and what they must obey.
import structures from '../generated/structures.json' with { type: 'json' }
import valueSets from '../generated/value-sets.json' with { type: 'json' }

/** A JSON property of an element: one for each type of a choice (`valueQuantity`), else the element's name alone. */
export interface PropertyDefinition {
  readonly key: string
  /** The FHIR type of its values. */
  readonly type: string
  /** The resource types that a Reference or canonical may point to; empty when it may point to any. */
  readonly targets: ReadonlySet<string>
}

/** An invariant: its severity, meaning and FHIRPath expression. */
export interface Constraint {
  readonly key: string
  readonly severity: 'error' | 'warning'
  readonly human: string
  readonly expression: string
}

/** One element of a type as defined by FHIR. */
export interface ElementDefinition {
  /** The type that has the element: `Observation`. */
  readonly owner: string
  /** The name as FHIRPath knows it: `value` for value[x]. */
  readonly name: string
  readonly isChoice: boolean
  readonly min: number
  readonly max: number | '*'
  readonly properties: readonly PropertyDefinition[]
  /** The value set of a required binding. */
  readonly binding: string | undefined
  readonly constraints: readonly Constraint[]
}

/** A resource type, data type or backbone element (`Patient.contact`). */
export interface TypeDefinition {
  readonly name: string
  readonly base: string | undefined
  readonly isResource: boolean
  readonly elements: readonly ElementDefinition[]
  readonly constraints: readonly Constraint[]
}

interface RawExtras {
  readonly binding?: string
  readonly constraints?: readonly string[]
}

type RawElement = readonly [min: number, max: number | '*', types: readonly string[], extras?: RawExtras]

interface RawType {
  readonly kind: string
  readonly base?: string
  readonly constraints?: readonly string[]
  readonly elements: Readonly<Record<string, RawElement>>
}

// The generated files have this shape by construction; the type of a large JSON literal is too deep to be compared.
const tables = structures as unknown as {
  readonly types: Readonly<Record<string, RawType>>
  readonly constraints: Readonly<Record<string, Omit<Constraint, 'key'>>>
}
const codes = valueSets as unknown as Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** All types that R4 defines, backbone elements such as `Patient.contact` included. */
export const typeNames: readonly string[] = Object.keys(tables.types)

/** All concrete R4 resource types, in alphabetical order. */
export const resourceTypes: readonly string[] = typeNames
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

function constraintsOf(keys: readonly string[] = []): readonly Constraint[] {
  return keys.flatMap((key) => {
    const raw = tables.constraints[key]
    return raw === undefined ? [] : [{ key: key.split('@')[0] ?? key, ...raw }]
  })
}

/** A type as written in the table (`Reference:Patient,Group`) makes one property. */
function propertyOf(text: string, name: string, isChoice: boolean): PropertyDefinition {
  const [type = '', targets = ''] = text.split(':')
  const suffix = type === 'SimpleQuantity' || type === 'MoneyQuantity' ? 'Quantity' : type
  const key = isChoice ? `${name}${suffix.charAt(0).toUpperCase()}${suffix.slice(1)}` : name
  return { key, type, targets: new Set(targets === '' ? [] : targets.split(',')) }
}

function elementOf(owner: string, path: string, [min, max, types, extras = {}]: RawElement): ElementDefinition {
  const isChoice = path.endsWith('[x]')
  const name = isChoice ? path.slice(0, -3) : path
  const { binding } = extras
  const properties = types.map((text) => propertyOf(text, name, isChoice))
  return {
    owner,
    name,
    isChoice,
    min,
    max,
    properties,
    binding,
    constraints: constraintsOf(extras.constraints),
  }
}

/** The type and all that it derives from, itself last. */
function lineage(name: string): readonly RawType[] {
  const raw = rawType(name)
  if (raw === undefined) return []
  return raw.base === undefined ? [raw] : [...lineage(raw.base), raw]
}

/** Gives a type with all inherited elements and constraints; undefined when R4 has no such type. */
export function typeDefinition(name: string): TypeDefinition | undefined {
  const raw = rawType(name)
  if (raw === undefined) return undefined
  const all = lineage(name)
  const elements = new Map(all.flatMap((type) => Object.entries(type.elements)))
  return {
    name,
    base: raw.base,
    isResource: isResourceType(name),
    elements: [...elements].map(([path, element]) => elementOf(name, path, element)),
    constraints: constraintsOf(all.flatMap((type) => type.constraints ?? [])),
  }
}

/** Tells whether a type is another or derives from it. */
export function isKindOf(type: string, other: string): boolean {
  const base = rawType(type)?.base
  return type === other || (base !== undefined && isKindOf(base, other))
}

/** Gives system → codes of a value set; undefined when its codes cannot be listed. */
export function valueSetOf(url: string): Readonly<Record<string, readonly string[]>> | undefined {
  return codes[url]
}
