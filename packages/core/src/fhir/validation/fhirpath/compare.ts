// Equality and order of FHIRPath values.
import { orderOfMoments } from '../elements/dates.ts'
import { isNode } from '../walk.ts'
import type { Item, Items } from './items.ts'

/** A text that is the same for equal values only. */
export function keyOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(keyOf).join(',')}]`
  if (!isNode(value)) return JSON.stringify(value) ?? 'undefined'
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${keyOf(value[key])}`)
  return `{${members.join(',')}}`
}

/** FHIRPath `=` on collections: undefined when one is empty. */
export function areEqual(left: Items, right: Items): boolean | undefined {
  if (left.length === 0 || right.length === 0) return undefined
  if (left.length !== right.length) return false
  return left.every((item, index) => {
    const other = right[index]?.value
    return item.value === other || (typeof item.value === 'object' && keyOf(item.value) === keyOf(other))
  })
}

const keySets = new WeakMap<Items, ReadonlySet<string>>()

/** The keys of a collection, made once for each. */
export function keySet(items: Items): ReadonlySet<string> {
  const known = keySets.get(items)
  if (known !== undefined) return known
  const keys = new Set(items.map((item) => keyOf(item.value)))
  keySets.set(items, keys)
  return keys
}

/** Leaves out what equals an earlier item. */
export function distinct(items: Items): Items {
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = keyOf(item.value)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

const temporal = new Set(['date', 'dateTime', 'instant'])

const signOf = (left: number | string, right: number | string): number => (left < right ? -1 : left > right ? 1 : 0)

/** Only quantities of the same unit are compared; units are not converted. */
function orderOfQuantities(left: unknown, right: unknown): number | undefined {
  if (!isNode(left) || !isNode(right) || left.system !== right.system) return undefined
  if (left.code !== right.code || (left.code === undefined && left.unit !== right.unit)) return undefined
  const { value } = left
  return typeof value === 'number' && typeof right.value === 'number' ? signOf(value, right.value) : undefined
}

/** Negative, zero or positive as left comes before, with or after right; undefined when that cannot be said. */
export function orderOf(left: Item, right: Item): number | undefined {
  const { value } = left
  const other = right.value
  if (typeof value === 'number' && typeof other === 'number') return signOf(value, other)
  if (typeof value === 'string' && typeof other === 'string') {
    return temporal.has(left.type) && temporal.has(right.type) ? orderOfMoments(value, other) : signOf(value, other)
  }
  return orderOfQuantities(value, other)
}
