// What the identity service is handed by the composition root: the public address, its secret, and the demo's people.
import { demoPassword, type gateway, isDemoOn, personas } from '../edge/gateway/index.ts'
import type { IdentityExtra } from '../edge/identity/index.ts'
import type { Settings } from '../kernel/config.ts'
import type { SystemKeys } from './keys.ts'

/** What it is made of. */
export interface IdentityWiring {
  readonly settings: { readonly gateway: Settings<typeof gateway.settings> }
  readonly keys: SystemKeys
  /** Absolute FHIR base as clients see it. */
  readonly fhirBase: string
}

/** The extra of the identity service. */
export function identityExtra({ settings, keys, fhirBase }: IdentityWiring): IdentityExtra {
  const people = personas.map(({ username, name, roles, patient, actor }) => ({
    ...{ username, name, roles },
    ...(patient === undefined ? {} : { patient }),
    ...(actor === undefined ? {} : { actor }),
  }))
  return {
    publicUrl: fhirBase.replace(/\/fhir$/, ''),
    secret: keys.identity,
    allowsLinkLocal: settings.gateway.allowsLinkLocal,
    demo: isDemoOn(settings.gateway) ? { people, password: demoPassword } : undefined,
  }
}
