// What an account may be: its name, roles, the patient that bounds it, and a password that is worth its name (pure).
import { AppError, type Issue } from '@xinglin/core/errors'
import { roles as allRoles, type Role } from '../../../kernel/caller.ts'

/** A person who can sign in. */
export interface Account {
  readonly username: string
  readonly name: string
  readonly roles: readonly Role[]
  /** Id of the Patient that bounds this person. */
  readonly patient?: string
  /** Reference of the person's own record, e.g. `Practitioner/dr-chen`. */
  readonly actor?: string
}

/** An account as it is kept. */
export interface StoredAccount extends Account {
  readonly isDemo: boolean
  readonly isEnabled: boolean
  /** Counts changes; the ETag of the account. */
  readonly version: number
  readonly createdAt: Date
  readonly changedAt: Date
  readonly signedInAt: Date | undefined
}

/** Roles that a person may hold; `system` is the platform's own. */
export const personRoles: readonly Role[] = Object.freeze(allRoles.filter((role) => role !== 'system'))

/** Says whether a person is here as a patient alone, so that only the own record can be meant. */
export function isPatientOnly({ roles }: Pick<Account, 'roles'>): boolean {
  return roles.length > 0 && roles.every((role) => role === 'patient')
}

// NIST SP 800-63B-4, 3.1.1.2: 15 characters where the password stands alone, 64 at least allowed, no rules of composition.
const minPassword = 15
const maxPassword = 128
const usernamePattern = /^[\p{L}\p{N}][\p{L}\p{N}.@_+-]{0,63}$/u
const namePattern = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .,'’·()-]{0,119}$/u
const patientPattern = /^[A-Za-z0-9\-.]{1,64}$/
const actorPattern = /^(Practitioner|PractitionerRole|Patient|RelatedPerson|Device|Organization)\/[A-Za-z0-9\-.]{1,64}$/

function issue(expression: string, diagnostics: string): Issue {
  return { severity: 'error', code: 'value', expression, diagnostics: `${expression}: ${diagnostics}` }
}

function demand(issues: readonly Issue[]): void {
  if (issues.length === 0) return
  throw new AppError('unprocessable', issues.map(({ diagnostics }) => diagnostics).join('; '), { issues })
}

function accountIssues({ username, name, roles, patient, actor }: Account): readonly Issue[] {
  return [
    ...(usernamePattern.test(username)
      ? []
      : [issue('username', 'must be 1 to 64 letters, digits or . @ _ + -, beginning with a letter or digit')]),
    ...(namePattern.test(name) ? [] : [issue('name', 'must be a person’s name of 1 to 120 characters')]),
    ...(roles.length > 0 && roles.every((role) => personRoles.includes(role)) && new Set(roles).size === roles.length
      ? []
      : [issue('roles', `must be a list without repeats out of ${personRoles.join(', ')}`)]),
    ...(patient === undefined || patientPattern.test(patient)
      ? []
      : [issue('patient', 'must be the id of a Patient, without “Patient/”')]),
    ...(roles.includes('patient') && patient === undefined
      ? [issue('patient', 'a patient needs the id of their Patient')]
      : []),
    ...(actor === undefined || actorPattern.test(actor)
      ? []
      : [issue('actor', 'must be a reference such as Practitioner/dr-chen')]),
  ]
}

/** @throws AppError 'unprocessable' naming every faulty field at once */
export function demandAccount(account: Account): void {
  demand(accountIssues(account))
}

/** @throws AppError 'unprocessable' when a password is too short, too long, or says the username */
export function demandPassword(password: string, username: string): void {
  const length = [...password].length
  const isSaid = password.toLowerCase().includes(username.toLowerCase()) && username.length > 2
  const isOneCharacter = new Set(password).size < 5
  demand([
    ...(length >= minPassword && length <= maxPassword
      ? []
      : [issue('password', `must have ${minPassword} to ${maxPassword} characters; a few words in a row do well`)]),
    ...(isSaid ? [issue('password', 'must not contain the username')] : []),
    ...(isOneCharacter ? [issue('password', 'must have at least 5 different characters')] : []),
  ])
}
