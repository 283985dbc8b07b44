// What an element demands of its values besides their type: targets, bindings, invariants.

import type { ElementDefinition, PropertyDefinition } from '../definitions.ts'
import { ruleOf } from '../rules.ts'
import { bindingCheck } from './bindings.ts'
import { checkNarrative } from './narrative.ts'
import { checkAbsolute, checkCanonical, checkReference, mustBeAbsolute, noteUri } from './references.ts'
import type { ValueCheck } from './slots.ts'
import { applyRules } from './table.ts'

function byType({ type, targets }: PropertyDefinition): ValueCheck | undefined {
  if (type === 'Reference') return (value, walk) => checkReference(value, targets, walk)
  if (type === 'canonical') return (value, walk) => checkCanonical(value, targets, walk)
  if (type === 'uri' || type === 'url') return noteUri
  return type === 'xhtml' ? checkNarrative : undefined
}

function byRules({ constraints }: ElementDefinition, type: string): ValueCheck | undefined {
  const rules = constraints.map((constraint) => ruleOf(constraint, type)).filter((rule) => rule !== undefined)
  return rules.length === 0 ? undefined : (value, walk) => applyRules(rules, value, walk)
}

/** Gives one check for all that; undefined when the element demands nothing more. */
export function valueCheck(element: ElementDefinition, property: PropertyDefinition): ValueCheck | undefined {
  const { owner, name, binding } = element
  const checks = [
    byType(property),
    mustBeAbsolute(owner, name) ? checkAbsolute : undefined,
    binding === undefined ? undefined : bindingCheck(binding, property.type),
    byRules(element, property.type),
  ].filter((check) => check !== undefined)
  const [first] = checks
  if (first === undefined || checks.length === 1) return first
  return (value, walk) => {
    for (const check of checks) check(value, walk)
  }
}
