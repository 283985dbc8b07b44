// Extension: an absolute url where it stands alone, and either a value or further extensions (invariant ext-1).
import { isAbsolute } from '../elements/references.ts'
import { isNode, type Node, quote, type Walk } from '../walk.ts'

function hasValue(extension: Node): boolean {
  for (const key in extension) {
    if ((key.startsWith('value') || key.startsWith('_value')) && extension[key] !== undefined) return true
  }
  return false
}

/** Only inside of another extension a url may be relative: it is relative to that of the outer one. */
function checkUrl(url: unknown, walk: Walk): void {
  if (typeof url !== 'string' || isAbsolute(url) || walk.parentName() === 'extension') return
  walk.error('value', 'extension.url', `The url ${quote(url)} of an extension must be absolute, such as http://…`)
}

/** Checks what the table of elements cannot say about an extension. */
export function checkExtension(extension: Node, walk: Walk): void {
  checkUrl(extension.url, walk)
  const isNested = Array.isArray(extension.extension) && extension.extension.some(isNode)
  if (isNested !== hasValue(extension)) return
  const url = typeof extension.url === 'string' ? ` ${quote(extension.url)}` : ''
  const fault = isNested
    ? 'has both a value and extensions; keep one of them'
    : 'has neither a value nor extensions; give one'
  walk.error('invariant', 'ext-1', `The extension${url} ${fault}.`)
}
