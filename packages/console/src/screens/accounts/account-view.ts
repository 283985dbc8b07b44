// What the forms of users and clients say, in the words of the API (pure).
import type { ClientKind, ClientWish, UserWish } from '../../api/accounts.ts'
import type { Role } from '../../api/session.ts'

/** Roles that a person may hold, in the order of the form. */
export const personRoles = [
  'clinician',
  'radiologist',
  'pharmacist',
  'patient',
  'frontend',
  'compliance',
  'operator',
  'data-scientist',
  'admin',
] as const satisfies readonly Role[]

/** Kinds of clients, in the order of the form. */
export const clientKinds = ['public', 'confidential', 'asymmetric', 'backend'] as const satisfies readonly ClientKind[]

/** Roles that a backend service may have. */
export const serviceRoles = personRoles.filter((role) => role !== 'patient')

/** Scopes that a new client of a kind usually asks for. */
export function usualScopes(kind: ClientKind): string {
  return kind === 'backend' ? 'system/*.rs' : 'openid fhirUser launch/patient offline_access patient/*.rs'
}

const field = (form: FormData, name: string): string => String(form.get(name) ?? '').trim()

/** The words of a text field, separated by spaces, commas or lines. */
export function wordsOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

/** What a form says about a user. */
export function userWish(form: FormData): UserWish {
  const [patient, actor] = [field(form, 'patient'), field(form, 'actor')]
  return {
    name: field(form, 'name'),
    roles: personRoles.filter((role) => form.getAll('roles').includes(role)),
    ...(patient === '' ? {} : { patient }),
    ...(actor === '' ? {} : { actor }),
    enabled: form.get('enabled') !== null,
  }
}

/** What a form says about a new client. */
export function clientWish(form: FormData): ClientWish {
  const kind = clientKinds.find((known) => known === field(form, 'kind')) ?? 'public'
  const role = serviceRoles.find((known) => known === field(form, 'role'))
  const jwksUri = field(form, 'jwksUri')
  return {
    id: field(form, 'id'),
    kind,
    name: field(form, 'name'),
    scopes: wordsOf(field(form, 'scopes')),
    redirectUris: kind === 'backend' ? [] : wordsOf(field(form, 'redirectUris')),
    roles: kind === 'backend' && role !== undefined ? [role] : [],
    ...(jwksUri === '' || kind === 'public' || kind === 'confidential' ? {} : { jwksUri }),
  }
}
