// The door to validation: says what is wrong with a resource by the base definitions of FHIR R4.
import type { Issue } from '../../errors/index.ts'
import type { Resource } from '../types.ts'
import { TypeCompiler } from './compiler.ts'
import { readJsonText } from './json-text.ts'
import { checkResource } from './resource.ts'
import { EnoughIssues, isNode, Walk } from './walk.ts'

const limits = { depth: 120, issues: 100 }
const compiler = new TypeCompiler()

/**
 * Tells everything that is wrong with a resource; an empty list says that it is valid. Takes any JSON value, never throws,
 * and stops at 100 findings or 120 levels. Linear in the size of the resource.
 */
export function validateResource(resource: Resource): readonly Issue[] {
  const walk = new Walk(limits)
  walk.enter(isNode(resource) && typeof resource.resourceType === 'string' ? resource.resourceType : 'Resource')
  try {
    checkResource(resource, walk, 'standalone', compiler.table)
  } catch (error) {
    if (!(error instanceof EnoughIssues)) throw error
  }
  return walk.issues
}

/** Like {@link validateResource} for a resource as JSON text: also says what is wrong with the text itself. */
export function validateText(text: string): readonly Issue[] {
  const { value, issues } = readJsonText(text)
  return value === undefined ? issues : [...issues, ...validateResource(value as Resource)]
}
