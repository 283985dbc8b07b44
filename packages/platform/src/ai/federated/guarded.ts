// Who may use the routes of federated learning.
import { AppError } from '@xinglin/core/errors'
import type { FastifyRequest } from 'fastify'
import type { Role } from '../../kernel/caller.ts'
import type {} from '../../kernel/service.ts'

/** Roles that may look at federations. */
export const readers: readonly Role[] = Object.freeze(['data-scientist', 'operator', 'admin', 'system'])
/** Roles that may set up, start and cancel them. */
export const writers: readonly Role[] = Object.freeze(['data-scientist', 'admin', 'system'])

/**
 * A handler that checks the caller first, then the form of the request, so that a refusal tells nothing about its form.
 * Routes with it take `attachValidation`.
 */
export function guarded<T>(
  roles: readonly Role[],
  work: (request: FastifyRequest) => Promise<T>,
): (request: FastifyRequest) => Promise<T> {
  return async (request) => {
    demandRole(request, roles)
    return work(request)
  }
}

/** @throws AppError 'forbidden' for other roles and for narrowed tokens; the schema's refusal after that */
export function demandRole(request: FastifyRequest, roles: readonly Role[]): void {
  const { caller } = request
  if (!caller.roles.some((role) => roles.includes(role))) {
    throw new AppError('forbidden', `Federated learning is open to the roles ${roles.join(', ')} only`)
  }
  // A token narrowed to scopes of records does not cover what trains on all of them.
  if (caller.scopes.length > 0) throw new AppError('forbidden', 'The scopes of the token do not cover this')
  if (request.validationError !== undefined) throw request.validationError
}
