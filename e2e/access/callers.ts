// Who tries every route: each role, nobody, forged and outdated credentials, another patient, and tokens narrowed by scopes.
import { hmacToken, unsignedToken } from '../../conformance/gateway/tokens.ts'
import { type Role, roles } from '../../packages/platform/src/kernel/caller.ts'

/** The credential of a consumer that may stand for every role but `system`, which nobody outside can have. */
export const credential = { key: 'everybody', secret: 'a secret that only the test and the gateway know' }

/** Roles that a credential can stand for. */
export const outerRoles = roles.filter((role) => role !== 'system')

/** The patient whose records are asked for, and one who has nothing to do with them. */
export const patients = { asked: 'pat-asked', other: 'pat-other' } as const

function tokenOf(role: Role, claims: object = {}): string {
  return hmacToken(credential, { role, ...(role === 'patient' ? { patient: patients.asked } : {}), ...claims })
}

/** A fresh bearer token for a role; that of the patient is bound to the patient whose records are asked for. */
export const tokenOfRole = (role: Role): string => tokenOf(role)

/** Credentials that nobody may get in with; undefined is none. */
export const strangers: Readonly<Record<string, string | undefined>> = {
  nobody: undefined,
  expired: tokenOf('admin', { exp: 1 }),
  'not yet valid': tokenOf('admin', { nbf: 4e9 }),
  unsigned: unsignedToken(credential.key),
  forged: hmacToken({ ...credential, secret: 'guessed' }, { role: 'admin' }),
  'of another algorithm': hmacToken(credential, { role: 'admin' }, { alg: 'HS512' }),
  'no token': 'x.y.z',
}

/** Fresh tokens that are valid and too narrow for anybody's records but what they name. */
export const narrowed = (): Readonly<Record<string, string>> => ({
  'another patient': tokenOf('patient', { patient: patients.other }),
  'a clinician bound to another patient': tokenOf('clinician', { patient: patients.other, scope: 'patient/*.cruds' }),
  'a clinician without resource scopes': tokenOf('clinician', { scope: 'openid fhirUser' }),
  'an admin for locations only': tokenOf('admin', { scope: 'user/Location.rs' }),
})
