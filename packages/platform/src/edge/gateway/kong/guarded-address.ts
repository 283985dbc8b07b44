// Addresses that no service should lie at: those by which a cloud tells its machines their secrets, and those that are no address.
import { guardedReason, isGuardedHost } from '../../../kernel/guarded-address.ts'
import type { Entity, Kind } from './entities.ts'
import { schemaViolation } from './kong-error.ts'
import { parseTarget } from './traffic-schemas.ts'

/** Refuses a service or target that lies at a guarded address. @throws KongError 400 naming the field and the setting */
export function demandUnguarded(kind: Kind, entity: Entity): void {
  const [field, host] =
    kind === 'services' ? ['host', entity.host] : ['target', parseTarget(String(entity['target'] ?? ''))?.host]
  if ((kind !== 'services' && kind !== 'targets') || typeof host !== 'string' || !isGuardedHost(host)) return
  throw schemaViolation({ [field ?? '']: guardedReason })
}
