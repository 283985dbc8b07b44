// Who an account or a backend service is to the provider: claims of ID tokens and of access tokens.
import type { AccessToken, ClientCredentials, Account as ProviderAccount } from 'oidc-provider'
import type { Clock } from '../../../kernel/ports.ts'
import type { Sql } from '../../../kernel/sql.ts'
import { isPatientOnly, type StoredAccount } from '../accounts/account.ts'
import { findAccount } from '../accounts/store.ts'
import { findClient } from '../clients/store.ts'
import { levelOf } from '../scopes.ts'
import { findLaunch } from './artifacts.ts'

/** What people are found by. */
export interface PeopleParts {
  readonly sql: Sql
  readonly clock: Clock
  /** Whether demo accounts may sign in. */
  readonly isDemo: boolean
  /** Absolute FHIR base. */
  readonly fhirBase: string
}

/** The account, when it may act now. */
export async function activeAccount(
  { sql, isDemo }: Pick<PeopleParts, 'sql' | 'isDemo'>,
  username: string,
): Promise<StoredAccount | undefined> {
  const found = await findAccount(sql, username)
  if (found === undefined || !found.account.isEnabled || (found.account.isDemo && !isDemo)) return undefined
  return found.account
}

/** Claims by scope: what an ID token says about its person. */
export const claimsByScope = {
  openid: ['sub'],
  profile: ['name', 'preferred_username'],
  fhirUser: ['fhirUser'],
  xinglin: ['roles', 'patient', 'actor', 'is_demo'],
} as const

/** The account as the provider asks for it. */
export async function providerAccount(parts: PeopleParts, username: string): Promise<ProviderAccount | undefined> {
  const account = await activeAccount(parts, username)
  if (account === undefined) return undefined
  const { name, roles, patient, actor, isDemo } = account
  return {
    accountId: username,
    claims: async () => ({
      sub: username,
      name,
      preferred_username: username,
      ...(actor === undefined ? {} : { fhirUser: `${parts.fhirBase}/${actor}`, actor }),
      ...(patient === undefined ? {} : { patient }),
      roles,
      is_demo: isDemo,
    }),
  }
}

// A clinician who may see everybody is not bound to the patient on the app's screen: that one is told beside the token.
function patientOf(account: StoredAccount, scope: string, inContext: string | undefined): string | undefined {
  if (isPatientOnly(account)) return account.patient
  const isWide = scope.split(' ').some((one) => levelOf(one) === 'user')
  const own = account.roles.includes('patient') ? account.patient : undefined
  return isWide ? own : (inContext ?? own)
}

// Who is staff and patient is no patient where another one is in context: that one's records are not the own ones.
function rolesOf(account: StoredAccount | undefined, patient: string | undefined): StoredAccount['roles'] {
  const roles = account?.roles ?? []
  return patient === account?.patient ? roles : roles.filter((role) => role !== 'patient')
}

/** What an access token says besides the standard's claims; the gateway makes the caller of it. */
export async function accessTokenClaims(
  { sql, isDemo, clock }: PeopleParts,
  token: AccessToken | ClientCredentials,
): Promise<Readonly<Record<string, unknown>>> {
  if (!('accountId' in token) || token.accountId === undefined) {
    const client = token.clientId === undefined ? undefined : await findClient(sql, token.clientId)
    return { roles: client?.roles ?? [], name: client?.name ?? '', issued_at_ms: clock.now().getTime() }
  }
  const account = await activeAccount({ sql, isDemo }, token.accountId)
  const launch = token.grantId === undefined ? undefined : await findLaunch(sql, token.grantId)
  const patient = account === undefined ? undefined : patientOf(account, token.scope ?? '', launch?.patient)
  return {
    roles: rolesOf(account, patient),
    name: account?.name ?? '',
    grant_id: token.grantId,
    // Finer than iat: what is given right after a revocation must not fall under it.
    issued_at_ms: clock.now().getTime(),
    ...(account?.actor === undefined ? {} : { actor: account.actor }),
    ...(patient === undefined ? {} : { patient }),
  }
}
