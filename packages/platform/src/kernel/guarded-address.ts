// Addresses by which a cloud tells its machines their secrets, and those that are no address: not asked because somebody named them.
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const guarded = new BlockList()
guarded.addSubnet('0.0.0.0', 8, 'ipv4') // unspecified: "this host" (RFC 1122, 3.2.1.3), which connects to loopback
guarded.addSubnet('169.254.0.0', 16, 'ipv4') // link-local (RFC 3927); metadata of AWS, Azure, Google, Huawei, Tencent
guarded.addAddress('100.100.100.200', 'ipv4') // metadata of Alibaba Cloud
guarded.addAddress('168.63.129.16', 'ipv4') // Azure's wire server
guarded.addAddress('::', 'ipv6')
guarded.addSubnet('fe80::', 10, 'ipv6') // link-local (RFC 4291)
guarded.addAddress('fd00:ec2::254', 'ipv6') // metadata of AWS over IPv6
guarded.addAddress('fd00:ec2::23', 'ipv6') // credentials of AWS for pods (EKS Pod Identity)
guarded.addAddress('fd20:ce::254', 'ipv6') // metadata of Google over IPv6
guarded.addAddress('fd00:c1::a9fe:a9fe', 'ipv6') // of Oracle
guarded.addAddress('fd00:100::100:200', 'ipv6') // of Alibaba Cloud
guarded.addAddress('fd00:42::42', 'ipv6') // of Scaleway
guarded.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6') // 169.254.0.0/16 by NAT64 (RFC 6052)

/** Why such an address is refused, and what allows it. */
export const guardedReason =
  'link-local, unspecified and cloud metadata addresses are refused; GATEWAY_LINK_LOCAL=true allows them'

/** Code of the error of such a connection. */
export const guardedCode = 'ERR_GUARDED_ADDRESS'

/** Says whether an IP address is link-local, unspecified or of a cloud's metadata; false for what is no IP address. */
export function isGuardedAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$|%.*$/g, '') // fe80::1%eth0: the zone says on which line
  const family = isIP(plain)
  return family !== 0 && guarded.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

// As the system reads it: 2852039166, 0xa9fea9fe and 169.254.43518 are 169.254.169.254.
function addressOf(host: string): string {
  const text = isIP(host) === 6 ? `[${host}]` : host
  return URL.parse(`http://${text}`)?.hostname ?? host
}

/** Says whether a host is such an address in whatever notation; names are not looked up. */
export const isGuardedHost = (host: string): boolean => isGuardedAddress(host) || isGuardedAddress(addressOf(host))

/** The error of a connection that was refused for its address; nothing was sent. */
export const guardedError = (host: string): Error & { readonly code: string } =>
  Object.assign(new Error(`${host}: ${guardedReason}`), { code: guardedCode })

/** How sockets are opened to addresses that somebody has named. */
export interface SocketRules {
  /** For the options of a socket. */
  readonly lookup?: LookupFunction
  /** Why a host that needs no looking up is refused; undefined when it is not. */
  readonly refusalOf: (host: string) => ReturnType<typeof guardedError> | undefined
}

/** The rules: guarded addresses are left alone unless they are allowed. */
export function socketRules(allowsLinkLocal: boolean): SocketRules {
  if (allowsLinkLocal) return { refusalOf: () => undefined }
  const refusalOf = (host: string) => (isGuardedAddress(host) ? guardedError(host) : undefined)
  return { lookup: createGuardedLookup(), refusalOf }
}

type Resolve = (
  host: string,
  options: LookupOptions & { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * A `lookup` for sockets that leaves guarded addresses out, and fails where nothing else is left; a machine's own name may
 * have a link-local address beside others. It judges the very address that is connected to, so that no later answer of the
 * name server can be another one. Hosts that are IP addresses are not looked up by sockets: judge those before.
 */
export function createGuardedLookup(resolve: Resolve = systemLookup): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      const allowed = found.filter(({ address }) => !isGuardedAddress(address))
      const [first] = allowed
      if (first === undefined) return callback(guardedError(host), [])
      if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
