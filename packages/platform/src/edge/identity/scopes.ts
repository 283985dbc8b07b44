// SMART App Launch 2.2 scopes: which exist here, which a kind of client may ask for, and what needs a patient (pure).

/** Scopes about the person, answered by the ID token. */
export const openidScopes: readonly string[] = Object.freeze(['openid', 'offline_access', 'profile', 'fhirUser'])
/** Scope by which an app asks for a patient in context (standalone launch). */
export const launchScope = 'launch/patient'

const resourceScope = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\.(?:(?!\.|$)c?r?u?d?s?|read|write|\*)$/
const verbless = /\.$/

/** Levels of resource scopes. */
export type ScopeLevel = 'patient' | 'user' | 'system'

/** The level of a resource scope, or undefined when it is none that is supported. */
export function levelOf(scope: string): ScopeLevel | undefined {
  if (verbless.test(scope)) return undefined
  return resourceScope.exec(scope)?.[1] as ScopeLevel | undefined // the expression allows no other
}

/** Says whether a scope can be given to an app that a person launches. */
export function isLaunchScope(scope: string): boolean {
  const level = levelOf(scope)
  return scope === launchScope || level === 'patient' || level === 'user'
}

/** Says whether a scope can be given to a backend service. */
export const isBackendScope = (scope: string): boolean => levelOf(scope) === 'system'

/** Says whether these scopes mean one patient, so that one must be in context. */
export function needsPatient(scopes: readonly string[]): boolean {
  return scopes.some((scope) => scope === launchScope || levelOf(scope) === 'patient')
}

/** A resource scope taken apart; its verbs are letters of `cruds`, also for the words of version 1. */
export interface ScopeParts {
  readonly level: ScopeLevel
  readonly type: string
  readonly verbs: string
}

const verbsOfVersion1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' }

/** The parts of a resource scope, or undefined when it is none that is supported. */
export function partsOf(scope: string): ScopeParts | undefined {
  const level = levelOf(scope)
  if (level === undefined) return undefined
  const [type = '', verbs = ''] = (scope.split('/')[1] ?? '').split('.')
  return { level, type, verbs: verbsOfVersion1[verbs] ?? verbs }
}

/** Says whether a wish lies within what is allowed: `patient/Observation.r` within `patient/*.rs`. */
export function isWithin(wish: string, allowed: readonly string[]): boolean {
  if (allowed.includes(wish)) return true
  const asked = partsOf(wish)
  if (asked === undefined) return false
  const { level, type, verbs } = asked
  const given = allowed.flatMap((scope) => partsOf(scope) ?? [])
  const covers = (verb: string): boolean =>
    given.some((one) => one.level === level && (one.type === '*' || one.type === type) && one.verbs.includes(verb))
  return [...verbs].every(covers)
}

/** Scopes named in discovery; narrower ones by type and verb are taken too. */
export const advertisedScopes: readonly string[] = Object.freeze([
  ...openidScopes,
  launchScope,
  'patient/*.rs',
  'patient/*.cruds',
  'user/*.rs',
  'user/*.cruds',
  'system/*.rs',
  'system/*.cruds',
])
