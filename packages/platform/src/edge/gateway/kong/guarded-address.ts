// Addresses that no service should lie at: those by which a cloud tells its machines their secrets, and those that are no address.
import { BlockList, isIP } from 'node:net'
import type { Entity, Kind } from './entities.ts'
import { schemaViolation } from './kong-error.ts'
import { parseTarget } from './traffic-schemas.ts'

const guarded = new BlockList()
guarded.addSubnet('0.0.0.0', 8, 'ipv4') // unspecified: "this host" (RFC 1122, 3.2.1.3), which connects to loopback
guarded.addSubnet('169.254.0.0', 16, 'ipv4') // link-local (RFC 3927); metadata of AWS, Azure, Google, Huawei, Tencent
guarded.addAddress('100.100.100.200', 'ipv4') // metadata of Alibaba Cloud
guarded.addAddress('168.63.129.16', 'ipv4') // Azure's wire server
guarded.addAddress('::', 'ipv6')
guarded.addSubnet('fe80::', 10, 'ipv6') // link-local (RFC 4291)
guarded.addAddress('fd00:ec2::254', 'ipv6') // metadata of AWS over IPv6

// As the system reads it: 2852039166, 0xa9fea9fe and 169.254.43518 are 169.254.169.254.
function addressOf(host: string): string {
  const text = isIP(host) === 6 ? `[${host}]` : host
  return URL.canParse(`http://${text}`) ? new URL(`http://${text}`).hostname.replace(/^\[|\]$/g, '') : host
}

/** Says whether a host is, in whatever notation, a link-local, unspecified or cloud metadata address; names are not looked up. */
export function isGuarded(host: string): boolean {
  const address = addressOf(host)
  const family = isIP(address)
  return family !== 0 && guarded.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** Refuses a service or target that lies at a guarded address. @throws KongError 400 naming the field and the setting */
export function demandUnguarded(kind: Kind, entity: Entity): void {
  const [field, host] =
    kind === 'services' ? ['host', entity.host] : ['target', parseTarget(String(entity['target'] ?? ''))?.host]
  if ((kind !== 'services' && kind !== 'targets') || typeof host !== 'string' || !isGuarded(host)) return
  const fault = 'link-local, unspecified and cloud metadata addresses are refused; GATEWAY_LINK_LOCAL=true allows them'
  throw schemaViolation({ [field ?? '']: fault })
}
