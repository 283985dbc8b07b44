// Reduces StructureDefinition snapshots to what a validator needs: one table a type and one a backbone element.

/** The parts of an ElementDefinition that the generator reads. */
export interface ElementDefinition {
  readonly path: string
  readonly min: number
  readonly max: string
  readonly base?: { readonly path: string }
  readonly type?: readonly {
    readonly code: string
    readonly profile?: readonly string[]
    readonly targetProfile?: readonly string[]
    readonly extension?: readonly { readonly url: string; readonly valueUrl?: string }[]
  }[]
  readonly contentReference?: string
  readonly binding?: {
    readonly strength: string
    readonly valueSet?: string
    readonly extension?: readonly { readonly url: string; readonly valueCanonical?: string }[]
  }
  readonly constraint?: readonly Constraint[]
  readonly [other: string]: unknown
}

interface Constraint {
  readonly key: string
  readonly severity: string
  readonly human: string
  readonly expression?: string
}

/** The parts of a StructureDefinition that the generator reads. */
export interface StructureDefinition {
  readonly resourceType: string
  readonly url: string
  readonly name: string
  /** The type that it defines or constrains. */
  readonly type: string
  readonly derivation?: string
  readonly kind: string
  readonly abstract: boolean
  readonly baseDefinition?: string
  readonly fhirVersion?: string
  readonly snapshot: { readonly element: readonly ElementDefinition[] }
}

interface ElementExtras {
  binding?: string
  constraints?: readonly string[]
}

/** min, max, types (`Reference:Patient,Group` carries targets), and what few elements have. */
export type CompactElement = readonly [number, number | '*', readonly string[], ElementExtras?]

/** One type or backbone element (`Patient.contact`). */
export interface CompactType {
  readonly kind: string
  readonly base?: string
  readonly constraints?: readonly string[]
  readonly elements: Readonly<Record<string, CompactElement>>
}

/** Invariants by their keys. */
export type ConstraintTable = Record<string, { severity: string; human: string; expression: string }>

/** Keys of invariants that hold for every element; the validator has them built in. */
export const builtIn = new Set(['ele-1', 'ext-1'])

const lastSegment = (url: string): string => url.slice(url.lastIndexOf('/') + 1)

function typeNames(element: ElementDefinition): readonly string[] {
  if (element.contentReference !== undefined) return [element.contentReference.slice(1)]
  // Published as a string, but http://hl7.org/fhir/R4/resource.html#id gives it the form of an id.
  if ((element.base?.path ?? element.path) === 'Resource.id') return ['id']
  return (element.type ?? []).map((type) => {
    const fhirType = type.extension?.find((extension) => extension.url.endsWith('structuredefinition-fhir-type'))
    if (type.code.startsWith('http://hl7.org/fhirpath/')) return fhirType?.valueUrl ?? 'string'
    if (type.code === 'BackboneElement' || (type.code === 'Element' && !element.path.startsWith('Element.'))) {
      return element.path
    }
    const code = type.profile?.[0] === undefined ? type.code : lastSegment(type.profile[0])
    const targets = (type.targetProfile ?? []).map(lastSegment).filter((target) => target !== 'Resource')
    return targets.length > 0 ? `${code}:${targets.join(',')}` : code
  })
}

/** The value set that a value must be in: that of a required binding, or the widest one that a weaker binding allows. */
function bindingOf({ binding }: ElementDefinition): string | undefined {
  const widest = binding?.extension?.find(({ url }) => url.endsWith('elementdefinition-maxValueSet'))?.valueCanonical
  const url = binding?.strength === 'required' ? binding.valueSet : widest
  return url?.split('|')[0]
}

function extrasOf(element: ElementDefinition, constraints: readonly string[]): ElementExtras | undefined {
  const extras: ElementExtras = {}
  const binding = bindingOf(element)
  if (binding !== undefined) extras.binding = binding
  if (constraints.length > 0) extras.constraints = constraints
  return Object.keys(extras).length > 0 ? extras : undefined
}

/** Registers the constraints of an element and gives their keys; equal keys with other expressions get the path added. */
function constraintKeys(element: ElementDefinition, table: ConstraintTable, inherited: readonly string[]): string[] {
  const keys = (element.constraint ?? []).flatMap((constraint) => {
    if (builtIn.has(constraint.key) || constraint.expression === undefined) return []
    const known = table[constraint.key]
    const key =
      known === undefined || known.expression === constraint.expression
        ? constraint.key
        : `${constraint.key}@${element.path}`
    table[key] = { severity: constraint.severity, human: constraint.human, expression: constraint.expression }
    return [key]
  })
  return keys.filter((key) => !inherited.includes(key))
}

interface Building {
  readonly kind: string
  readonly base?: string
  constraints: readonly string[]
  readonly elements: Record<string, CompactElement>
}

function compactDefinition(
  definition: StructureDefinition,
  types: Record<string, Building>,
  constraints: ConstraintTable,
): void {
  const [root, ...rest] = definition.snapshot.element
  if (root === undefined) return
  const base = definition.baseDefinition === undefined ? undefined : lastSegment(definition.baseDefinition)
  const inherited = ancestors(base, types).flatMap((type) => type.constraints)
  const rootKeys = constraintKeys(root, constraints, inherited)
  types[definition.name] = {
    kind: definition.kind,
    ...(base === undefined ? {} : { base }),
    constraints: rootKeys,
    elements: {},
  }
  for (const element of rest) {
    // A profile on a data type (SimpleQuantity) keeps the paths of its base type.
    const path = element.path.replace(/^[^.]+/, definition.name)
    const parent = path.slice(0, path.lastIndexOf('.'))
    const name = path.slice(path.lastIndexOf('.') + 1)
    const names = typeNames({ ...element, path })
    const isBackbone = names[0] === path
    const keys = constraintKeys(element, constraints, isBackbone ? [] : rootKeys)
    if (isBackbone) {
      types[path] = { kind: 'backbone', base: element.type?.[0]?.code ?? 'Element', constraints: keys, elements: {} }
    }
    const extras = extrasOf(element, isBackbone || element.contentReference !== undefined ? [] : keys)
    const max = element.max === '*' ? '*' : Number(element.max)
    const compact: CompactElement = extras === undefined ? [element.min, max, names] : [element.min, max, names, extras]
    const owner = types[parent]
    if (owner === undefined) continue
    const known = ancestors(owner.base, types).find((type) => type.elements[name] !== undefined)?.elements[name]
    if (JSON.stringify(known) !== JSON.stringify(compact)) owner.elements[name] = compact
  }
}

function ancestors(base: string | undefined, types: Readonly<Record<string, Building>>): readonly Building[] {
  const type = base === undefined ? undefined : types[base]
  return type === undefined ? [] : [type, ...ancestors(type.base, types)]
}

/** Bases first, so that a type is only described by what it adds. */
function depthOf(definition: StructureDefinition, all: ReadonlyMap<string, StructureDefinition>): number {
  const base = definition.baseDefinition === undefined ? undefined : all.get(lastSegment(definition.baseDefinition))
  return base === undefined ? 0 : 1 + depthOf(base, all)
}

/** Gives all concrete and abstract R4 types with the constraints they name. Types of later versions are left out. */
export function compactTypes(definitions: readonly StructureDefinition[]): {
  readonly types: Readonly<Record<string, CompactType>>
  readonly constraints: ConstraintTable
} {
  const r4 = definitions.filter((each) => each.kind !== 'logical' && (each.fhirVersion ?? '4.0.1').startsWith('4.0'))
  const byName = new Map(r4.map((definition) => [definition.name, definition]))
  const types: Record<string, Building> = {}
  const constraints: ConstraintTable = {}
  const ordered = [...r4].sort((a, b) => depthOf(a, byName) - depthOf(b, byName) || (a.name < b.name ? -1 : 1))
  for (const definition of ordered) {
    if (definition.kind === 'primitive-type')
      types[definition.name] = { kind: 'primitive', constraints: [], elements: {} }
    else compactDefinition(definition, types, constraints)
    const built = types[definition.name]
    if (definition.abstract && built !== undefined) types[definition.name] = { ...built, kind: 'abstract' }
  }
  const shown = Object.entries(types).map(([name, type]): [string, CompactType] => {
    const { constraints: keys, ...others } = type
    return [name, keys.length > 0 ? { ...others, constraints: keys } : others]
  })
  return { types: Object.fromEntries(shown), constraints }
}
