// The door to the record store: composing it, its words, what callers may do, and its HTTP.
export { accessFor } from './access/index.ts'
export type { RecordsOptions } from './options.ts'
export { createPreparePool } from './prepare/pool.ts'
export { createRecords, type Records } from './records.ts'
export { type FhirRoutesOptions, fhirRoutes } from './routes/fhir-routes.ts'
export { requestContext } from './routes/request-context.ts'
export type * from './types.ts'
export type { Target, WriteAnswer } from './writes.ts'
