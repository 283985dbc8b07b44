// Makes the caller of a verified token: the consumer says what is possible, claims may only narrow it (pure).
import type { Caller, Role } from '../../../kernel/caller.ts'
import { roles as allRoles } from '../../../kernel/caller.ts'
import type { KongConsumer } from '../kong/entities.ts'

/** The consumer of the tokens that Xinglin itself issues for its people; its tokens name their subject. */
export const builtInConsumer = 'xinglin-demo'

/** A caller, or why the token's wishes go beyond its consumer. */
export type CallerOutcome = { readonly caller: Caller } | { readonly fault: 'role' | 'patient' | 'scope' }

type Claims = Readonly<Record<string, unknown>>

const patientId = /^[A-Za-z0-9\-.]{1,64}$/
const subjectName = /^[\p{L}\p{N}][\p{L}\p{N} .@:_+-]{0,127}$/u
const actorReference =
  /^(Practitioner|PractitionerRole|Patient|RelatedPerson|Device|Organization)\/[A-Za-z0-9\-.]{1,64}$/
const maxScopes = 100

function tagged(consumer: KongConsumer, prefix: string): readonly string[] {
  return (consumer.tags ?? []).filter((tag) => tag.startsWith(prefix)).map((tag) => tag.slice(prefix.length))
}

// A consumer bound to a patient and nothing else is that patient, not a front end that sees all of them.
function heldRoles(consumer: KongConsumer): readonly Role[] {
  const tags = tagged(consumer, 'role:')
  const held = allRoles.filter((role) => role !== 'system' && tags.includes(role))
  if (held.length > 0) return held
  return tagged(consumer, 'patient:').length > 0 ? ['patient'] : ['frontend']
}

// A claim that is there but says nothing readable claims nothing; it is not as if it were not there.
function claimedTexts(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value.split(' ').filter((text) => text !== '')
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []
}

function narrowRoles(held: readonly Role[], claims: Claims): readonly Role[] {
  const claimed = claimedTexts(claims.role ?? claims.roles)
  return claimed === undefined ? held : held.filter((role) => claimed.includes(role))
}

function textClaim(claims: Claims, name: string, pattern: RegExp): string | undefined {
  const value = claims[name]
  return typeof value === 'string' && pattern.test(value) ? value : undefined
}

function nameOf(consumer: KongConsumer): string {
  return consumer.username ?? consumer.custom_id ?? consumer.id
}

/** The caller of a token of this consumer. */
export function callerOf(consumer: KongConsumer, claims: Claims): CallerOutcome {
  const roles = narrowRoles(heldRoles(consumer), claims)
  if (roles.length === 0) return { fault: 'role' }
  const claimedScopes = claimedTexts(claims.scope ?? claims.scp)
  const scopes = claimedScopes ?? []
  // Without scopes the roles alone decide, so an empty claim must not pass for none.
  if (scopes.length > maxScopes || claimedScopes?.length === 0) return { fault: 'scope' }
  const bound = tagged(consumer, 'patient:')[0]
  const claimed = textClaim(claims, 'patient', patientId)
  const isForeign = bound !== undefined && claims.patient !== undefined && claimed !== bound
  if (isForeign || (claims.patient !== undefined && claimed === undefined)) return { fault: 'patient' }
  const patient = bound ?? claimed
  if (patient === undefined && roles.includes('patient')) return { fault: 'patient' }
  const username = nameOf(consumer)
  const person = textClaim(claims, 'sub', subjectName)
  const isOurs = username === builtInConsumer
  const actor = isOurs ? textClaim(claims, 'actor', actorReference) : undefined
  return {
    caller: {
      subject: isOurs ? (person ?? username) : username,
      name:
        isOurs || person === undefined
          ? (textClaim(claims, 'name', subjectName) ?? person ?? username)
          : `${person} via ${username}`,
      roles,
      scopes,
      purpose: 'TREAT',
      ...(patient === undefined ? {} : { patient }),
      ...(actor === undefined ? {} : { actor }),
    },
  }
}
