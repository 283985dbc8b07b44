// Bundle: addresses of entries, links, and what a document must bring along (http://hl7.org/fhir/R4/bundle.html#references,
// http://hl7.org/fhir/R4/documents.html#content). Its invariants bdl-1 to bdl-12 are among the rules.

import { isResourceType } from '../definitions.ts'
import { idForm, isAbsolute } from '../elements/references.ts'
import { isNode, type Node, quote, textOf, type Walk } from '../walk.ts'
import { checkDocument } from './document.ts'

const restAddress = new RegExp(`/([A-Z][A-Za-z]+)/(${idForm})$`)
const singleLinks: ReadonlySet<unknown> = new Set(['self', 'first', 'previous', 'prev', 'next', 'last'])
// Where a resource may come without an id, because the server gives it one.
const mayCreate: ReadonlySet<unknown> = new Set([
  'transaction',
  'batch',
  'transaction-response',
  'batch-response',
  'history',
])

/** An address names the resource under it: type and id must agree. */
function addressFault(fullUrl: string, resource: Node, bundleType: unknown): string | undefined {
  if (!isAbsolute(fullUrl)) return `The fullUrl ${quote(fullUrl)} must be absolute, such as http://… or urn:uuid:…`
  if (!/^https?:/.test(fullUrl)) return undefined
  const { resourceType, id } = resource
  if (id === undefined) {
    // An outcome is made on the way and stored nowhere.
    if (mayCreate.has(bundleType) || resourceType === 'OperationOutcome' || resourceType === 'Parameters')
      return undefined
    return `The fullUrl ${quote(fullUrl)} says where the resource is, but the resource has no id; add the id.`
  }
  const [, type, addressId] = restAddress.exec(fullUrl) ?? []
  if (type === undefined || !isResourceType(type) || (type === resourceType && addressId === id)) return undefined
  return `The fullUrl ${quote(fullUrl)} does not agree with the resource ${textOf(resourceType)}/${textOf(id)}.`
}

function checkEntries(bundle: Node, walk: Walk): void {
  if (!Array.isArray(bundle.entry)) return
  walk.enter('entry')
  for (const [index, entry] of bundle.entry.entries()) {
    walk.at(index)
    if (!isNode(entry) || typeof entry.fullUrl !== 'string' || !isNode(entry.resource)) continue
    const fault = addressFault(entry.fullUrl, entry.resource, bundle.type)
    if (fault !== undefined) walk.error('value', 'bundle.full-url', fault)
  }
  walk.leave()
}

/** A page has one address for itself, its neighbours and the ends. */
function checkLinks({ link }: Node, walk: Walk): void {
  if (!Array.isArray(link)) return
  const seen = new Set<unknown>()
  walk.enter('link')
  for (const [index, item] of link.entries()) {
    walk.at(index)
    if (!isNode(item) || !singleLinks.has(item.relation)) continue
    if (seen.has(item.relation)) {
      walk.error(
        'duplicate',
        'bundle.link',
        `There may be one link ${quote(item.relation)} only; leave out the others.`,
      )
    }
    seen.add(item.relation)
  }
  walk.leave()
}

/** Checks what the elements of a Bundle must be to each other. */
export function checkBundle(bundle: Node, walk: Walk): void {
  checkEntries(bundle, walk)
  checkLinks(bundle, walk)
  if (bundle.type === 'document') checkDocument(bundle, walk)
}
