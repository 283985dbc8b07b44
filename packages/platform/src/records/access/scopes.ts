// SMART App Launch v2 scopes (http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html), v1 forms included.

/** A scope over resources, e.g. `patient/Observation.rs`. */
export interface ResourceScope {
  readonly level: 'patient' | 'user' | 'system'
  /** A type or `*`. */
  readonly type: string
  readonly create: boolean
  readonly read: boolean
  readonly update: boolean
  readonly delete: boolean
}

const v2 = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?)$/
const v1 = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*)$/

const letters: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' }

/** Reads the scopes over resources; others (openid, launch …) and those with a query, which is not supported, grant nothing. */
export function parseScopes(scopes: readonly string[]): readonly ResourceScope[] {
  return scopes.flatMap((scope) => {
    const [, level, type, verbs] = v2.exec(scope) ?? v1.exec(scope) ?? []
    if (level === undefined || type === undefined || verbs === undefined) return []
    const granted = letters[verbs] ?? verbs
    return [
      {
        level: level as ResourceScope['level'], // the expression allows no other
        type,
        create: granted.includes('c'),
        read: granted.includes('r') || granted.includes('s'),
        update: granted.includes('u'),
        delete: granted.includes('d'),
      },
    ]
  })
}
