// What neither the tables nor the invariants say about a type: the prose of the standard, as functions.

import type { Node, Walk } from '../walk.ts'
import { checkAttachment } from './attachment.ts'
import { checkBundle } from './bundle.ts'
import { checkExtension } from './extension.ts'
import { checkSearchParameter } from './search-parameter.ts'

/** Checks an object whose elements have been checked one by one. */
export type TypeCheck = (node: Node, walk: Walk) => void

const checks: ReadonlyMap<string, TypeCheck> = new Map([
  ['Attachment', checkAttachment],
  ['Bundle', checkBundle],
  ['Extension', checkExtension],
  ['SearchParameter', checkSearchParameter],
])

/** Gives the check of a type; undefined when its tables and invariants say all. */
export function typeCheck(type: string): TypeCheck | undefined {
  return checks.get(type)
}
