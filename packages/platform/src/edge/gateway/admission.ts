// Who may come in: a known credential, within its limits, of a group that may; the same for HTTP, WebSockets and gRPC.
import { AppError } from '@xinglin/core/errors'
import type { Clock } from '../../kernel/ports.ts'
import { type Identity, identify } from './authentication.ts'
import type { Compiled } from './definitions.ts'
import type { EdgeFields } from './edge-fields.ts'
import type { Asked } from './exchange.ts'
import type { LimitOutcome, RateLimits } from './limits/rate-limits.ts'
import { limitKeyOf } from './proxy/client-address.ts'
import type { Plan } from './routing/plan.ts'
import { aclAdmits, type WindowPlan } from './routing/plugin-plans.ts'
import type { Sessions } from './session/sessions.ts'
import type { Issuers } from './tokens/issuers.ts'

/** What admission needs. */
export interface AdmissionParts {
  readonly compiled: () => Compiled
  readonly sessions: Sessions
  readonly issuers: Issuers
  readonly limits: RateLimits
  readonly clock: Clock
}

function demand(outcome: LimitOutcome, fields: EdgeFields, message: string): void {
  fields.setAll(outcome.fields)
  if (outcome.isAllowed) return
  const { retryAfterSeconds } = outcome
  throw new AppError('too-many-requests', `${message}; try again in ${retryAfterSeconds} s`, { retryAfterSeconds })
}

function windowKey(plan: WindowPlan, asked: Asked, identity: Identity | undefined): string {
  const address = `ip ${limitKeyOf(asked.client.address)}`
  switch (plan.by) {
    case 'consumer':
      return identity?.limitKey ?? address
    case 'credential':
      return identity?.token?.credential.id ?? address
    case 'ip':
      return address
    case 'service':
      return 'service'
    default:
      return plan.by satisfies never
  }
}

function limitRate(parts: AdmissionParts, asked: Asked, plan: Plan, identity: Identity | undefined): void {
  const { fields, client } = asked
  const key = identity?.limitKey ?? `ip ${limitKeyOf(client.address)}`
  if (plan.target.kind === 'product') demand(parts.limits.take(key), fields, 'Too many requests')
  const own = identity?.token === undefined ? undefined : plan.windowsOf.get(identity.token.consumer.id)
  for (const window of own === undefined ? plan.windows : [own]) {
    demand(parts.limits.count(windowKey(window, asked, identity), window), fields, window.message)
  }
}

type Known = Identity | undefined

// Guessing credentials is counted by address, before the refusal is told.
function countGuess(parts: AdmissionParts, asked: Asked): void {
  demand(parts.limits.take(`ip ${limitKeyOf(asked.client.address)}`), asked.fields, 'Too many requests')
}

function refused(parts: AdmissionParts, asked: Asked, error: unknown): unknown {
  if (error instanceof AppError) countGuess(parts, asked)
  return error
}

function demandCredential(parts: AdmissionParts, asked: Asked, plan: Plan, identity: Known): Known {
  if (identity !== undefined || !plan.isCredentialRequired) return identity
  countGuess(parts, asked)
  throw new AppError('unauthenticated', 'Send a valid credential: Authorization: Bearer <token>', { cause: 'none' })
}

// Most tokens are known already: only what has to be asked for is waited for.
function identifyOrRefuse(parts: AdmissionParts, asked: Asked, plan: Plan): Known | Promise<Known> {
  if (!plan.isAuthenticating) return undefined
  const nowSeconds = parts.clock.now().getTime() / 1000
  const { verifier } = parts.compiled()
  const { issuers, sessions } = parts
  let found: Known | Promise<Known>
  try {
    found = identify(asked, plan, { verifier, issuers, sessions, nowSeconds })
  } catch (error) {
    throw refused(parts, asked, error)
  }
  if (!(found instanceof Promise)) return demandCredential(parts, asked, plan, found)
  return found.then(
    (identity) => demandCredential(parts, asked, plan, identity),
    (error: unknown) => {
      throw refused(parts, asked, error)
    },
  )
}

// Who has no consumer is known by what he may do: the roles of a signed-in person are his groups.
function demandGroup({ acl }: Plan, identity: Identity | undefined): void {
  if (acl === undefined) return
  const groups =
    identity?.token === undefined ? (identity?.caller.roles ?? []) : acl.groupsOf(identity.token.consumer.id)
  if (aclAdmits(acl, groups)) return
  throw new AppError('forbidden', 'You cannot consume this service: your groups are not among those that may', {
    cause: 'acl',
  })
}

/**
 * Lets a request of a route in; undefined where the route asks for no credential. A promise only where something had to be
 * asked for.
 * @throws AppError 'unauthenticated', 'forbidden' or 'too-many-requests'
 */
export function admit(parts: AdmissionParts, asked: Asked, plan: Plan): Known | Promise<Known> {
  const checked = (identity: Known): Known => {
    limitRate(parts, asked, plan, identity)
    demandGroup(plan, identity)
    return identity
  }
  const found = identifyOrRefuse(parts, asked, plan)
  return found instanceof Promise ? found.then(checked) : checked(found)
}
