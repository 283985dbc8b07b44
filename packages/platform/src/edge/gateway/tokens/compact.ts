// Reads a compact JWS (RFC 7515) strictly; nothing is verified here (pure).

/** A token taken apart. */
export interface CompactToken {
  readonly algorithm: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** What the signature is over. */
  readonly signed: string
  readonly signature: Buffer
}

/** Longest token that is looked at. */
export const maxTokenCharacters = 8192

const segment = /^[A-Za-z0-9_-]+$/

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined // not JSON: not a token
  }
}

/** Parses a token; undefined when it is too long, not three base64url parts, or asks for an extension (`crit`). */
export function parseCompactToken(token: string): CompactToken | undefined {
  if (token.length > maxTokenCharacters) return undefined
  const parts = token.split('.', 4)
  const [head, body, mac] = parts
  if (parts.length !== 3 || head === undefined || body === undefined || mac === undefined) return undefined
  if (!parts.every((part) => segment.test(part))) return undefined
  const header = parseObject(head)
  const claims = parseObject(body)
  if (header === undefined || claims === undefined || header.crit !== undefined || header.b64 !== undefined)
    return undefined
  if (typeof header.alg !== 'string') return undefined
  return {
    algorithm: header.alg,
    header,
    claims,
    signed: `${head}.${body}`,
    signature: Buffer.from(mac, 'base64url'),
  }
}
