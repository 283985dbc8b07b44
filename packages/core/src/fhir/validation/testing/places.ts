// For tests: the places of a resource at which invariants hold, and variants of what stands there.
import type { Random } from '../../../cohort/index.ts'
import { type Constraint, isResourceType, typeDefinition } from '../definitions.ts'
import { isNode, type Node } from '../walk.ts'

/** A value in a resource with its type and the invariants that it must obey. */
export interface Place {
  readonly value: unknown
  readonly type: string
  readonly resource: Node
  readonly root: Node
  readonly constraints: readonly Constraint[]
}

/** Gives all places at or below a value that have invariants. */
export function placesOf(
  value: unknown,
  type: string,
  around: { readonly resource: Node; readonly root: Node; readonly own?: readonly Constraint[] },
): readonly Place[] {
  const { resource, root, own = [] } = around
  const actual =
    type === 'Resource' && isNode(value) && typeof value.resourceType === 'string' ? value.resourceType : type
  const definition = typeDefinition(actual)
  if (!isNode(value) || definition === undefined) return [{ value, type: actual, resource, root, constraints: own }]
  const inner = { resource: isResourceType(actual) ? value : resource, root }
  const below = definition.elements.flatMap(({ properties, constraints }) =>
    properties.flatMap(({ key, type: childType }) => {
      const items = [value[key]].flat().filter((item) => item !== undefined && item !== null)
      return items.flatMap((item) => placesOf(item, childType, { ...inner, own: constraints }))
    }),
  )
  return [{ value, type: actual, ...inner, constraints: [...own, ...definition.constraints] }, ...below]
}

/** Values that were seen, by type. */
export type Samples = Map<string, unknown[]>

const mostSamples = 30

/** Remembers the values of the places. */
export function addSamples(samples: Samples, places: readonly Place[]): void {
  for (const { value, type } of places) {
    const list = samples.get(type) ?? []
    if (list.length < mostSamples) samples.set(type, [...list, value])
  }
}

/** Changes a few things that the expression speaks of: leaves them out, doubles them, or puts other values there. */
export function variantOf(place: Place, expression: string, random: Random, samples: Samples): unknown {
  const literals = [...expression.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '')
  const copy = structuredClone(place.value)
  if (!isNode(copy)) return random.pick([copy, ...literals, ...(samples.get(place.type) ?? [])])
  const words = new Set(expression.match(/[A-Za-z_]\w*/g))
  const changes = random.integer(1, 4)
  for (let change = 0; change < changes; change += 1) {
    changeBelow(copy, place.type, { words, literals, samples }, random)
  }
  return copy
}

interface Material {
  readonly words: ReadonlySet<string>
  readonly literals: readonly string[]
  readonly samples: Samples
}

function changeBelow(node: Node, type: string, material: Material, random: Random): void {
  const spokenOf = (typeDefinition(type)?.elements ?? []).filter(({ name }) => material.words.has(name))
  if (spokenOf.length === 0) return
  const element = random.pick(spokenOf)
  const { key, type: childType } = random.pick(element.properties)
  const child: unknown = [node[key]].flat()[0]
  if (isNode(child) && random.chance(0.6)) {
    changeBelow(child, childType, material, random)
    return
  }
  const { literals, samples } = material
  const choice = { isList: element.max === '*', literals, values: samples.get(childType) ?? [] }
  changeProperty(node as Record<string, unknown>, key, choice, random)
}

interface Choice {
  readonly isList: boolean
  readonly literals: readonly string[]
  readonly values: readonly unknown[]
}

function changeProperty(node: Record<string, unknown>, key: string, choice: Choice, random: Random): void {
  const { isList, literals, values } = choice
  const fromText = typeof values[0] === 'string' ? literals : []
  const fromNumber = typeof values[0] === 'number' ? [-1, 0, 1] : []
  const offered = [...values, ...fromText, ...fromText, ...fromNumber]
  if (node[key] !== undefined && random.chance(0.4)) delete node[key]
  else if (isList && Array.isArray(node[key]) && random.chance(0.4)) node[key] = [...node[key], ...node[key]]
  else if (offered.length > 0) {
    const value = structuredClone(random.pick(offered))
    node[key] = isList ? [value] : value
  }
}
