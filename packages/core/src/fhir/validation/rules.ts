// The invariants of the definitions as functions.
import type { Constraint } from './definitions.ts'
import type { Rule } from './table.ts'

/** Makes the rule of an invariant for a type or element; undefined when it is checked elsewhere or not reported. */
export function ruleOf(_constraint: Constraint, _path: string): Rule | undefined {
  return undefined
}
