// Who may do what with models, through the gateway or from other services.
import { AppError } from '@xinglin/core/errors'
import type { Caller, Role } from '../../../kernel/caller.ts'
import type { Use } from '../http/call.ts'

/** What one may do with models. */
export type ModelUse = Use | 'register' | 'change-stage'

const allowed: Readonly<Record<ModelUse, readonly Role[]>> = {
  read: ['system', 'admin', 'clinician', 'radiologist', 'pharmacist', 'compliance', 'operator', 'data-scientist'],
  infer: ['system', 'admin', 'clinician', 'radiologist', 'operator', 'data-scientist'],
  control: ['system', 'admin', 'operator', 'data-scientist'],
  register: ['system', 'admin', 'data-scientist'],
  'change-stage': ['system', 'admin', 'operator', 'data-scientist'],
}

const changes: ReadonlySet<ModelUse> = new Set(['control', 'register', 'change-stage'])

/** Refuses a caller without one of the roles, and changes by narrowed tokens. @throws AppError 'forbidden' */
export function checkUse(caller: Caller, use: ModelUse): void {
  if (!caller.roles.some((role) => allowed[use].includes(role))) {
    throw new AppError('forbidden', `This use of models (${use}) is open to the roles ${allowed[use].join(', ')} only`)
  }
  // A token narrowed to scopes of records does not cover what everybody is served by.
  if (caller.scopes.length > 0 && changes.has(use)) {
    throw new AppError('forbidden', 'The scopes of the token do not cover changes of models')
  }
}
