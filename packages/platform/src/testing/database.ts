// A real PostgreSQL for tests: the cluster of the runner, else one of the test process; a fresh database per call.
import { connectPostgres, type EmbeddedPostgres } from '../engines/postgres/index.ts'
import { processEnvironment } from '../kernel/config.ts'
import { migrate } from '../kernel/migrations.ts'
import type { OwnedSql, Sql } from '../kernel/sql.ts'
import { sharedClusterVariable, startTestCluster, type TestCluster } from './cluster.ts'
import { silentLogger } from './silent-logger.ts'

/** A database of a test. */
export interface TestDatabase {
  readonly sql: Sql
  readonly url: string
  /** Closes the pool; the last one to close stops the cluster of this process and removes its folder. */
  close(): Promise<void>
}

/** A database on a server that no other test file uses. */
export interface LoneDatabase extends TestDatabase {
  /** The server itself, to be killed by tests of recovery. */
  readonly server: EmbeddedPostgres
}

// One cluster per process is the point; tests within a process share it.
const own: { starting?: Promise<TestCluster>; users: number } = { users: 0 }
const names = { created: 0 }

async function release(cluster: TestCluster): Promise<void> {
  own.users -= 1
  if (own.users > 0) return
  delete own.starting
  await cluster.stop()
}

async function onMain(clusterUrl: string, text: string): Promise<void> {
  const main = connectPostgres({ url: clusterUrl, poolSize: 1, log: silentLogger })
  await main.query({ text })
  await main.close()
}

async function freshDatabase(clusterUrl: string, owned: readonly OwnedSql[], poolSize: number) {
  names.created += 1
  const name = `test_${process.pid}_${names.created}`
  // Copied file by file: page by page through the log, as PostgreSQL does by itself, takes twice the work.
  await onMain(clusterUrl, `CREATE DATABASE ${name} STRATEGY file_copy`)
  const url = clusterUrl.replace(/\/[^/]*$/, `/${name}`)
  const sql = connectPostgres({ url, poolSize, log: silentLogger })
  await migrate(sql, owned)
  return { sql, url, drop: () => onMain(clusterUrl, `DROP DATABASE ${name} WITH (FORCE)`) }
}

/**
 * Gives a fresh database with the migrations of `owned` applied, on a server of this process: for tests that kill it, or
 * whose subject waits for the oldest transaction under way, which on a shared server may be another test's.
 */
export async function databaseOnOwnServer(owned: readonly OwnedSql[] = [], poolSize = 10): Promise<LoneDatabase> {
  own.starting ??= startTestCluster()
  own.users += 1
  const cluster = await own.starting
  const { sql, url } = await freshDatabase(cluster.server.url, owned, poolSize)
  return {
    sql,
    url,
    server: cluster.server,
    async close() {
      await sql.close()
      await release(cluster)
    },
  }
}

/** Gives a fresh database with the migrations of `owned` applied (pg_trgm and btree_gin are always there). */
export async function testDatabase(owned: readonly OwnedSql[] = [], poolSize = 10): Promise<TestDatabase> {
  const shared = processEnvironment()[sharedClusterVariable]
  if (shared === undefined) return databaseOnOwnServer(owned, poolSize)
  const { sql, url, drop } = await freshDatabase(shared, owned, poolSize)
  return {
    sql,
    url,
    async close() {
      await sql.close()
      await drop()
    },
  }
}
