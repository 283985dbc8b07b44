// Who is calling: the identity every service relies on, in one process or many.

/** What a person or program may be in Xinglin. */
export const roles = [
  'system',
  'admin',
  'clinician',
  'radiologist',
  'pharmacist',
  'patient',
  'compliance',
  'operator',
  'data-scientist',
  'frontend',
] as const

/** A role of {@link roles}. */
export type Role = (typeof roles)[number]

/** The verified, frozen identity of a request. */
export interface Caller {
  /** Stable id of the credential's holder: a persona, a consumer or a service, e.g. `dr-chen` or `medical-frontend-app`. */
  readonly subject: string
  /** What a human reads in the audit trail. */
  readonly name: string
  readonly roles: readonly Role[]
  /** SMART v2 scopes, e.g. `patient/*.rs`; empty when the roles alone decide. */
  readonly scopes: readonly string[]
  /** Id of the Patient whose compartment bounds this caller; required for the role `patient`. */
  readonly patient?: string
  /** Reference of the acting person's record, e.g. `Practitioner/dr-chen`. */
  readonly actor?: string
  /** PurposeOfUse code (http://terminology.hl7.org/CodeSystem/v3-ActReason), e.g. `TREAT`. */
  readonly purpose: string
  /** Why the glass is broken, in the caller's words; with the purpose `BTG` only, and for the audit trail alone. */
  readonly reason?: string
  /** Remote network address as the edge saw it. */
  readonly address?: string
}
