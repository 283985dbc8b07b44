// What a store must know of R4 to answer searches, as one value that can be handed on as an argument.
import { clinicalDateParameter } from './clinical-date.ts'
import { compositeRows } from './composites.ts'
import { normaliseText } from './normalise.ts'
import { parameterHash, presenceHash, textHash } from './parameter-keys.ts'
import { compartmentParameters, resourceTypes, searchParametersOf } from './parameters.ts'
import type { SearchParameter, SearchQuery } from './types.ts'
import { valueHash } from './value-keys.ts'
import { verifyText } from './verify.ts'

/** Facts and hash functions of R4 search. `baseUrl` is the FHIR base under which absolute references are records here. */
export function searchKnowledge(baseUrl?: string) {
  return {
    types: resourceTypes,
    parameters: searchParametersOf,
    parameterHash,
    presenceHash,
    textHash,
    /** The hash in `tok` of a uri value. */
    uriHash: (parameter: SearchParameter, value: string) => valueHash(parameterHash(parameter), value),
    /** The hash in `tok` of a literal reference. */
    referenceHash: (parameter: SearchParameter, type: string, id: string) =>
      valueHash(parameterHash(parameter), `${type}/${id}`),
    normalise: normaliseText,
    clinicalDate: clinicalDateParameter,
    compartment: compartmentParameters,
    composite: compositeRows,
    verify: (content: string, query: SearchQuery) => verifyText(query, content, baseUrl),
  }
}
