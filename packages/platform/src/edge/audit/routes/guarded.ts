// Every use of the audit routes is itself an event: allowed, refused and failed ones.
import { AppError } from '@xinglin/core/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { failureOf } from '../../../kernel/audited-failure.ts'
import type { Caller, Role } from '../../../kernel/caller.ts'
import type { Audit, AuditEntry } from '../../../kernel/ports.ts'
import type {} from '../../../kernel/service.ts'
import { accessFor } from '../../../records/index.ts'

/** What a route does, in the words of the trail. */
export interface Use {
  readonly action: AuditEntry['action']
  readonly interaction: string
  /** Who may; default {@link readers}. */
  readonly roles?: readonly Role[]
}

/** What a handler gives: its answer, and what its entry tells besides. */
export interface Answer<T> {
  readonly body: T
  readonly entry?: Pick<AuditEntry, 'entities' | 'patients'>
  /** The entry was written together with the work. */
  readonly isRecorded?: boolean
  readonly status?: number
}

/** Roles that may read the trail. */
export const readers: readonly Role[] = Object.freeze(['compliance', 'admin', 'system'])

function checkCaller(caller: Caller, { action, roles = readers }: Use): void {
  if (!caller.roles.some((role) => roles.includes(role))) {
    throw new AppError('forbidden', `The audit trail is open to the roles ${roles.join(', ')} only`)
  }
  if (caller.scopes.length === 0) return
  // Scopes narrow here too: the trail tells of every patient, and no scope stands for an erasure.
  const { types, patients } = accessFor(caller).read
  const isWithin = patients === 'all' && (types === 'all' || types.includes('AuditEvent'))
  if (isWithin && action !== 'D') return
  throw new AppError('forbidden', 'The scopes of the token do not cover this use of the audit trail')
}

/** A handler that checks the caller, then the request, works, and answers when its entry is durable. */
export function guarded<T>(
  audit: Audit,
  use: Use,
  work: (request: FastifyRequest, reply: FastifyReply) => Promise<Answer<T>>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<T> {
  return async (request, reply) => {
    const { caller, traceId } = request
    const { action, interaction } = use
    const common = { caller, action, interaction, traceId, query: `${request.method} ${request.url}` }
    try {
      checkCaller(caller, use)
      if (request.validationError !== undefined) throw request.validationError
      const { body, entry, isRecorded = false, status = 200 } = await work(request, reply)
      if (!isRecorded) await audit.record({ ...common, ...entry, outcome: 'success', status })
      reply.code(status)
      return body
    } catch (error) {
      await audit.record({ ...common, ...failureOf(error) })
      throw error
    }
  }
}
