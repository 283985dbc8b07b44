// The hash of each kind of index entry: which parameter, which variant of the value. Stored, so none of this may ever change.
import { joinHash, stringHash } from './hash.ts'

/** The part of a parameter that its hashes are made of. */
export interface ParameterName {
  readonly base: string
  readonly code: string
}

const present = stringHash(':present')
const text = stringHash(':text')
const identifier = stringHash(':identifier')
const ofType = stringHash(':of-type')
const anySystem = stringHash('any system|')
const anyCode = stringHash('|any code')

/** The `p` of a parameter's rows. */
export function parameterHash(parameter: ParameterName): number {
  return joinHash(stringHash(parameter.base), stringHash(parameter.code))
}

/** The hash in `tok` that says that the parameter has a value. */
export function presenceHash(parameter: ParameterName): number {
  return joinHash(parameterHash(parameter), present)
}

/** The `p` of the string rows that serve `:text`. */
export function textHash(parameter: ParameterName): number {
  return joinHash(parameterHash(parameter), text)
}

/** The `p` of the identifiers inside references, which serve `:identifier`; {@link tokenHash} takes it. */
export function identifierHash(p: number): number {
  return joinHash(p, identifier)
}

/** The first half of a token's hash: its system; undefined for any, `''` for none. */
export function tokenScope(p: number, system: string | undefined): number {
  return joinHash(p, system === undefined ? anySystem : stringHash(system))
}

/**
 * The hash of a token under `p`: system and code; any system (`system` undefined); without system (`''`); any code of the
 * system (`code` undefined).
 */
export function tokenHash(p: number, system: string | undefined, code: string | undefined): number {
  return joinHash(tokenScope(p, system), code === undefined ? anyCode : stringHash(code))
}

/** The hash that serves `:of-type=system|code|value` of an identifier. */
export function ofTypeHash(p: number, type: { readonly system: string; readonly code: string }, value: string): number {
  return joinHash(tokenHash(joinHash(p, ofType), type.system, type.code), stringHash(value))
}

/** The hash of an exact text under `p`: a uri, a canonical URL, an absolute reference, or `Type/id`. */
export function valueHash(p: number, value: string): number {
  return joinHash(p, stringHash(value))
}

/** The hash of a security label, e.g. for access filters: of its code in its system. */
export function labelHash(system: string | undefined, code: string): number {
  return tokenHash(stringHash('meta.security'), system ?? '', code)
}

/** The `p` of quantities in a unit: of a system (`''` for none), or of any system. */
export function quantityHash(p: number, system: string | undefined, code: string): number {
  return tokenHash(p, system, code)
}
