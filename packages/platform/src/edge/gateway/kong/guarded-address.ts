// Addresses that no service should lie at: those by which a cloud tells its machines their secrets, and those that are no address.
import { isIP } from 'node:net'
import { guardedReason, isGuardedAddress } from '../../../kernel/guarded-address.ts'
import type { Entity, Kind } from './entities.ts'
import { schemaViolation } from './kong-error.ts'
import { parseTarget } from './traffic-schemas.ts'

// As the system reads it: 2852039166, 0xa9fea9fe and 169.254.43518 are 169.254.169.254.
function addressOf(host: string): string {
  const text = isIP(host) === 6 ? `[${host}]` : host
  return URL.canParse(`http://${text}`) ? new URL(`http://${text}`).hostname.replace(/^\[|\]$/g, '') : host
}

/** Says whether a host is, in whatever notation, a link-local, unspecified or cloud metadata address; names are not looked up. */
export function isGuarded(host: string): boolean {
  return isGuardedAddress(addressOf(host))
}

/** Refuses a service or target that lies at a guarded address. @throws KongError 400 naming the field and the setting */
export function demandUnguarded(kind: Kind, entity: Entity): void {
  const [field, host] =
    kind === 'services' ? ['host', entity.host] : ['target', parseTarget(String(entity['target'] ?? ''))?.host]
  if ((kind !== 'services' && kind !== 'targets') || typeof host !== 'string' || !isGuarded(host)) return
  throw schemaViolation({ [field ?? '']: guardedReason })
}
