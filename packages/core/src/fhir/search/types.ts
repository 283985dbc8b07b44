// The shapes of search: parameters, index rows that a resource leaves in the store, and a parsed query.
import type { Issue } from '../../errors/index.ts'

/** http://hl7.org/fhir/R4/search.html#ptypes */
export type SearchParameterType =
  | 'string'
  | 'token'
  | 'reference'
  | 'date'
  | 'quantity'
  | 'number'
  | 'uri'
  | 'composite'
  | 'special'

/** One search parameter of one resource type. */
export interface SearchParameter {
  /** Resource type it is defined for, e.g. `Observation` (base parameters are repeated for each type). */
  readonly base: string
  /** The name in the URL, e.g. `value-quantity`. */
  readonly code: string
  readonly type: SearchParameterType
  /** The FHIRPath expression, only the part that concerns `base`. */
  readonly expression: string
  /** The places of its values in JSON with their datatypes, e.g. `component.valueQuantity:Quantity`. */
  readonly paths: readonly string[]
  /** Resource types that a reference may point at. */
  readonly targets: readonly string[]
  /** For composites: the codes of the parts with their expressions relative to the composite's. */
  readonly components: readonly {
    readonly code: string
    readonly type: SearchParameterType
    readonly expression: string
  }[]
  /** Canonical URL of the SearchParameter. */
  readonly url: string
}

/**
 * What a resource leaves in the index. Every `p` and `h` is a 53-bit hash (a safe integer) of resource type, parameter and,
 * for `h`, the value; a hit is checked again against the content, so a collision cannot show another record.
 */
export interface IndexRows {
  /** Every hash that is true of the resource: token variants (system|code, |code, system|, code), references, uris, presence of each parameter. Sorted, unique. */
  readonly tok: readonly number[]
  /** The part of `tok` worth an ordered index of its own (all but presence). */
  readonly tokens: readonly number[]
  /** Normalised (lower case, no diacritics; Chinese also as pinyin and initials) and, where it differs in kind, the raw value for `:exact`. `text` rows serve `:text`. */
  readonly strings: readonly { readonly p: number; readonly v: string; readonly raw: string }[]
  /** Milliseconds since 1970, half-open [lo, hi); open ends are ±8.64e15. */
  readonly dates: readonly { readonly p: number; readonly lo: number; readonly hi: number }[]
  /** Numbers and quantities: points (JSON keeps no trailing zeros, so precision counts in what is asked for), ranges for Range and SampledData, ±1e308 for open ends. Quantities once without unit, with code (and with the unit's text), and with system|code in `p`. */
  readonly numbers: readonly { readonly p: number; readonly lo: number; readonly hi: number }[]
  /** Literal references to records here, for chains and reverse chains. */
  readonly references: readonly { readonly p: number; readonly type: string; readonly id: string }[]
  /** Clinical date in ms (the type's main date parameter, its lower bound), or undefined. */
  readonly clinicalDate: number | undefined
  /** Ids of the Patient compartments the resource is in (http://hl7.org/fhir/R4/compartmentdefinition-patient.html). */
  readonly patients: readonly string[]
  /** Hashes of meta.security codings. */
  readonly labels: readonly number[]
}

/** `eq` is the default; http://hl7.org/fhir/R4/search.html#prefix */
export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap'

/** A condition on a resource; `values` are alternatives. Texts are as asked for, not normalised; `text` is contained in a text row. */
export type Criterion =
  | { readonly kind: 'id'; readonly values: readonly string[] }
  | { readonly kind: 'last-updated'; readonly values: readonly DateValue[] }
  | { readonly kind: 'missing'; readonly parameter: SearchParameter; readonly missing: boolean }
  | {
      readonly kind: 'token'
      readonly parameter: SearchParameter
      readonly negated: boolean
      readonly values: readonly TokenValue[]
    }
  | {
      readonly kind: 'string'
      readonly parameter: SearchParameter
      readonly match: 'starts' | 'exact' | 'contains'
      readonly values: readonly string[]
    }
  | { readonly kind: 'text'; readonly parameter: SearchParameter; readonly values: readonly string[] }
  | {
      readonly kind: 'reference'
      readonly parameter: SearchParameter
      readonly negated: boolean
      readonly values: readonly ReferenceValue[]
    }
  | { readonly kind: 'date'; readonly parameter: SearchParameter; readonly values: readonly DateValue[] }
  | { readonly kind: 'number'; readonly parameter: SearchParameter; readonly values: readonly NumberValue[] }
  | { readonly kind: 'quantity'; readonly parameter: SearchParameter; readonly values: readonly QuantityValue[] }
  | {
      readonly kind: 'uri'
      readonly parameter: SearchParameter
      readonly match: 'exact' | 'below' | 'above'
      readonly values: readonly string[]
    }
  | {
      readonly kind: 'composite'
      readonly parameter: SearchParameter
      readonly values: readonly (readonly Criterion[])[]
    }
  | {
      readonly kind: 'chain'
      readonly parameter: SearchParameter
      readonly targets: readonly { readonly type: string; readonly criterion: Criterion }[]
    }
  | { readonly kind: 'has'; readonly type: string; readonly parameter: SearchParameter; readonly criterion: Criterion }

/** `system` undefined = any system; empty string = without system. `code` undefined = any code of the system. */
export interface TokenValue {
  readonly system?: string
  readonly code?: string
  /** `:of-type`: identifier type coding; `code` then holds the identifier value. */
  readonly ofType?: { readonly system: string; readonly code: string }
  /** The hash to look for in `tok` and the token index. */
  readonly h: number
}

/** A reference asked for: by type and id, by absolute URL, or by identifier (`:identifier`). Without a type there is one hash per possible target. */
export interface ReferenceValue {
  readonly type?: string
  readonly id?: string
  readonly url?: string
  readonly identifier?: TokenValue
  /** Any of these hashes is a match. */
  readonly h: readonly number[]
}

/** Half-open range [lo, hi) in ms. */
export interface DateValue {
  readonly prefix: Prefix
  readonly lo: number
  readonly hi: number
}
/** `value` as asked for; [lo, hi] is the range that its precision implies. */
export interface NumberValue {
  readonly prefix: Prefix
  readonly value: number
  readonly lo: number
  readonly hi: number
}
/** `p` already holds the unit asked for. */
export interface QuantityValue extends NumberValue {
  readonly p: number
  readonly system?: string
  readonly code?: string
}

/** One key of `_sort`. */
export interface SortKey {
  readonly parameter: SearchParameter | '_id' | '_lastUpdated'
  readonly descending: boolean
}

/** `_include` or `_revinclude`. */
export interface Include {
  readonly reverse: boolean
  readonly iterate: boolean
  /** Type that holds the reference. */
  readonly source: string
  /** `*` = every reference parameter of the source. */
  readonly parameter: SearchParameter | '*'
  readonly target?: string
}

/** A search, parsed and checked. */
export interface SearchQuery {
  /** Resource types searched; one, except for searches over several types (`_type`, `$everything`). */
  readonly types: readonly string[]
  /** All must hold. */
  readonly criteria: readonly Criterion[]
  readonly compartment?: { readonly type: string; readonly id: string }
  readonly sort: readonly SortKey[]
  /** Page size as asked for; the store caps it. */
  readonly count?: number
  readonly total: 'none' | 'estimate' | 'accurate'
  readonly summary: 'true' | 'text' | 'data' | 'count' | 'false'
  readonly elements: readonly string[]
  readonly includes: readonly Include[]
  /** Signed position of the next page, as given in the `next` link (parameter `_cursor`). */
  readonly cursor?: string
  /** What was left out under `Prefer: handling=lenient`, to be told in an outcome entry. */
  readonly ignored: readonly Issue[]
  /** Name and value pairs in the order in which they were understood, for the self link. */
  readonly understood: readonly (readonly [string, string])[]
}
