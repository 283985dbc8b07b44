// What SMART adds to a token answer (patient, all granted scopes), and the audit entry of each token given or refused.
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Caller } from '../../../kernel/caller.ts'
import { addressOf } from '../own-request.ts'
import { needsPatient } from '../scopes.ts'
import { findLaunch, type Launch } from './artifacts.ts'
import type { ProviderParts } from './parts.ts'

type Answer = Record<string, unknown>

const maxRefusalsPerMinute = 60
const minuteMs = 60_000

function subjectOf({ oidc, req }: KoaContextWithOIDC): Caller {
  const client = oidc.client?.clientId ?? 'unknown'
  const account = oidc.entities.Account?.accountId
  return {
    subject: account ?? client,
    name: account === undefined ? client : `${account} via ${client}`,
    roles: [],
    scopes: [],
    purpose: 'TREAT',
    address: addressOf(req),
  }
}

async function addContext(ctx: KoaContextWithOIDC, body: Answer, parts: ProviderParts): Promise<Launch | undefined> {
  const { AuthorizationCode: code, RefreshToken: refresh, Grant: grant } = ctx.oidc.entities
  const launch = grant?.jti === undefined ? undefined : await findLaunch(parts.sql, grant.jti)
  const asked = (code?.scope ?? refresh?.scope ?? '').split(' ')
  const resourceScopes = typeof body['scope'] === 'string' ? body['scope'].split(' ') : []
  const own = grant === undefined ? [] : grant.getOIDCScopeFiltered(new Set(asked)).split(' ')
  const granted = [...new Set([...own, ...resourceScopes])].filter((scope) => scope !== '')
  body['scope'] = granted.join(' ')
  if (launch?.patient !== undefined && needsPatient(granted)) {
    Object.assign(body, { patient: launch.patient, need_patient_banner: true })
  }
  return launch
}

/** Middleware that finishes answers of the token endpoint. */
export function finishTokens(parts: ProviderParts) {
  const refusals = { count: 0, sinceMs: 0 }
  const isFlood = (): boolean => {
    const nowMs = parts.clock.monotonicMs()
    if (nowMs - refusals.sinceMs > minuteMs) Object.assign(refusals, { count: 0, sinceMs: nowMs })
    refusals.count += 1
    return refusals.count > maxRefusalsPerMinute
  }
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next()
    if (ctx.oidc?.route !== 'token' || ctx.method !== 'POST') return
    const body = ctx.body as Answer
    const isGiven = ctx.status === 200
    const launch =
      isGiven && ctx.oidc.params?.['grant_type'] !== 'client_credentials'
        ? await addContext(ctx, body, parts)
        : undefined
    if (!isGiven && isFlood()) return
    await parts.audit.record({
      caller: subjectOf(ctx),
      action: 'E',
      interaction: 'token',
      outcome: isGiven ? 'success' : 'refused',
      status: ctx.status,
      ...(launch?.patient === undefined ? {} : { patients: [launch.patient] }),
      ...(isGiven ? {} : { reason: String(body['error'] ?? 'refused') }),
    })
  }
}
