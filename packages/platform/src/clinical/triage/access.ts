// Who may use triage: people who care for patients, the front desk, and patients for themselves.
import { AppError } from '@xinglin/core/errors'
import type { Caller, Role } from '../../kernel/caller.ts'

const staff: readonly Role[] = ['clinician', 'radiologist', 'pharmacist', 'frontend', 'admin', 'system']
const clinicalStaff: readonly Role[] = ['clinician', 'admin', 'system']

const hasRole = (caller: Caller, roles: readonly Role[]): boolean => caller.roles.some((role) => roles.includes(role))

// Scopes at the level `patient/` alone bind their holder to the patient of the token, whatever the role.
const reachesAll = ({ scopes }: Caller): boolean =>
  scopes.length === 0 || scopes.some((scope) => /^(user|system)\/(\*|QuestionnaireResponse)\./.test(scope))

/** Whether the caller may see interviews of all patients. */
export const isClinicalStaff = (caller: Caller): boolean => hasRole(caller, clinicalStaff) && reachesAll(caller)

/** Whether the caller acts as a patient only. */
export const isPatientOnly = (caller: Caller): boolean => hasRole(caller, ['patient']) && !hasRole(caller, staff)

/** Whether the caller sees one patient only: a patient, or somebody whose scopes say so. */
export const isBoundToPatient = (caller: Caller): boolean => isPatientOnly(caller) || !reachesAll(caller)

// SMART scopes narrow: a token for reading does not write, one for other types does not triage.
function scopesCover(caller: Caller, verb: 'c' | 'r'): boolean {
  if (caller.scopes.length === 0) return true
  const covers = new RegExp(
    `^(patient|user|system)/(\\*|QuestionnaireResponse)\\.(${verb === 'r' ? 'read' : 'write'}|\\*|[cruds]*${verb}[cruds]*)$`,
  )
  return caller.scopes.some((scope) => covers.test(scope))
}

/** @throws AppError 'forbidden' unless the caller may ask triage */
export function requireTriage(caller: Caller, verb: 'c' | 'r' = 'r'): void {
  if (!hasRole(caller, [...staff, 'patient'])) {
    throw new AppError('forbidden', `Triage is open to patients and to the roles ${staff.join(', ')}`)
  }
  if (!scopesCover(caller, verb)) throw new AppError('forbidden', 'The scopes of the token do not cover triage')
}

/** @throws AppError 'forbidden' unless the caller may change the knowledge */
export function requireEditor(caller: Caller): void {
  if (!hasRole(caller, ['admin', 'system']) || caller.scopes.length > 0) {
    throw new AppError('forbidden', 'The knowledge is changed by the role admin, without narrower scopes')
  }
}

/**
 * The patient that an interview is about: a patient's own record, or the one that staff name.
 * @throws AppError 'forbidden' when a patient names another one, or has no record
 */
export function patientOf(caller: Caller, asked: string | undefined): string | undefined {
  if (!isBoundToPatient(caller)) return asked
  if (caller.patient === undefined) throw new AppError('forbidden', 'This sign-in has no patient')
  if (asked !== undefined && asked !== caller.patient) {
    throw new AppError('forbidden', 'A patient can be interviewed about their own record only')
  }
  return caller.patient
}
