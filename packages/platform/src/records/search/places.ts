// Where a search is asked: a type, several types at the base, or a compartment; the same for addresses and Bundle entries.
import { AppError } from '@xinglin/core/errors'
import { resourceTypes, typesInCompartment } from '@xinglin/core/fhir/search'

/** A place, with the address of its searches relative to the base. */
export interface SearchPlace {
  readonly types: readonly string[]
  readonly compartment?: { readonly type: string; readonly id: string }
  readonly path: string
  readonly interaction: 'search-type' | 'search-system'
}

/** Searches of one type; throws `not-found` for what is no type. */
export function typePlace(type: string): SearchPlace {
  return { types: [knownType(type)], path: `/${type}`, interaction: 'search-type' }
}

/** Searches at the base, over the types that `_type` names or all. */
export function systemPlace(pairs: readonly (readonly [string, string])[]): SearchPlace {
  const asked = pairs.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','))
  const wrong = asked.find((type) => !resourceTypes.includes(type))
  if (wrong !== undefined) {
    const message = `_type names ${JSON.stringify(wrong.slice(0, 64))}, which is not a resource type of FHIR R4.`
    throw new AppError('invalid-parameter', message)
  }
  const types = asked.length === 0 ? resourceTypes : [...new Set(asked)]
  return { types, path: asked.length === 0 ? '' : `?_type=${types.join(',')}`, interaction: 'search-system' }
}

/** Searches in a compartment, of one type or (`*`) of all that it holds; throws `not-found` for what it does not hold. */
export function compartmentPlace(owner: string, id: string, type: string): SearchPlace {
  const members = typesInCompartment(owner)
  if (members.length === 0) throw new AppError('not-found', `There is no compartment of ${owner.slice(0, 64)}.`)
  const types = type === '*' ? members : [knownType(type)]
  if (!types.every((member) => members.includes(member))) {
    throw new AppError('not-found', `${type} is not part of the ${owner} compartment.`)
  }
  return { types, compartment: { type: owner, id }, path: `/${owner}/${id}/${type}`, interaction: 'search-type' }
}

function knownType(type: string): string {
  if (resourceTypes.includes(type)) return type
  throw new AppError('not-found', `${JSON.stringify(type.slice(0, 64))} is not a resource type of FHIR R4.`)
}
