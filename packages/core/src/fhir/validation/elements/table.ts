// The compiled form of a type and the one loop that checks an object against it.

import { isNode, jsonType, type Node, quote, type Walk } from '../walk.ts'
import type { SlotCheck } from './slots.ts'

/** What to do with one JSON property. */
export interface Slot {
  /** The name of the element as FHIRPath knows it: `value` for valueQuantity. */
  readonly name: string
  /** Set when the element is required or a choice; 0 otherwise. */
  readonly bit: number
  readonly isChoice: boolean
  readonly check: SlotCheck
}

/** An invariant ready to run. */
export interface Rule {
  readonly key: string
  readonly severity: 'error' | 'warning'
  readonly human: string
  readonly holds: (value: unknown, walk: Walk) => boolean
}

/** A compiled type. */
export interface Table {
  readonly type: string
  /** True where an object without anything but an id says nothing. */
  readonly needsContent: boolean
  readonly slots: ReadonlyMap<string, Slot>
  /** Bits of the required elements, and their names by bit. */
  readonly required: number
  readonly requiredNames: ReadonlyMap<number, string>
  readonly rules: readonly Rule[]
  /** What no table can say, such as the form of a Reference. */
  readonly also: ((node: Node, walk: Walk) => void) | undefined
}

/** Reports each invariant that does not hold. */
export function applyRules(rules: readonly Rule[], value: unknown, walk: Walk): void {
  for (const rule of rules) {
    if (rule.holds(value, walk)) continue
    if (rule.severity === 'error') walk.error('invariant', rule.key, `${rule.human} (${rule.key})`)
    else walk.warning('invariant', rule.key, `${rule.human} (${rule.key})`)
  }
}

function missing(table: Table, seen: number, walk: Walk): void {
  for (const [bit, name] of table.requiredNames) {
    if ((seen & bit) === 0) walk.error('required', 'structure.required', `${table.type}.${name} is required; add it.`)
  }
}

/** Two properties of one choice are fine only when they are the value and the extensions of one primitive. */
function checkChoice(table: Table, slot: Slot, node: Node, walk: Walk): void {
  const used = new Set<string>()
  for (const key of Object.keys(node)) {
    if (table.slots.get(key)?.name === slot.name) used.add(key.startsWith('_') ? key.slice(1) : key)
  }
  if (used.size < 2) return
  walk.error('structure', 'structure.choice', `Only one of ${[...used].join(', ')} may be given.`)
}

function unknownElement(table: Table, key: string, walk: Walk): void {
  const hint =
    key === 'fhir_comments' ? 'comments are not part of R4 JSON' : 'check its spelling or carry it as an extension'
  walk.error('structure', 'structure.unknown-element', `${quote(key)} is not an element of ${table.type}; ${hint}.`)
}

/** Checks a value against a compiled type, down to its leaves. */
export function checkObject(table: Table, value: unknown, walk: Walk): void {
  if (!isNode(value)) {
    walk.error('structure', 'structure.object', `A ${table.type} must be a JSON object, not ${jsonType(value)}.`)
    return
  }
  if (walk.depth >= walk.limits.depth) {
    walk.error('too-costly', 'limit.depth', `The content is nested more than ${walk.limits.depth} levels deep.`)
    return
  }
  const before = walk.errors
  let seen = 0
  let members = 0
  for (const key in value) {
    const item = value[key]
    if (item === undefined) continue
    if (key !== 'id') members += 1
    const slot = table.slots.get(key)
    if (slot === undefined) {
      unknownElement(table, key, walk)
      continue
    }
    walk.enter(slot.name)
    if (slot.isChoice && (seen & slot.bit) !== 0) checkChoice(table, slot, value, walk)
    seen |= slot.bit
    slot.check(item, walk, value)
    walk.leave()
  }
  if ((seen & table.required) !== table.required) missing(table, seen, walk)
  if (members === 0 && table.needsContent) {
    walk.error('invariant', 'ele-1', 'An element must have a value or children; leave it out instead.')
  }
  if (table.also !== undefined) table.also(value, walk)
  if (walk.errors === before && table.rules.length > 0) applyRules(table.rules, value, walk)
}
