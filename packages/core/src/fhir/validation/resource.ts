// Checks a resource of any type where it stands: alone, in a Bundle or Parameters, or contained in another.

import { isResourceType } from './definitions.ts'
import { checkObject, type Table } from './elements/table.ts'
import { checkProfiles } from './profiles.ts'
import { checkContained } from './types/contained.ts'
import { isNode, jsonType, quote, rootScope, type Walk } from './walk.ts'

/** Where a resource stands. */
export type ResourcePlace = 'contained' | 'standalone'

/** Gives the compiled type of a name that R4 defines. */
export type TableOf = (type: string) => Table

/** Checks a value that must be a resource. */
export function checkResource(value: unknown, walk: Walk, place: ResourcePlace, tableOf: TableOf): void {
  if (!isNode(value)) {
    walk.error('structure', 'resource.object', `A resource must be a JSON object, not ${jsonType(value)}.`)
    return
  }
  const type = value.resourceType
  if (typeof type !== 'string') {
    walk.error('structure', 'resource.type', 'A resource must name its resourceType, such as "Patient".')
    return
  }
  if (!isResourceType(type)) {
    walk.error('structure', 'resource.type', `${quote(type)} is not a resource type of FHIR R4; check its spelling.`)
    return
  }
  const outer = walk.scope
  walk.scope = place === 'contained' ? { resource: value, root: outer.root } : rootScope(value)
  const before = walk.errors
  checkObject(tableOf(type), value, walk)
  if (walk.errors === before) checkProfiles(value, walk)
  if (place === 'standalone') checkContained(value, walk)
  walk.scope = outer
}
