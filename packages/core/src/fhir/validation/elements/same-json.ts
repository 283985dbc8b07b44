// Equality of JSON values, for fixed values and for rules that compare codings.
import { isNode } from '../walk.ts'

/** True when both are the same JSON value, whatever the order of their properties. */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false
    return left.every((item, index) => isSameJson(item, right[index]))
  }
  if (!isNode(left) || !isNode(right)) return false
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => isSameJson(left[key], right[key]))
}

/** True when the value has at least everything that the pattern has (ElementDefinition.pattern[x]). */
export function matchesPattern(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) {
    return Array.isArray(value) && pattern.every((wanted) => value.some((item) => matchesPattern(item, wanted)))
  }
  if (!isNode(pattern)) return value === pattern
  return isNode(value) && Object.keys(pattern).every((key) => matchesPattern(value[key], pattern[key]))
}
