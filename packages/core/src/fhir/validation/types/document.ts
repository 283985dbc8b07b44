// A document brings along everything that its Composition refers to directly (http://hl7.org/fhir/R4/documents.html#content).
import { isNode, type Node, quote, textOf, type Walk } from '../walk.ts'

interface Entry {
  readonly fullUrl: string
  readonly resource: Node
}

const versioned = /^(.*)\/_history\/([^/]+)$/

function entriesOf(bundle: Node): readonly Entry[] {
  if (!Array.isArray(bundle.entry)) return []
  return bundle.entry.flatMap((entry): readonly Entry[] => {
    if (!isNode(entry) || !isNode(entry.resource)) return []
    return [{ fullUrl: typeof entry.fullUrl === 'string' ? entry.fullUrl : '', resource: entry.resource }]
  })
}

/** All addresses under which the resources of a Bundle are known, each also with its version. */
function addressesOf(entries: readonly Entry[]): ReadonlySet<string> {
  const addresses = new Set<string>()
  for (const { fullUrl, resource } of entries) {
    const meta = isNode(resource.meta) ? resource.meta : {}
    const local = `${textOf(resource.resourceType)}/${textOf(resource.id)}`
    for (const address of [fullUrl, local]) {
      addresses.add(address)
      if (typeof meta.versionId === 'string') addresses.add(`${address}/_history/${meta.versionId}`)
    }
  }
  return addresses
}

function at(node: unknown, name: string): readonly unknown[] {
  if (!isNode(node)) return []
  const value = node[name]
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

const own = ['subject', 'encounter', 'author', 'custodian']
const ofSection = ['author', 'focus', 'entry']

/** All sections, level by level: what is nested too deeply must not exhaust the stack. */
function sectionsOf(node: unknown): readonly unknown[] {
  const found: unknown[] = []
  for (let level = at(node, 'section'); level.length > 0; level = level.flatMap((section) => at(section, 'section'))) {
    for (const section of level) found.push(section)
  }
  return found
}

function directReferences(composition: Node): readonly string[] {
  const references = [
    ...own.flatMap((name) => at(composition, name)),
    ...at(composition, 'attester').flatMap((attester) => at(attester, 'party')),
    ...at(composition, 'event').flatMap((event) => at(event, 'detail')),
    ...sectionsOf(composition).flatMap((section) => ofSection.flatMap((name) => at(section, name))),
  ]
  return references.flatMap((each) => (isNode(each) && typeof each.reference === 'string' ? [each.reference] : []))
}

/** Reports each direct reference of the Composition that leads to nothing in the Bundle. */
export function checkDocument(bundle: Node, walk: Walk): void {
  const entries = entriesOf(bundle)
  const [composition] = entries
  if (composition?.resource.resourceType !== 'Composition') return
  const addresses = addressesOf(entries)
  for (const reference of new Set(directReferences(composition.resource))) {
    if (reference.startsWith('#') || addresses.has(reference)) continue
    const version = versioned.exec(reference)
    const what = version === null ? 'it' : `version ${quote(version[2])} of it`
    walk.error(
      'not-found',
      'document.complete',
      `The Composition refers to ${quote(reference)}, but the document does not bring ${what} along; add the entry.`,
    )
  }
}
