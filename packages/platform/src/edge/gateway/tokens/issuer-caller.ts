// Makes the caller of a verified token of an issuer (pure).
import { roles as allRoles, type Caller, type Role } from '../../../kernel/caller.ts'
import type { CallerOutcome } from './caller-of.ts'
import type { TrustedIssuer } from './trusted-issuers.ts'

type Claims = Readonly<Record<string, unknown>>

const patientId = /^[A-Za-z0-9\-.]{1,64}$/
const actorReference =
  /^(Practitioner|PractitionerRole|Patient|RelatedPerson|Device|Organization)\/[A-Za-z0-9\-.]{1,64}$/
const smartScope = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\./
const maxScopes = 100
const maxName = 128
// A scope that opens no record: roles alone must not decide for a token that was given for less.
const noRecords: readonly string[] = ['openid']

function claimAt(claims: Claims, path: string): unknown {
  if (claims[path] !== undefined) return claims[path]
  return path
    .split('.')
    .reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? (at as Claims)[name] : undefined), claims)
}

function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((text) => text !== '')
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []
}

function rolesOf(claims: Claims, trusted: TrustedIssuer): readonly Role[] {
  const words = texts(claimAt(claims, trusted.roleClaim))
  const named = words.flatMap((word) => trusted.roles.get(word) ?? allRoles.find((role) => role === word) ?? [])
  return [...new Set(named.filter((role) => role !== 'system'))]
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= maxName ? value : undefined
}

// Names of different issuers must not be confused with one another, nor a service's with a person's.
function subjectOf(claims: Claims, sub: string, { jwksUrl, issuer }: TrustedIssuer): string {
  if (jwksUrl !== undefined) return `${sub}@${new URL(issuer).host}`
  return claims['grant_id'] === undefined ? `client:${sub}` : sub
}

function scopesOf(claims: Claims, { areScopesRequired }: TrustedIssuer): readonly string[] {
  const scopes = texts(claims['scope'] ?? claims['scp'])
  if (scopes.some((scope) => smartScope.test(scope))) return scopes
  return areScopesRequired ? noRecords : []
}

/** The caller of a token of this issuer, or why it makes none. */
export function issuerCaller(claims: Claims, trusted: TrustedIssuer): CallerOutcome {
  const sub = text(claims['sub'])
  const roles = rolesOf(claims, trusted)
  if (sub === undefined || roles.length === 0) return { fault: 'role' }
  const scopes = scopesOf(claims, trusted)
  if (scopes.length > maxScopes) return { fault: 'scope' }
  const claimed = claimAt(claims, trusted.patientClaim)
  const patient = typeof claimed === 'string' && patientId.test(claimed) ? claimed : undefined
  const isLacking = patient === undefined && (claimed !== undefined || roles.includes('patient'))
  if (isLacking) return { fault: 'patient' }
  const actor = text(claims['actor'])
  const person = text(claims['name']) ?? text(claims['preferred_username']) ?? sub
  const client = text(claims['client_id']) ?? text(claims['azp'])
  const caller: Caller = {
    subject: subjectOf(claims, sub, trusted),
    name: client === undefined || client === sub ? person : `${person} via ${client}`,
    roles,
    scopes,
    purpose: 'TREAT',
    ...(patient === undefined ? {} : { patient }),
    ...(actor !== undefined && actorReference.test(actor) ? { actor } : {}),
  }
  return { caller }
}
