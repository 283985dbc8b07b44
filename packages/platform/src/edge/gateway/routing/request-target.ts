// Reads the request line's target: refuses what could mean different things to the gateway and to a service (pure).

/** A request target in the parts that routing needs. */
export interface RequestTarget {
  /** As sent, without the query. */
  readonly path: string
  /** With escaped unreserved characters decoded (RFC 3986, 6.2.2.2): what routes are matched against. */
  readonly matchPath: string
  /** With its question mark, or empty. */
  readonly query: string
}

const unreserved = /^[A-Za-z0-9._~-]$/
const dotSegment = /(^|\/)\.{1,2}(\/|$)/
// A backslash or an escaped slash may be read as a separator by a service behind us.
const ambiguous = /[\\\s#]|%(?![0-9A-Fa-f]{2})|%(?:00|2[Ff]|5[Cc])/

function decodeUnreserved(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return unreserved.test(character) ? character : escaped
  })
}

/** Parses a target in origin form; undefined for any other form, dot segments and ambiguous escapes. */
export function parseRequestTarget(url: string): RequestTarget | undefined {
  if (!url.startsWith('/')) return undefined
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  const query = mark === -1 ? '' : url.slice(mark)
  if (ambiguous.test(path)) return undefined
  const matchPath = path.includes('%') ? decodeUnreserved(path) : path
  return dotSegment.test(matchPath) ? undefined : { path, matchPath, query }
}
