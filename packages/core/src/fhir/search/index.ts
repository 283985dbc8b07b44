// The door to FHIR search: parameters and compartments, index rows of a resource, parsing and checking of searches.
export { clinicalDateParameter } from './clinical-date.ts'
export { type CompositeRows, compositeRows } from './composites.ts'
export { type DateRange, dateRange } from './dates.ts'
export { type IndexOptions, indexRows } from './index-rows.ts'
export { searchKnowledge } from './knowledge.ts'
export { matches } from './match.ts'
export { normaliseText } from './normalise.ts'
export { parameterHash, presenceHash, textHash } from './parameter-keys.ts'
export {
  compartmentParameters,
  compartmentTypes,
  resourceTypes,
  searchParameter,
  searchParametersOf,
  typesInCompartment,
} from './parameters.ts'
export { parseSearch, type SearchInput } from './parse.ts'
export type * from './types.ts'
export { labelHash, tokenHash, valueHash } from './value-keys.ts'
export { verifyText } from './verify.ts'
