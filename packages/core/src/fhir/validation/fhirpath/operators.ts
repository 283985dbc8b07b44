// The FHIRPath operators that the invariants of R4 use, with its logic of three values (true, false, nothing).
import { areEqual, distinct, keyOf, keySet, orderOf } from './compare.ts'
import { computed, type Items, nothing, truthItems, truthOf } from './items.ts'

/** A binary operator on two collections. */
export type Operator = (left: Items, right: Items) => Items

/** What cannot be compared with certainty, such as 2020 and 2020-05, is taken to be in order. */
function comparison(holds: (order: number) => boolean): Operator {
  return ([left], [right]) => {
    if (left === undefined || right === undefined) return nothing
    const order = orderOf(left, right)
    return truthItems(order === undefined || holds(order))
  }
}

function logic(decide: (left: boolean | undefined, right: boolean | undefined) => boolean | undefined): Operator {
  return (left, right) => truthItems(decide(truthOf(left), truthOf(right)))
}

function not(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth
}

function or(left: boolean | undefined, right: boolean | undefined): boolean | undefined {
  if (left === true || right === true) return true
  return left === undefined || right === undefined ? undefined : false
}

function isMember([item]: Items, items: Items): Items {
  return item === undefined ? nothing : truthItems(keySet(items).has(keyOf(item.value)))
}

function asText([item]: Items): string {
  const value = item?.value
  return value === undefined || typeof value === 'object' ? '' : String(value)
}

function plus([left]: Items, [right]: Items): Items {
  const [a, b] = [left?.value, right?.value]
  if (typeof a === 'number' && typeof b === 'number') return [computed(a + b)]
  return typeof a === 'string' && typeof b === 'string' ? [computed(a + b)] : nothing
}

/** The operators by their symbols. */
export const operators: Readonly<Record<string, Operator>> = {
  '=': (left, right) => truthItems(areEqual(left, right)),
  '!=': (left, right) => truthItems(not(areEqual(left, right))),
  '<': comparison((order) => order < 0),
  '>': comparison((order) => order > 0),
  '<=': comparison((order) => order <= 0),
  '>=': comparison((order) => order >= 0),
  '|': (left, right) => distinct([...left, ...right]),
  '+': plus,
  '&': (left, right) => [computed(asText(left) + asText(right))],
  and: logic((left, right) => not(or(not(left), not(right)))),
  or: logic(or),
  xor: logic((left, right) => (left === undefined || right === undefined ? undefined : left !== right)),
  implies: logic((left, right) => or(not(left), right)),
  in: isMember,
  contains: (left, right) => isMember(right, left),
}
