// What search must know of FHIR R4 to write SQL: the pure core provides it, tests may hand in a part of it.
import type { CompositeRows, Criterion, SearchParameter, SearchQuery } from '@xinglin/core/fhir/search'

/** Facts and hash functions of the search core, as an argument. */
export interface SearchKnowledge {
  /** Every R4 resource type that can be stored. */
  readonly types: readonly string[]
  /** The search parameters of a type, base parameters included. */
  parameters(type: string): readonly SearchParameter[]
  /** The `p` of a parameter's rows in the string, date, number and reference index. */
  parameterHash(parameter: SearchParameter): number
  /** The hash in `tok` that says that the parameter has a value. */
  presenceHash(parameter: SearchParameter): number
  /** The `p` of the rows that serve `:text`. */
  textHash(parameter: SearchParameter): number
  /** The hash in `tok` of a uri value. */
  uriHash(parameter: SearchParameter, value: string): number
  /** The hash in `tok` of a literal reference. */
  referenceHash(parameter: SearchParameter, type: string, id: string): number
  /** The form in which strings are indexed: lower case, no diacritics. */
  normalise(text: string): string
  /** The code of the date parameter whose lower bound is the type's clinical date. */
  clinicalDate(type: string): string | undefined
  /** The reference parameters that put a resource of a type into a compartment; empty when the type is not in it. */
  compartment(compartment: string, type: string): readonly SearchParameter[]
  /** The criterion of one part of a composite as its rows say it, or undefined where only the content can tell. */
  composite(parameter: SearchParameter, parts: readonly Criterion[]): CompositeRows | undefined
  /** Checks the content of a hit again, so that a hash collision cannot show another record. */
  verify(content: string, query: SearchQuery): boolean
}
