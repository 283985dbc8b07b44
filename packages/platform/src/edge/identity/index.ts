// Identity: who may sign in, which apps may be launched, and the tokens they get; OpenID Connect and SMART on FHIR.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { createIdentity, type IdentityExtra } from './identity.ts'
import { identitySettings } from './settings.ts'

export { personRoles } from './accounts/account.ts'
export { createAccounts } from './accounts/accounts.ts'
export { clientKinds } from './clients/client.ts'
export { createClients } from './clients/clients.ts'
export { consoleClientId, type IdentityExtra } from './identity.ts'

// Addresses that are reached without a credential: the protocol brings its own.
const openPaths: readonly string[] = Object.freeze([
  '/oidc',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/smart-configuration',
  '/fhir/.well-known/smart-configuration',
])

/** The identity service as the composition root sees it. */
export const identity = {
  name: 'identity',
  purpose: 'Signs people in, launches SMART apps, gives tokens to apps and backend services; keeps users and clients',
  paths: [...openPaths, '/api/v1/identity'],
  openPaths,
  settings: identitySettings,
  sql: { schema: 'identity', folder: new URL('./sql/', import.meta.url) },
  create: (ports: Ports, settings: Settings<typeof identitySettings>, extra: IdentityExtra): Promise<RunningService> =>
    createIdentity(ports, settings, extra),
} as const satisfies Service<typeof identitySettings, IdentityExtra>
