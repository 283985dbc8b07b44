// The door to PostgreSQL: the adapter of the SQL port, and the embedded server.

export { databaseFaults } from './check.ts'
export { connectPostgres, type PostgresOptions } from './connect.ts'
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded/launcher.ts'
