// Contained resources: no nesting, no versions or labels of their own, and each of them is referred to
// (http://hl7.org/fhir/R4/domainresource.html, dom-2 to dom-5).
import { isNode, type Node, textOf, type Walk } from '../walk.ts'

function checkOne(resource: Node, walk: Walk): void {
  if (resource.contained !== undefined) {
    walk.error('invariant', 'dom-2', 'A contained resource must not contain others; put all in the outermost one.')
  }
  const meta = isNode(resource.meta) ? resource.meta : {}
  if (meta.versionId !== undefined || meta.lastUpdated !== undefined) {
    walk.error('invariant', 'dom-4', 'A contained resource has no versionId or lastUpdated of its own; leave them out.')
  }
  if (meta.security !== undefined) {
    walk.error(
      'invariant',
      'dom-5',
      'A contained resource has no security labels of its own; put them on the outermost one.',
    )
  }
  if (resource.id === undefined) {
    walk.error('required', 'contained.id', 'A contained resource must have an id to be referred to as #id; add it.')
    return
  }
  const { fragments, pointingUp, contained } = walk.scope.root
  if (contained.get(resource.id) !== resource) {
    walk.error(
      'duplicate',
      'contained.id',
      `Two contained resources have the id ${textOf(resource.id)}; make them distinct.`,
    )
  }
  if (fragments.has(`#${textOf(resource.id)}`) || pointingUp.has(resource)) return
  walk.error(
    'invariant',
    'dom-3',
    `Nothing refers to the contained resource #${textOf(resource.id)}; refer to it or leave it out.`,
  )
}

/** Checks the contained resources of a resource after all of it has been walked. */
export function checkContained(resource: Node, walk: Walk): void {
  if (!Array.isArray(resource.contained)) return
  walk.enter('contained')
  for (const [index, item] of resource.contained.entries()) {
    walk.at(index)
    if (isNode(item)) checkOne(item, walk)
  }
  walk.leave()
}
