// The running identity service: puts its parts together, keeps the console's own client and the demo's people, follows time.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService } from '../../kernel/service.ts'
import type { Account } from './accounts/account.ts'
import { createAccounts } from './accounts/accounts.ts'
import { hashPassword } from './accounts/passwords.ts'
import { findAccount, insertAccount } from './accounts/store.ts'
import { adminRoutes } from './admin-routes.ts'
import { createClients } from './clients/clients.ts'
import { putFirstParty } from './clients/store.ts'
import { interactionRoutes } from './interaction-routes.ts'
import { oidcRoutes } from './oidc-routes.ts'
import { ownRoutes } from './own-routes.ts'
import { pageHeaders } from './pages/document.ts'
import { errorPage } from './pages/error-page.ts'
import { languageOf } from './pages/words.ts'
import { createPatients } from './patients.ts'
import { pruneArtifacts } from './provider/artifacts.ts'
import type { ErrorPages, ProviderOptions } from './provider/parts.ts'
import { createProviders } from './provider/provider.ts'
import { createSealing } from './sealing.ts'
import type { identitySettings } from './settings.ts'
import { createThrottle } from './throttle.ts'

/** What the composition root hands to the identity service alone. */
export interface IdentityExtra {
  /** Address of the system as clients see it, without a slash at the end; the issuer of its tokens. */
  readonly publicUrl: string
  /** Secret of this system, 32 bytes: seals what is kept. */
  readonly secret: Uint8Array
  /** People who can sign in without an administrator's doing; none where the demo is off. */
  readonly demo: { readonly people: readonly Account[]; readonly password: string } | undefined
  /** Whether clients' key sets may lie at link-local and cloud metadata addresses. */
  readonly allowsLinkLocal: boolean
}

/** Id of the console at its own identity service. */
export const consoleClientId = 'xinglin-console'

const refreshEveryMs = 3_600_000
const pruneEveryMs = 600_000
const pages: ErrorPages = {
  renderError(ctx, out) {
    const language = languageOf(
      ctx.query['lang']?.toString(),
      ctx.query['ui_locales']?.toString(),
      ctx.get('accept-language'),
    )
    const detail = [out['error'], out['error_description']].filter((part) => typeof part === 'string').join(': ')
    ctx.set({ ...pageHeaders() })
    ctx.body = errorPage(language, detail)
  },
}

async function ensureConsoleClient(sql: Ports['sql'], publicUrl: string): Promise<void> {
  await putFirstParty(sql, {
    id: consoleClientId,
    name: 'Xinglin 杏林',
    kind: 'public',
    redirectUris: [`${publicUrl}/auth/oidc/callback`],
    scopes: ['openid', 'profile', 'fhirUser'],
    roles: [],
  })
}

async function ensureDemoPeople({ sql }: Pick<Ports, 'sql'>, { people, password }: NonNullable<IdentityExtra['demo']>) {
  const known = await Promise.all(people.map(({ username }) => findAccount(sql, username)))
  const missing = people.filter((_, at) => known[at] === undefined)
  if (missing.length === 0) return
  const hash = await hashPassword(password)
  for (const person of missing) await insertAccount(sql, person, { password: hash, isDemo: true })
}

function every(ms: number, work: () => Promise<void>, onFailure: (error: unknown) => void): () => void {
  const timer = setInterval(() => {
    work().catch(onFailure)
  }, ms)
  timer.unref()
  return () => clearInterval(timer)
}

/** Creates the service; nothing of the provider is loaded before the first request. */
export async function createIdentity(
  ports: Ports,
  settings: Settings<typeof identitySettings>,
  { publicUrl, secret, demo, allowsLinkLocal }: IdentityExtra,
): Promise<RunningService> {
  const { sql, events, audit, clock, call } = ports
  const log = ports.log.child({ service: 'identity' })
  const options: ProviderOptions = {
    ...{ sql, events, audit, clock, log, settings, pages, secret, allowsLinkLocal },
    sealing: createSealing(secret),
    issuer: publicUrl,
    fhirBase: `${publicUrl}/fhir`,
    isDemo: demo !== undefined,
    isFirstParty: (clientId) => clientId === consoleClientId,
  }
  const providers = createProviders(options)
  const changes = { sql, events, audit }
  const accounts = createAccounts(changes)
  const throttle = createThrottle(clock)
  const stops: (() => void)[] = []
  return {
    routes: async (app) => {
      await app.register(oidcRoutes({ providers, issuer: publicUrl }))
      await app.register(interactionRoutes({ ...options, providers, throttle, patients: createPatients(call) }))
      await app.register(adminRoutes({ accounts, clients: createClients(changes) }))
      await app.register(ownRoutes({ ...changes, accounts, throttle }))
    },
    async start() {
      await ensureConsoleClient(sql, publicUrl)
      if (demo !== undefined) await ensureDemoPeople({ sql }, demo)
      const failed = (error: unknown): void => log.warn('identity.upkeep.failed', { error })
      stops.push(
        every(refreshEveryMs, providers.refresh, failed),
        every(pruneEveryMs, () => pruneArtifacts(sql), failed),
      )
    },
    async close() {
      for (const stop of stops.splice(0)) stop()
    },
  }
}
