// Every use of the explain routes is checked and recorded: who may, and what is written into the audit trail.
import { AppError } from '@xinglin/core/errors'
import type { FastifyRequest } from 'fastify'
import { failureOf } from '../../kernel/audited-failure.ts'
import type { Role } from '../../kernel/caller.ts'
import type { Audit, AuditEntry } from '../../kernel/ports.ts'
import type {} from '../../kernel/service.ts'

/** What a route does, in the words of the trail. */
export interface Use {
  readonly action: AuditEntry['action']
  readonly interaction: string
  readonly roles: readonly Role[]
}

/** What a handler gives, and what its entry tells besides. */
export interface Done<T> {
  readonly body: T
  readonly entry?: Pick<AuditEntry, 'entities' | 'patients'>
}

/** Roles that may explain rows they bring along. */
export const explainers: readonly Role[] = [
  'clinician',
  'radiologist',
  'pharmacist',
  'data-scientist',
  'admin',
  'system',
]
/** Roles that may have a patient's risk estimated. */
export const estimators: readonly Role[] = ['clinician', 'admin', 'system']

/** Runs a handler: the caller is checked first, then the request's form; the entry is durable before the answer. */
export function guarded<T>(
  audit: Audit,
  use: Use,
  work: (request: FastifyRequest) => Promise<Done<T>>,
): (request: FastifyRequest) => Promise<T> {
  return async (request) => {
    const { caller, traceId } = request
    const { action, interaction, roles } = use
    const common = { caller, action, interaction, traceId, query: `${request.method} ${request.url}` }
    try {
      if (!caller.roles.some((role) => roles.includes(role))) {
        throw new AppError('forbidden', `This is open to the roles ${roles.join(', ')} only`)
      }
      if (request.validationError !== undefined) throw request.validationError
      const { body, entry } = await work(request)
      await audit.record({ ...common, ...entry, outcome: 'success', status: 200 })
      return body
    } catch (error) {
      await audit.record({ ...common, ...failureOf(error) })
      throw error
    }
  }
}
