// The words of the record store that its parts share.
import type { Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Caller } from '../kernel/caller.ts'

/** What a caller may see; compiled into the SQL of every read, search, include, chain, count and history. */
export interface AccessFilter {
  readonly types: 'all' | readonly string[]
  /** Ids of the patients whose compartments bound the caller, or all. */
  readonly patients: 'all' | readonly string[]
  /** Types outside every Patient compartment that a patient-bound caller may still see (Practitioner, Organization, Location, Medication …). */
  readonly sharedTypes: readonly string[]
  /** Hashes of security labels whose records are hidden from this caller. */
  readonly hiddenLabels: readonly number[]
  /** As whom Consents and the labels of Patients bear on the caller; absent for the system itself and for patients' own records. */
  readonly restrictedAs?: RestrictedCaller
}

/** A caller from whom patients may withhold records. */
export interface RestrictedCaller {
  /** What a Consent may name the caller by: the own record, e.g. `Practitioner/dr-chen`, and `role:<role>`. */
  readonly identities: readonly string[]
  /** PurposeOfUse code of the request. */
  readonly purpose: string
  /** Subject and name of the person whose broken glasses count; only for the purpose BTG. */
  readonly glassBrokenBy?: readonly [string, string]
}

/** What a caller may do: the read filter, and the types that may be written (within the same compartments). */
export interface Access {
  readonly read: AccessFilter
  readonly write: 'all' | readonly string[]
  /** Narrows `write` by verb, where scopes say so. */
  readonly verbs?: Readonly<Record<'create' | 'update' | 'delete', 'all' | readonly string[]>>
}

/** The circumstances of one request to the store. */
export interface RecordContext {
  readonly caller: Caller
  readonly access: Access
  readonly traceId: string
  readonly deadline: AbortSignal
  /** Absolute FHIR base as the client sees it, e.g. `http://127.0.0.1:8080/fhir`. */
  readonly baseUrl: string
  /** Whether a PUT of what is there already makes no version; an import asks for it. */
  readonly isUpdateIfModified?: boolean
}

/** A version as stored; `content` is the JSON text returned verbatim, absent for a deletion. */
export interface StoredVersion {
  readonly rid: number
  readonly type: string
  readonly id: string
  readonly version: number
  readonly at: Date
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly content: string | undefined
  /** Ids of the Patient compartments it is in. */
  readonly patients: readonly string[]
}

/** A change about to be made, as write rules see it. */
export interface Change {
  readonly kind: 'create' | 'update' | 'delete'
  readonly type: string
  readonly id: string
  readonly before: Resource | undefined
  readonly after: Resource | undefined
  /** True for a `create` under the id of a record that was deleted. */
  readonly isRevival: boolean
  readonly now: Date
}

/** What a rule must see to decide; read (and locked) in the same transaction, with the pending changes of the Bundle laid over it. */
export type RuleRead =
  | { readonly kind: 'record'; readonly reference: string }
  | { readonly kind: 'deleted'; readonly reference: string }
  | { readonly kind: 'referrers'; readonly type: string; readonly parameter: string; readonly to: string }

/** Answers to a rule's reads. */
export interface RuleView {
  record(reference: string): Resource | undefined
  /** A deleted record as it was before its deletion. */
  deleted(reference: string): Resource | undefined
  referrers(type: string, parameter: string, to: string): readonly Resource[]
}

/** A pure write rule of a service; registered with the store in every process that writes. */
export interface WriteRule {
  /** Stable id, e.g. `medication-dispense.quantity-left`; appears in the OperationOutcome and in docs/errors.md. */
  readonly id: string
  readonly types: readonly string[]
  /** One sentence: what the rule demands. */
  readonly about: string
  reads?(change: Change): readonly RuleRead[]
  /** Findings of severity error refuse the change with 422; warnings pass and are told. */
  check(change: Change, view: RuleView): readonly Issue[]
}
