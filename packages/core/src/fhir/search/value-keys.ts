// The hashes of values under a parameter's hash `p`, one for each variant that can be asked for. Stored, so none of this may ever change.
import { joinHash, stringHash } from './hash.ts'

const ofType = stringHash(':of-type')
const anySystem = stringHash('any system|')
const anyCode = stringHash('|any code')

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
