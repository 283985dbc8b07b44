// The door to PostgreSQL: the adapter of the SQL port, the embedded server, and the choice between ours and a given one.
export { databaseFaults } from './check.ts'
export { connectPostgres, type PostgresOptions } from './connect.ts'
export { type Dump, dumpDatabase, restoreDatabase } from './dump.ts'
export { accountName } from './embedded/account.ts'
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded/launcher.ts'
export { ownIdentity, type ProcessIdentity, stillRuns } from './embedded/process-identity.ts'
export { findPrograms } from './embedded/programs.ts'
export { type DatabaseOptions, type OpenDatabase, openDatabase } from './open.ts'
