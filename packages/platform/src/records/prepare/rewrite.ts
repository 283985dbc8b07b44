// Rewrites the references of a Bundle's resources to the ids that the store gives (http://hl7.org/fhir/R4/http.html#trules).
import { isObject } from './parse-body.ts'

/** New addresses by what the Bundle calls them, and what was met on the way. */
export interface Rewriting {
  /** `urn:uuid:…`, full URL, `Type/id` or `Type?criteria` → `Type/id`. */
  readonly targets: ReadonlyMap<string, string>
  /** True when a full URL of the Bundle is no URN, so that other uris must be looked at too. */
  readonly hasUrls: boolean
}

// Identifier.value and texts are strings, not uris: they stay even where they look like a full URL of the Bundle.
const plainText: ReadonlySet<string> = new Set(['value', 'valueString', 'display', 'text', 'title', 'description'])

/** Rewrites a parsed resource in place; it belongs to the caller alone. */
export function rewriteReferences(node: unknown, rewriting: Rewriting): void {
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) {
      if (typeof item === 'string') node[index] = rewritten(item, rewriting)
      else rewriteReferences(item, rewriting)
    }
    return
  }
  if (!isObject(node)) return
  const object = node as Record<string, unknown>
  for (const name in object) {
    const value = object[name]
    if (typeof value === 'object') rewriteReferences(value, rewriting)
    else if (typeof value === 'string') rewriteText(object, name, value, rewriting)
  }
}

function rewriteText(object: Record<string, unknown>, name: string, value: string, rewriting: Rewriting): void {
  if (name === 'reference') object[name] = rewrittenReference(value, rewriting)
  else if (name === 'div') object[name] = rewrittenNarrative(value, rewriting)
  else if (!plainText.has(name)) object[name] = rewritten(value, rewriting)
}

function rewritten(value: string, { targets, hasUrls }: Rewriting): string {
  const isCandidate = value.startsWith('urn:') || (hasUrls && value.startsWith('http'))
  return isCandidate ? (targets.get(value) ?? value) : value
}

function rewrittenReference(value: string, { targets }: Rewriting): string {
  const whole = targets.get(value)
  if (whole !== undefined) return whole
  const hash = value.indexOf('#')
  const history = value.indexOf('/_history/')
  const end = hash > 0 ? hash : history
  const target = end > 0 ? targets.get(value.slice(0, end)) : undefined
  return target === undefined ? value : hash > 0 ? target + value.slice(end) : target
}

function rewrittenNarrative(div: string, rewriting: Rewriting): string {
  if (!div.includes('="urn:') && !(rewriting.hasUrls && div.includes('="http'))) return div
  return div.replace(/((?:href|src)=")([^"]+)(")/g, (all, before: string, url: string, after: string) => {
    const target = rewriting.targets.get(url)
    return target === undefined ? all : before + target + after
  })
}

/** Calls back with every Reference.reference of a resource. */
export function eachReference(node: unknown, use: (reference: string) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) eachReference(item, use)
    return
  }
  if (!isObject(node)) return
  for (const name in node) {
    const value = node[name]
    if (typeof value === 'object') eachReference(value, use)
    else if (name === 'reference' && typeof value === 'string') use(value)
  }
}
