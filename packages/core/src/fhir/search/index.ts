// The door to FHIR search: parameters and compartments, index rows of a resource, parsing and checking of searches.
export { clinicalDateParameter } from './clinical-date.ts'
export { type CompositeRows, compositeRows } from './composites.ts'
export { type IndexOptions, indexRows } from './index-rows.ts'
export { labelHash, parameterHash, presenceHash, textHash, tokenHash, valueHash } from './keys.ts'
export { matches } from './match.ts'
export { normaliseText } from './normalise.ts'
export {
  compartmentParameters,
  compartmentTypes,
  resourceTypes,
  searchParameter,
  searchParametersOf,
} from './parameters.ts'
export { parseSearch, type SearchInput } from './parse.ts'
export type * from './types.ts'
export { verifyText } from './verify.ts'
