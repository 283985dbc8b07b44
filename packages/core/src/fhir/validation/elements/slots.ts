// Checks of one element inside its parent: single or list, primitive with its `_` sibling, or an object.

import { isNode, jsonType, type Node, quote, type Walk } from '../walk.ts'
import type { PrimitiveFault } from './primitives.ts'

/** Checks the value of one JSON property. */
export type SlotCheck = (value: unknown, walk: Walk, parent: Node) => void

/** Checks one value, whether it stood alone or in a list. */
export type ValueCheck = (value: unknown, walk: Walk) => void

const notSingle = 'must be a single value, not an array'

/** An element that is there at most once and is an object. */
export function singleObject(check: ValueCheck): SlotCheck {
  return (value, walk) => {
    if (Array.isArray(value)) walk.error('structure', 'structure.single', `This element ${notSingle}.`)
    else check(value, walk)
  }
}

function isList(value: unknown, walk: Walk): value is readonly unknown[] {
  if (!Array.isArray(value)) {
    walk.error('structure', 'structure.list', `This element repeats and so must be an array, not ${jsonType(value)}.`)
    return false
  }
  if (value.length > 0) return true
  walk.error('structure', 'structure.empty', 'An array must not be empty; leave the element out instead.')
  return false
}

/** How often a repeating element may occur. */
export interface Occurrence {
  readonly min: number
  readonly max: number | '*'
}

function checkOccurrence(count: number, { min, max }: Occurrence, walk: Walk): void {
  if (count < min) walk.error('required', 'structure.min', `At least ${min} are required, but there are ${count}.`)
  if (max !== '*' && count > max)
    walk.error('structure', 'structure.max', `At most ${max} are allowed, but there are ${count}.`)
}

/** An element that repeats and whose items are objects. */
export function objectList(check: ValueCheck, occurrence: Occurrence): SlotCheck {
  return (value, walk) => {
    if (!isList(value, walk)) return
    checkOccurrence(value.length, occurrence, walk)
    for (let index = 0; index < value.length; index += 1) {
      walk.at(index)
      check(value[index], walk)
    }
  }
}

/** A value of a primitive type, with what else must hold for it. */
export function primitiveValue(fault: PrimitiveFault, also: ValueCheck | undefined): ValueCheck {
  return (value, walk) => {
    const text = fault(value)
    if (text !== undefined) {
      const shown = typeof value === 'string' || typeof value === 'number' ? ` ${quote(value)}` : ''
      walk.error(typeof value === 'object' ? 'structure' : 'value', 'primitive.format', `The value${shown} ${text}.`)
    } else if (also !== undefined) also(value, walk)
  }
}

/** A primitive element that is there at most once. */
export function singlePrimitive(check: ValueCheck): SlotCheck {
  return (value, walk) => {
    if (value === null)
      walk.error('structure', 'structure.null', 'The value must not be null; leave the element out instead.')
    else check(value, walk)
  }
}

/** A primitive element that repeats; an item may be null where the `_` sibling has an object. */
export function primitiveList(check: ValueCheck, occurrence: Occurrence, sibling: string): SlotCheck {
  return (value, walk, parent) => {
    if (!isList(value, walk)) return
    checkOccurrence(value.length, occurrence, walk)
    const others = parent[sibling]
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index]
      walk.at(index)
      if (item !== null) check(item, walk)
      else if (!Array.isArray(others) || !isNode(others[index])) {
        walk.error('structure', 'structure.null', `An item may only be null where ${sibling} has an extension for it.`)
      }
    }
  }
}

function checkSibling(value: unknown, hasValue: boolean, walk: Walk, check: ValueCheck): void {
  check(value, walk)
  if (!isNode(value) || value.extension !== undefined || (hasValue && value.id !== undefined)) return
  walk.error('invariant', 'ele-1', 'An element without a value must have an extension that says why.')
}

/** `_birthDate`: id and extensions of a primitive that is there at most once. */
export function singleSibling(check: ValueCheck, name: string): SlotCheck {
  return (value, walk, parent) => {
    if (Array.isArray(value)) walk.error('structure', 'structure.single', `This element ${notSingle}.`)
    else checkSibling(value, parent[name] !== undefined, walk, check)
  }
}

/** `_given`: ids and extensions of a primitive that repeats, null where an item has none. */
export function siblingList(check: ValueCheck, name: string): SlotCheck {
  return (value, walk, parent) => {
    if (!isList(value, walk)) return
    const values = parent[name]
    const count = Array.isArray(values) ? values.length : 0
    if (count > 0 && value.length > count) {
      walk.error(
        'structure',
        'structure.sibling',
        `_${name} has ${value.length} items, but ${name} has ${count}; fill up with null.`,
      )
    }
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index]
      const hasValue = Array.isArray(values) && values[index] !== null && values[index] !== undefined
      walk.at(index)
      if (item !== null) checkSibling(item, hasValue, walk, check)
      else if (!hasValue && index >= count) {
        walk.error('structure', 'structure.null', 'An item must not be null when there is no value for it.')
      }
    }
  }
}
