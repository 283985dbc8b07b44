// SearchParameter.derivedFrom: what derives from a parameter of R4 keeps its type and stays within its resource types
// (http://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.derivedFrom).
import searchParameters from '../../generated/search-parameters.json' with { type: 'json' }
import { type Node, quote, type Walk } from '../walk.ts'

interface Original {
  readonly type: string
  readonly bases: ReadonlySet<unknown>
}

const prefix = 'http://hl7.org/fhir/SearchParameter/'
// The generated file has this shape by construction; the type of a large JSON literal is too deep to be compared.
const byBase = searchParameters.types as unknown as Readonly<
  Record<string, Readonly<Record<string, readonly [type: string, id: string]>>>
>

function originalOf(id: string): Original | undefined {
  const found = Object.entries(byBase).flatMap(([base, parameters]) =>
    Object.values(parameters).flatMap(([type, each]) => (each === id ? [{ type, base }] : [])),
  )
  const [first] = found
  return first === undefined ? undefined : { type: first.type, bases: new Set(found.map(({ base }) => base)) }
}

/** Checks a SearchParameter against the one that it derives from. */
export function checkSearchParameter({ derivedFrom, type, base }: Node, walk: Walk): void {
  if (typeof derivedFrom !== 'string' || !derivedFrom.startsWith(prefix)) return
  const original = originalOf(derivedFrom.slice(prefix.length).split('|', 1)[0] ?? '')
  if (original === undefined) return
  if (type !== original.type) {
    walk.error(
      'invalid',
      'search-parameter.derived',
      `The type must stay ${original.type}, as in ${quote(derivedFrom)}.`,
    )
  }
  // Parameters of all resources are listed with each of them.
  const isOfAll = /^(?:Domain)?Resource-/.test(derivedFrom.slice(prefix.length))
  const others = Array.isArray(base) && !isOfAll ? base.filter((each) => !original.bases.has(each)) : []
  if (others.length === 0) return
  walk.error(
    'invalid',
    'search-parameter.derived',
    `The base must stay within that of ${quote(derivedFrom)}, without ${others.map(quote).join(', ')}.`,
  )
}
