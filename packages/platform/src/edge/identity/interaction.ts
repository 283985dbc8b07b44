// One sign-in or consent under way: the page it is at, and what each form does.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@xinglin/core/errors'
import type { InteractionResults } from 'oidc-provider'
import { frozenCaller } from '../../kernel/attached-caller.ts'
import type { Caller } from '../../kernel/caller.ts'
import type { StoredAccount } from './accounts/account.ts'
import { findClient } from './clients/store.ts'
import { fixedScopes } from './pages/consent-page.ts'
import { putLaunch } from './provider/artifacts.ts'
import type { OidcProvider, ProviderOptions } from './provider/parts.ts'
import { activeAccount } from './provider/people.ts'
import { isLaunchScope, isWithin, needsPatient, openidScopes } from './scopes.ts'

type Parts = Pick<ProviderOptions, 'sql' | 'isDemo' | 'fhirBase' | 'settings'>

/** An interaction as the pages see it. */
export interface Interaction {
  readonly provider: OidcProvider
  readonly prompt: string
  readonly clientId: string
  readonly clientName: string
  readonly redirectUri: string
  readonly uiLocales: string | undefined
  readonly loginHint: string | undefined
  /** What the client asked for and may have. */
  readonly scopes: readonly string[]
  readonly account: StoredAccount | undefined
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Finds the interaction of a request's cookie. @throws AppError 'not-found' when there is none */
export async function openInteraction(
  provider: OidcProvider,
  request: IncomingMessage,
  response: ServerResponse,
  parts: Parts,
): Promise<Interaction> {
  const details = await provider.interactionDetails(request, response).catch((cause: unknown) => {
    throw new AppError('not-found', 'This sign-in is over; begin again at the app', { cause })
  })
  const { params, prompt, session } = details
  const clientId = text(params['client_id']) ?? ''
  const client = await findClient(parts.sql, clientId)
  if (client?.isEnabled !== true) throw new AppError('not-found', 'The app is not known any more')
  const asked = (text(params['scope']) ?? '').split(' ')
  const isOpen = (scope: string): boolean =>
    (openidScopes.includes(scope) || isLaunchScope(scope)) && isWithin(scope, client.scopes)
  return {
    provider,
    prompt: prompt.name,
    clientId,
    clientName: client.name,
    redirectUri: text(params['redirect_uri']) ?? client.redirectUris[0] ?? '',
    uiLocales: text(params['ui_locales']),
    loginHint: text(params['login_hint']),
    scopes: [...new Set(asked)].filter(isOpen),
    account: session?.accountId === undefined ? undefined : await activeAccount(parts, session.accountId),
  }
}

/** The person as a caller, with what they may see themselves. */
export function callerOf({ username, name, roles, patient, actor }: StoredAccount, address: string): Caller {
  return frozenCaller({
    subject: username,
    name,
    roles,
    scopes: [],
    purpose: 'TREAT',
    address,
    ...(patient === undefined ? {} : { patient }),
    ...(actor === undefined ? {} : { actor }),
  })
}

/** What a person allowed. */
export interface Consent {
  readonly account: StoredAccount
  readonly patient: string | undefined
  /** Of the scopes that could be left out. */
  readonly chosen: readonly string[]
}

/** Keeps a grant of what was allowed; what was left out is noted as refused, so that it is not asked for again. */
export async function grantConsent(
  interaction: Interaction,
  { account, patient, chosen }: Consent,
  { sql, fhirBase, settings }: Parts,
): Promise<InteractionResults> {
  const { provider, clientId, scopes } = interaction
  const allowed = scopes.filter((scope) => fixedScopes.includes(scope) || chosen.includes(scope))
  const grant = new provider.Grant({ accountId: account.username, clientId })
  const isOpenid = (scope: string): boolean => openidScopes.includes(scope)
  const add = (list: readonly string[], of: (scope: string) => boolean): string => list.filter(of).join(' ')
  const left = scopes.filter((scope) => !allowed.includes(scope))
  const isResource = (scope: string): boolean => !isOpenid(scope)
  if (allowed.some(isOpenid)) grant.addOIDCScope(add(allowed, isOpenid))
  if (allowed.some(isResource)) grant.addResourceScope(fhirBase, add(allowed, isResource))
  if (left.some(isOpenid)) grant.rejectOIDCScope(add(left, isOpenid))
  if (left.some(isResource)) grant.rejectResourceScope(fhirBase, add(left, isResource))
  const grantId = await grant.save()
  const context = needsPatient(allowed) ? patient : undefined
  const launch = { grantId, account: account.username, client: clientId, patient: context, scopes: allowed }
  await putLaunch(sql, launch, settings.refreshTokenDays * 86_400)
  return { consent: { grantId } }
}
