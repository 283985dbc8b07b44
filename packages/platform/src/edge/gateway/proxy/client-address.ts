// Who is at the other end: the socket's address, or what a trusted proxy says (pure).
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** The other end of a request. */
export interface Client {
  readonly address: string
  readonly protocol: 'http' | 'https'
  /** What to put into X-Forwarded-For. */
  readonly forwardedFor: string
}

const plain = (address: string): string => (address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address)

/** Determines the client. Headers are believed only when the socket's address is a trusted proxy's. */
export function clientOf(
  socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean },
  headers: IncomingHttpHeaders,
  trusted: readonly string[],
): Client {
  const direct = plain(socket.remoteAddress ?? '0.0.0.0')
  const own = socket.encrypted === true ? 'https' : 'http'
  if (!trusted.includes(direct)) return { address: direct, protocol: own, forwardedFor: direct }
  const chain = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  const hops = chain.map((hop) => plain(hop.trim())).filter((hop) => isIP(hop) !== 0)
  const address = hops.findLast((hop) => !trusted.includes(hop)) ?? hops[0] ?? direct
  const said = headers['x-forwarded-proto']
  const protocol = said === 'https' || said === 'http' ? said : own
  return { address, protocol, forwardedFor: [...hops, direct].join(', ') }
}

const groupsOf = (part: string): readonly string[] => (part === '' ? [] : part.split(':'))

// The first four groups of an IPv6 address, `::` written out.
function networkOf(address: string): readonly string[] {
  const [head = '', tail = ''] = address.split('::')
  const [before, after] = [groupsOf(head), groupsOf(tail)]
  const written = before.length + after.length + (after.at(-1)?.includes('.') === true ? 1 : 0)
  const zeros = Array.from({ length: Math.max(0, 8 - written) }, () => '0')
  return [...before, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
}

/** What an address is counted by: itself, or its /64 for IPv6, where one subscriber has many. */
export function limitKeyOf(address: string): string {
  return isIP(address) === 6 ? `${networkOf(address).join(':')}::/64` : address
}
