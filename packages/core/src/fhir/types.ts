// The few FHIR shapes that the platform itself relies on; everything else stays JSON checked by the validator.

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Resource.meta as the store writes it. */
export interface Meta {
  readonly versionId?: string
  readonly lastUpdated?: string
  readonly profile?: readonly string[]
  readonly security?: readonly Coding[]
  readonly tag?: readonly Coding[]
}

/** http://hl7.org/fhir/R4/datatypes.html#Coding */
export interface Coding {
  readonly system?: string
  readonly version?: string
  readonly code?: string
  readonly display?: string
}

/** A FHIR resource of any type, as parsed JSON. */
export interface Resource {
  readonly resourceType: string
  readonly id?: string
  readonly meta?: Meta
  readonly [element: string]: unknown
}

/** One entry of a Bundle, in the parts that the platform reads. */
export interface BundleEntry {
  readonly fullUrl?: string
  readonly resource?: Resource
  readonly search?: { readonly mode: 'match' | 'include' | 'outcome' }
  readonly request?: {
    readonly method: string
    readonly url: string
    readonly ifMatch?: string
    readonly ifNoneMatch?: string
    readonly ifModifiedSince?: string
    readonly ifNoneExist?: string
  }
  readonly response?: {
    readonly status: string
    readonly location?: string
    readonly etag?: string
    readonly lastModified?: string
    readonly outcome?: Resource
  }
}

/** A Bundle. */
export interface Bundle extends Resource {
  readonly resourceType: 'Bundle'
  readonly type: string
  readonly total?: number
  readonly link?: readonly { readonly relation: string; readonly url: string }[]
  readonly entry?: readonly BundleEntry[]
}
