// The door to FHIR: shapes and outcomes. Validation and search have doors of their own beside it.
export { operationOutcome } from './outcome.ts'
export type { Bundle, BundleEntry, Coding, Json, Meta, Resource } from './types.ts'
