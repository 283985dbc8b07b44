// What FHIRPath expressions work on: values of a resource with their FHIR types.
import { isKindOf, isResourceType, typeDefinition } from '../definitions.ts'
import { isNode, type Node } from '../walk.ts'

/** One value in a collection. */
export interface Item {
  /** The JSON value; undefined for a primitive that only has extensions. */
  readonly value: unknown
  /** id and extensions of a primitive: its `_` sibling. */
  readonly sibling: unknown
  /** The FHIR type (`HumanName`, `Patient.contact`), or `System` for what an expression has computed. */
  readonly type: string
}

/** A FHIRPath collection. */
export type Items = readonly Item[]

/** Makes an item of a computed value. */
export function computed(value: string | number | boolean): Item {
  return { value, sibling: undefined, type: 'System' }
}

/** The empty collection. */
export const nothing: Items = []
const itIsTrue: Items = [computed(true)]
const itIsFalse: Items = [computed(false)]

/** Gives the collection of a truth value; undefined is the empty one. */
export function truthItems(truth: boolean | undefined): Items {
  return truth === undefined ? nothing : truth ? itIsTrue : itIsFalse
}

/** The truth value of a collection: undefined when it is empty; a single value that is no boolean counts as true. */
export function truthOf(items: Items): boolean | undefined {
  return items.length === 0 ? undefined : items[0]?.value !== false
}

interface Property {
  readonly key: string
  readonly siblingKey: string
  readonly type: string
}

interface Shape {
  readonly byName: ReadonlyMap<string, readonly Property[]>
  readonly byKey: ReadonlyMap<string, string>
}

const shapes = new Map<string, Shape>()

/** Which JSON properties an element of a type has: `value` of Observation is valueQuantity, valueString … */
function shapeOf(type: string): Shape {
  const known = shapes.get(type)
  if (known !== undefined) return known
  const byName = new Map<string, readonly Property[]>()
  const byKey = new Map<string, string>()
  for (const { name, properties } of typeDefinition(type)?.elements ?? []) {
    byName.set(
      name,
      properties.map(({ key, type: childType }) => ({ key, siblingKey: `_${key}`, type: childType })),
    )
    for (const { key, type: childType } of properties) byKey.set(key, childType)
  }
  const shape = { byName, byKey }
  shapes.set(type, shape)
  return shape
}

function typeOfValue(value: unknown, type: string): string {
  if (type !== 'Resource' || !isNode(value)) return type
  return typeof value.resourceType === 'string' && isResourceType(value.resourceType) ? value.resourceType : type
}

function addItem(into: Item[], value: unknown, sibling: unknown, type: string): void {
  if (value === undefined || value === null) {
    if (isNode(sibling)) into.push({ value: undefined, sibling, type })
  } else into.push({ value, sibling, type: typeOfValue(value, type) })
}

function addItems(into: Item[], value: unknown, sibling: unknown, type: string): void {
  if (!Array.isArray(value) && !Array.isArray(sibling)) {
    addItem(into, value, sibling, type)
    return
  }
  const values: readonly unknown[] = Array.isArray(value) ? value : []
  const siblings: readonly unknown[] = Array.isArray(sibling) ? sibling : []
  const count = Math.max(values.length, siblings.length)
  for (let index = 0; index < count; index += 1) addItem(into, values[index], siblings[index], type)
}

/** Gives the child elements of that name. */
export function childrenNamed(items: Items, name: string): Items {
  const found: Item[] = []
  for (const { value, sibling, type } of items) {
    const node = isNode(value) ? value : sibling
    if (!isNode(node)) continue
    const properties = shapeOf(node === value ? type : 'Element').byName.get(name)
    if (properties === undefined) continue
    for (const { key, siblingKey, type: childType } of properties)
      addItems(found, node[key], node[siblingKey], childType)
  }
  return found
}

function addChildren(into: Item[], node: Node, type: string): void {
  const { byKey } = shapeOf(type)
  for (const key in node) {
    const name = key.startsWith('_') ? key.slice(1) : key
    const childType = byKey.get(name)
    // A sibling is taken with its value, or alone when there is none.
    if (childType === undefined || (name !== key && node[name] !== undefined)) continue
    addItems(into, node[name], node[`_${name}`], childType)
  }
}

/** Gives all child elements. */
export function childrenOf(items: Items): Items {
  const found: Item[] = []
  for (const { value, sibling, type } of items) {
    if (isNode(value)) addChildren(found, value, type)
    else if (isNode(sibling)) addChildren(found, sibling, 'Element')
  }
  return found
}

/** Gives all elements below, without the items themselves. Linear in the size of what is below. */
export function descendantsOf(items: Items): Items {
  const found: Item[] = []
  for (let level = childrenOf(items); level.length > 0; level = childrenOf(level)) {
    for (const item of level) found.push(item)
  }
  return found
}

/** Tells whether the item is of the FHIR type or one derived from it; `Boolean` is FHIRPath's name of boolean. */
export function isOfType({ type }: Item, wanted: string): boolean {
  return isKindOf(type, wanted === 'Boolean' ? 'boolean' : wanted)
}
