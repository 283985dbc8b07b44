// Turns a resource into its index rows. For each type the parameters are compiled once into a tree of elements, so that a
// resource is walked once, whatever number of parameters reads the same element.
import type { Resource } from '../types.ts'
import { clinicalDateCodes } from './clinical-date.ts'
import { type CompiledComposite, compileComposite, writeComposite } from './composites.ts'
import { presenceHash } from './parameter-keys.ts'
import { compartmentParameters, definitionsOf, type ParameterDefinition } from './parameters.ts'
import { type ElementPath, isObject, type PathStep, parsePath, readValues, type TypedValue } from './paths.ts'
import { RowCollector } from './row-collector.ts'
import type { IndexRows } from './types.ts'
import { type WriteRows, writerOf } from './writers.ts'

/** What is done with a value found at the end of a path. */
interface Leaf {
  readonly write: WriteRows | undefined
  readonly presence: number
  readonly datatype: string
  readonly system: string | undefined
}

interface TreeNode {
  readonly leaves: Leaf[]
  readonly branches: { readonly step: PathStep; readonly node: TreeNode }[]
}

interface TypeIndex {
  readonly tree: TreeNode
  readonly computed: readonly { readonly path: ElementPath; readonly leaf: Leaf }[]
  readonly composites: readonly { readonly composite: CompiledComposite; readonly presence: number }[]
}

// Filled once per type from the constant tables, so it never differs between callers.
const indexByType = new Map<string, TypeIndex>()

/** Settings of {@link indexRows}. */
export interface IndexOptions {
  /** FHIR base under which absolute references count as records here, e.g. `https://hospital.example/fhir`. */
  readonly baseUrl?: string
}

/** The rows that a resource leaves in the search index. */
export function indexRows(resource: Resource, options: IndexOptions = {}): IndexRows {
  const index = indexOf(resource.resourceType)
  const rows = new RowCollector(options.baseUrl)
  if (resource.resourceType === 'Patient' && resource.id !== undefined) rows.patients.push(resource.id)
  visit(index.tree, resource, rows)
  for (const { path, leaf } of index.computed) {
    for (const typed of readValues([path], resource, resource)) writeLeaf(leaf, typed.value, rows)
  }
  for (const { composite, presence } of index.composites) {
    if (writeComposite(composite, resource, rows)) rows.presences.push(presence)
  }
  return rows.rows()
}

function indexOf(type: string): TypeIndex {
  const known = indexByType.get(type)
  if (known !== undefined) return known
  const made = compileType(type)
  if (definitionsOf(type).size > 0) indexByType.set(type, made)
  return made
}

function compileType(type: string): TypeIndex {
  const definitions = [...definitionsOf(type).values()]
  const compartment = new Set(compartmentParameters('Patient', type).map((parameter) => parameter.code))
  const clinical = clinicalDateCodes(type)
  const tree: TreeNode = { leaves: [], branches: [] }
  const computed: { readonly path: ElementPath; readonly leaf: Leaf }[] = []
  for (const parameter of definitions.filter((definition) => definition.type !== 'composite')) {
    const rank = clinical.indexOf(parameter.code)
    const role = { clinicalRank: rank < 0 ? undefined : rank, isPatientCompartment: compartment.has(parameter.code) }
    const write = writerOf(parameter, role)
    for (const path of parameter.paths.map(parsePath)) {
      const leaf = { write, presence: presenceHash(parameter), datatype: path.datatype, system: path.system }
      if (path.existence !== undefined) computed.push({ path, leaf })
      else place(tree, path.steps, leaf)
    }
  }
  const composites = definitions.filter((definition) => definition.type === 'composite').map(toComposite)
  return { tree, computed, composites }
}

function toComposite(parameter: ParameterDefinition): TypeIndex['composites'][number] {
  return { composite: compileComposite(parameter), presence: presenceHash(parameter) }
}

function place(node: TreeNode, steps: readonly PathStep[], leaf: Leaf): void {
  const [step, ...rest] = steps
  if (step === undefined) {
    node.leaves.push(leaf)
    return
  }
  const same = node.branches.find((branch) => branch.step.name === step.name && branch.step.filter === step.filter)
  const branch = same ?? { step, node: { leaves: [], branches: [] } }
  if (same === undefined) node.branches.push(branch)
  place(branch.node, rest, leaf)
}

function visit(node: TreeNode, value: unknown, rows: RowCollector): void {
  for (const leaf of node.leaves) writeLeaf(leaf, value, rows)
  if (node.branches.length === 0 || !isObject(value)) return
  for (const { step, node: below } of node.branches) {
    const child = value[step.name]
    if (child === undefined || child === null) continue
    if (!Array.isArray(child)) {
      if (step.passes === undefined || step.passes(child, 0)) visit(below, child, rows)
      continue
    }
    for (let index = 0; index < child.length; index += 1) {
      const item: unknown = child[index]
      if (item !== null && item !== undefined && (step.passes === undefined || step.passes(item, index)))
        visit(below, item, rows)
    }
  }
}

function writeLeaf(leaf: Leaf, value: unknown, rows: RowCollector): void {
  rows.presences.push(leaf.presence)
  const typed: TypedValue = { datatype: leaf.datatype, system: leaf.system, value }
  leaf.write?.(typed, rows)
}
