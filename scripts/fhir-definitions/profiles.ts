// Reduces the profiles of the R4 core (vital signs and others) to trees of what they demand beyond the base definitions.
import {
  builtIn,
  type CompactElement,
  type CompactType,
  type ConstraintTable,
  type ElementDefinition,
  type StructureDefinition,
} from './types.ts'

/** What a profile demands of an element; everything is left out that the base type demands too. */
export interface ProfileElement {
  min?: number
  max?: number
  types?: readonly string[]
  fixed?: unknown
  pattern?: unknown
  binding?: string
  constraints?: readonly string[]
  children?: Record<string, ProfileElement>
  slicing?: { readonly by: readonly string[]; readonly closed?: true; readonly slices: Record<string, ProfileElement> }
}

/** The profiles by their canonical URL, and the invariants that they add. */
export interface CompactProfiles {
  readonly profiles: Readonly<Record<string, ProfileElement & { readonly type: string }>>
  readonly constraints: ConstraintTable
}

interface Profiled extends ElementDefinition {
  readonly id: string
  readonly sliceName?: string
  readonly slicing?: {
    readonly rules: string
    readonly discriminator?: readonly { readonly type: string; readonly path: string }[]
  }
}

type Types = Readonly<Record<string, CompactType>>

function baseElement(types: Types, type: string, name: string): CompactElement | undefined {
  const found = types[type]
  if (found === undefined) return undefined
  return found.elements[name] ?? (found.base === undefined ? undefined : baseElement(types, found.base, name))
}

/** The type of the element at a path of the base definitions: `Observation.component.code` → CodeableConcept. */
function typeAt(types: Types, path: string): string {
  const [root = '', ...names] = path.split('.')
  return names.reduce((type, name) => baseElement(types, type, name)?.[2][0]?.split(':')[0] ?? '', root)
}

function demandsOf(element: Profiled, types: Types): ProfileElement {
  const at = element.path.lastIndexOf('.')
  const base =
    at < 0 ? undefined : baseElement(types, typeAt(types, element.path.slice(0, at)), element.path.slice(at + 1))
  const demands: ProfileElement = {}
  const isSlice = element.sliceName !== undefined
  if (at >= 0 && element.min > (isSlice ? 0 : (base?.[0] ?? 0))) demands.min = element.min
  const max = element.max === '*' ? '*' : Number(element.max)
  if (at >= 0 && max !== '*' && (isSlice || max !== base?.[1])) demands.max = max
  const allowed = (element.type ?? []).map((type) => type.code)
  if (base !== undefined && allowed.length > 0 && allowed.length < base[2].length) demands.types = allowed
  for (const [key, value] of Object.entries(element)) {
    if (/^fixed[A-Z]/.test(key)) demands.fixed = value
    if (/^pattern[A-Z]/.test(key)) demands.pattern = value
  }
  const binding = element.binding?.strength === 'required' ? element.binding.valueSet?.split('|')[0] : undefined
  if (binding !== undefined && binding !== base?.[3]?.binding) demands.binding = binding
  return demands
}

/** Finds or makes the node that an element id means: `Observation.component:SystolicBP.code`. */
function nodeAt(root: ProfileElement, id: string): ProfileElement {
  let node = root
  for (const segment of id.split('.').slice(1)) {
    const [path = '', slice] = segment.split(':')
    node.children ??= {}
    const name = path.replace('[x]', '')
    node = node.children[name] ??= {}
    if (slice === undefined) continue
    node.slicing ??= { by: [], slices: {} }
    node = node.slicing.slices[slice] ??= {}
  }
  return node
}

/** Leaves out what demands nothing; gives undefined when nothing is left. */
function pruned(node: ProfileElement): ProfileElement | undefined {
  const { children, slicing, ...own } = node
  const kept = (nodes: Record<string, ProfileElement> = {}): Record<string, ProfileElement> =>
    Object.fromEntries(
      Object.entries(nodes).flatMap(([name, each]) => {
        const left = pruned(each)
        return left === undefined ? [] : [[name, left]]
      }),
    )
  const below = kept(children)
  const slices = kept(slicing?.slices)
  const result: ProfileElement = {
    ...own,
    ...(Object.keys(below).length > 0 ? { children: below } : {}),
    ...(slicing !== undefined && slicing.by.length > 0 && Object.keys(slices).length > 0
      ? { slicing: { ...slicing, slices } }
      : {}),
  }
  return Object.keys(result).length > 0 ? result : undefined
}

interface Tables {
  readonly types: Types
  /** The invariants of the base definitions. */
  readonly constraints: ConstraintTable
}

/** What tells slices apart, as `kind:path`; undefined when that needs other resources or profiles. */
function discriminatorsOf({ slicing }: Profiled): readonly string[] | undefined {
  const all = slicing?.discriminator ?? []
  const isLocal = all.every(({ type, path }) => /^(?:value|pattern|type)$/.test(type) && !path.includes('('))
  return all.length > 0 && isLocal ? all.map(({ type, path }) => `${type}:${path}`) : undefined
}

function compactProfile(
  definition: StructureDefinition,
  { types, constraints: known }: Tables,
  constraints: ConstraintTable,
): ProfileElement | undefined {
  const root: ProfileElement = {}
  for (const element of definition.snapshot.element as readonly Profiled[]) {
    if (/\.(?:id|extension|modifierExtension)(?::|\.|$)/.test(element.id)) continue
    const node = nodeAt(root, element.id)
    Object.assign(node, demandsOf(element, types))
    const own = (element.constraint ?? []).filter(({ key }) => known[key] === undefined && !builtIn.has(key))
    if (own.length > 0) node.constraints = own.map(({ key }) => key)
    for (const { key, severity, human, expression = 'true' } of own) constraints[key] = { severity, human, expression }
    const by = discriminatorsOf(element)
    if (by !== undefined) {
      node.slicing = { by, ...(element.slicing?.rules === 'closed' ? { closed: true } : {}), slices: {} }
    }
  }
  return pruned(root)
}

/** Gives the profiles on resources that the R4 core publishes. */
export function compactProfiles(definitions: readonly StructureDefinition[], tables: Tables): CompactProfiles {
  const profiles: Record<string, ProfileElement & { readonly type: string }> = {}
  const constraints: ConstraintTable = {}
  for (const definition of definitions) {
    const isCore = definition.derivation === 'constraint' && definition.fhirVersion === '4.0.1'
    if (!isCore || tables.types[definition.type]?.kind !== 'resource') continue
    const tree = compactProfile(definition, tables, constraints)
    if (tree !== undefined) profiles[definition.url] = { type: definition.type, ...tree }
  }
  return { profiles, constraints }
}
