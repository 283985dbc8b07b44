// Reference and canonical: their form, the types they may point to, and `#id` into the contained resources.
import { isResourceType } from '../definitions.ts'
import { isNode, type Node, quote, type Walk } from '../walk.ts'

/** The form of a logical id, as the source of a pattern. */
export const idForm = '[A-Za-z0-9\\-.]{1,64}'
const relative = new RegExp(`^([A-Za-z]+)/${idForm}(?:/_history/${idForm})?$`)
const absolute = new RegExp(`^https?://[^\\s?#]*/([A-Z][A-Za-z]+)/${idForm}(?:/_history/${idForm})?$`)
const conditional = /^([A-Za-z]+)\?.+$/
const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/

/** Tells whether a URI stands by itself: it begins with a scheme. */
export function isAbsolute(uri: string): boolean {
  return scheme.test(uri)
}

/** Gives the resource type that a literal reference names, if it names one. */
export function referencedType(reference: string): string | undefined {
  const type = (relative.exec(reference) ?? absolute.exec(reference) ?? conditional.exec(reference))?.[1]
  return type !== undefined && isResourceType(type) ? type : undefined
}

/** Finds the contained resource that `#id` means; `#` alone is the container itself. */
function containedResource(fragment: string, walk: Walk): Node | undefined {
  const { root } = walk.scope
  return fragment === '#' ? root.resource : root.contained.get(fragment.slice(1))
}

/** The type of what is referenced, as far as the text and the contained resources tell. */
function targetType(reference: string, walk: Walk): string | undefined {
  if (!reference.startsWith('#')) return referencedType(reference)
  const type = containedResource(reference, walk)?.resourceType
  return typeof type === 'string' ? type : undefined
}

function checkForm(reference: string, walk: Walk): void {
  if (reference.startsWith('#')) {
    walk.noteFragment(reference)
    if (containedResource(reference, walk) !== undefined) return
    walk.error(
      'not-found',
      'ref-1',
      `${quote(reference)} points to no contained resource; add it under contained or refer to a resource.`,
    )
    return
  }
  if (isAbsolute(reference)) return
  const type = relative.exec(reference)?.[1] ?? conditional.exec(reference)?.[1]
  if (type !== undefined && isResourceType(type)) return
  const why = type === undefined ? 'is not of the form Type/id' : `names ${type}, which is not a resource type of R4`
  walk.error(
    'value',
    'reference.form',
    `The reference ${quote(reference)} ${why}; write Type/id, an absolute URL, urn:uuid:… or #id.`,
  )
}

/** Checks a Reference: the form of its literal, that its type agrees, and that the target is one that is allowed here. */
export function checkReference(value: unknown, targets: ReadonlySet<string>, walk: Walk): void {
  if (!isNode(value)) return
  const { reference, type } = value
  if (typeof reference === 'string') checkForm(reference, walk)
  const found = typeof reference === 'string' ? targetType(reference, walk) : undefined
  if (typeof type === 'string' && found !== undefined && type !== found && isResourceType(type)) {
    walk.error(
      'invalid',
      'reference.type',
      `The reference points to ${found}, but its type says ${quote(type)}; make them agree.`,
    )
  }
  const target = found ?? (typeof type === 'string' && isResourceType(type) ? type : undefined)
  if (target === undefined || targets.size === 0 || targets.has(target)) return
  walk.error(
    'invalid',
    'reference.target',
    `The reference points to ${target}, but here it may only point to ${[...targets].join(', ')}.`,
  )
}

const canonicalType = /\/([A-Z][A-Za-z]+)\/[^/]+$/

/** Checks a canonical: a URL whose path names a resource type must name one that is allowed here. */
export function checkCanonical(value: unknown, targets: ReadonlySet<string>, walk: Walk): void {
  if (typeof value !== 'string') return
  if (value.startsWith('#')) {
    walk.noteFragment(value)
    if (containedResource(value, walk) === undefined) {
      walk.error(
        'not-found',
        'canonical.contained',
        `${quote(value)} points to no contained resource; add it under contained.`,
      )
    }
    return
  }
  const type = canonicalType.exec(value.split('|')[0] ?? '')?.[1]
  if (type === undefined || targets.size === 0 || targets.has(type) || !isResourceType(type)) return
  walk.error(
    'invalid',
    'canonical.target',
    `The canonical names a ${type}, but here it may only name ${[...targets].join(', ')}.`,
  )
}

// URIs that name something in the world and so mean nothing relative to a place: the standard calls them absolute.
const absoluteElements = new Set([
  'Coding.system',
  'Identifier.system',
  'ValueSet.compose.include.system',
  'Meta.profile',
])

/** Tells whether a uri or canonical in that element must be absolute; so must the url by which a definition is known. */
export function mustBeAbsolute(type: string, element: string): boolean {
  return absoluteElements.has(`${type}.${element}`) || (element === 'url' && isResourceType(type))
}

/** Checks a uri that must be absolute. */
export function checkAbsolute(value: unknown, walk: Walk): void {
  if (typeof value !== 'string' || isAbsolute(value)) return
  walk.error('value', 'uri.absolute', `${quote(value)} must be an absolute URI, such as http://… or urn:oid:…`)
}

/** Notes a uri or url that points to a contained resource. */
export function noteUri(value: unknown, walk: Walk): void {
  if (typeof value === 'string' && value.startsWith('#')) walk.noteFragment(value)
}
