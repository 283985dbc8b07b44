// Which issuers' tokens are accepted besides those of consumers: our own identity service, and those named in the settings (pure).
import { AppError } from '@xinglin/core/errors'
import { roles as allRoles, type Role } from '../../../kernel/caller.ts'

/** An issuer whose tokens are accepted. */
export interface TrustedIssuer {
  readonly issuer: string
  /** Undefined: our own identity service. */
  readonly jwksUrl: string | undefined
  /** A token must be for one of these. */
  readonly audiences: readonly string[]
  readonly algorithms: readonly string[]
  /** Claim that names roles; dots lead into objects, e.g. `realm_access.roles`. */
  readonly roleClaim: string
  /** Their word → our role; words that are our roles need no entry. */
  readonly roles: ReadonlyMap<string, Role>
  readonly patientClaim: string
  /** Whether a token without SMART scopes sees no records; otherwise its roles alone decide. */
  readonly areScopesRequired: boolean
}

// Signature algorithms that are accepted at all; `none` and shared secrets never are.
const acceptedAlgorithms: readonly string[] = Object.freeze([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
])

const fields = [
  'issuer',
  'jwksUrl',
  'audience',
  'algorithms',
  'roleClaim',
  'roles',
  'patientClaim',
  'scopesRequired',
] as const
const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/
const setting = 'TRUSTED_ISSUERS'

type Fields = Readonly<Record<string, unknown>>

function refused(at: number, what: string): AppError {
  return new AppError('invalid-parameter', `${setting}[${at}]: ${what}`)
}

function textsOf(value: unknown): readonly string[] | undefined {
  const list = typeof value === 'string' ? [value] : value
  return Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === 'string' && one !== '')
    ? list
    : undefined
}

function webAddress(value: unknown, at: number, name: string): string {
  const text = typeof value === 'string' && URL.canParse(value) ? value : ''
  const { protocol, hostname } = text === '' ? { protocol: '', hostname: '' } : new URL(text)
  if (protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname))) return text
  throw refused(at, `${name} must be an https address (http on loopback only)`)
}

function roleMap(value: unknown, at: number): ReadonlyMap<string, Role> {
  if (value === undefined) return new Map()
  if (typeof value !== 'object' || value === null) throw refused(at, 'roles must be an object of their word → our role')
  return new Map(
    Object.entries(value).map(([word, role]): [string, Role] => {
      const known = allRoles.find((one) => one === role && one !== 'system')
      if (known === undefined) throw refused(at, `roles.${word} must be one of ${allRoles.slice(1).join(', ')}`)
      return [word, known]
    }),
  )
}

function issuerOf(value: unknown, at: number): TrustedIssuer {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(at, 'must be an object')
  const given = value as Fields
  const unknown = Object.keys(given).filter((key) => !fields.some((field) => field === key))
  if (unknown.length > 0) throw refused(at, `${unknown.join(', ')} is not known; ${fields.join(', ')} are`)
  const audiences = textsOf(given['audience'])
  if (audiences === undefined) throw refused(at, 'audience must say for whom tokens must be, e.g. "xinglin"')
  const algorithms = given['algorithms'] === undefined ? ['RS256', 'ES256', 'ES384'] : textsOf(given['algorithms'])
  if (algorithms?.every((name) => acceptedAlgorithms.includes(name)) !== true) {
    throw refused(at, `algorithms must be a list out of ${acceptedAlgorithms.join(', ')}`)
  }
  const claim = (name: string, fallback: string): string => {
    const text = given[name] ?? fallback
    if (typeof text === 'string' && /^[A-Za-z0-9_.:/-]{1,200}$/.test(text)) return text
    throw refused(at, `${name} must be the name of a claim`)
  }
  return {
    issuer: webAddress(given['issuer'], at, 'issuer'),
    jwksUrl: webAddress(given['jwksUrl'], at, 'jwksUrl'),
    audiences,
    algorithms,
    roleClaim: claim('roleClaim', 'roles'),
    roles: roleMap(given['roles'], at),
    patientClaim: claim('patientClaim', 'patient'),
    areScopesRequired: given['scopesRequired'] !== false,
  }
}

/** Reads the setting. @throws AppError 'invalid-parameter' that says which issuer's which field is wrong */
export function parseTrustedIssuers(text: string | undefined): readonly TrustedIssuer[] {
  if (text === undefined) return []
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch (cause) {
    throw new AppError('invalid-parameter', `${setting} must be a JSON list of issuers`, { cause })
  }
  if (!Array.isArray(list)) throw new AppError('invalid-parameter', `${setting} must be a JSON list of issuers`)
  const issuers = list.map(issuerOf)
  const twice = issuers.find(({ issuer }, at) => issuers.findIndex((one) => one.issuer === issuer) !== at)
  if (twice !== undefined) throw new AppError('invalid-parameter', `${setting} names ${twice.issuer} twice`)
  return issuers
}

/** Our own identity service as an issuer. */
export function ownIssuer(publicUrl: string): TrustedIssuer {
  return {
    issuer: publicUrl,
    jwksUrl: undefined,
    audiences: [`${publicUrl}/fhir`],
    algorithms: ['ES256'],
    roleClaim: 'roles',
    roles: new Map(),
    patientClaim: 'patient',
    areScopesRequired: true,
  }
}
