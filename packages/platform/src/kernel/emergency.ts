// A stated emergency: the purpose of use BTG with a reason, which opens what a broken glass covers and stands in the trail.
import { AppError } from '@xinglin/core/errors'
import type { Caller, Role } from './caller.ts'

/** Header by which a request states the emergency; its value is the reason as UTF-8, percent-encoded. */
export const emergencyHeader = 'x-break-glass-reason'

/** Roles that may break the glass: those who treat. */
export const emergencyRoles: readonly Role[] = Object.freeze(['clinician', 'radiologist', 'pharmacist'])

const minCharacters = 5
const maxCharacters = 300

// http://terminology.hl7.org/CodeSystem/v3-ActReason
const breakTheGlass = 'BTG'

/** Whether a caller states an emergency and has a role that may. */
export function isEmergency(caller: Caller): boolean {
  return caller.purpose === breakTheGlass && caller.reason !== undefined && mayBreakGlass(caller)
}

/** Whether one of the caller's roles may break the glass. */
export function mayBreakGlass({ roles }: Caller): boolean {
  return roles.some((role) => emergencyRoles.includes(role))
}

/**
 * The caller with the emergency that the header states.
 * @throws AppError 'forbidden' without a role that may, 'invalid-request' for a reason that cannot stand in the trail
 */
export function inEmergency(caller: Caller, header: string): Caller {
  if (!mayBreakGlass(caller)) {
    throw new AppError('forbidden', `Only ${emergencyRoles.join(', ')} may break the glass`, { cause: 'break-glass' })
  }
  return { ...caller, purpose: breakTheGlass, reason: reasonIn(header) }
}

function reasonIn(header: string): string {
  const text = decoded(header)?.trim() ?? ''
  const isReason = text.length >= minCharacters && text.length <= maxCharacters && !/\p{Cc}/u.test(text)
  if (isReason) return text
  const message = `${emergencyHeader} holds the reason, ${minCharacters} to ${maxCharacters} characters, percent-encoded`
  throw new AppError('invalid-request', message)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a broken escape: no reason
  }
}
