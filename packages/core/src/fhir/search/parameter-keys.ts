// The hashes that name a parameter, one for each kind of its rows. Stored, so none of this may ever change.
import { joinHash, stringHash } from './hash.ts'

/** The part of a parameter that its hashes are made of. */
export interface ParameterName {
  readonly base: string
  readonly code: string
}

const present = stringHash(':present')
const text = stringHash(':text')
const identifier = stringHash(':identifier')

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
