// A real PostgreSQL for tests: one embedded cluster per test process, a fresh database per call.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPostgres, type EmbeddedPostgres, startEmbeddedPostgres } from '../engines/postgres/index.ts'
import { migrate } from '../kernel/migrations.ts'
import type { OwnedSql, Sql } from '../kernel/sql.ts'
import { silentLogger } from './silent-logger.ts'

/** A database of a test. */
export interface TestDatabase {
  readonly sql: Sql
  readonly url: string
  /** The server itself, to be killed by tests of recovery. */
  readonly server: EmbeddedPostgres
  /** Closes the pool; the last one to close stops the cluster and removes its folder. */
  close(): Promise<void>
}

interface Cluster {
  readonly server: EmbeddedPostgres
  readonly folder: string
  users: number
  created: number
}

// One cluster per process is the point of this file; tests within a process share it.
const shared: { starting?: Promise<Cluster> } = {}

async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'xinglin-test-'))
  const server = await startEmbeddedPostgres({
    dataFolder: folder,
    log: silentLogger,
    settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '32MB', max_wal_size: '256MB' },
  })
  // A test that crashes or is interrupted must not leave a server behind.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1))
  process.once('exit', () => {
    try {
      process.kill(server.pid, 'SIGQUIT')
    } catch {
      return // it was stopped properly
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return { server, folder, users: 0, created: 0 }
}

async function release(cluster: Cluster): Promise<void> {
  cluster.users -= 1
  if (cluster.users > 0) return
  delete shared.starting
  await cluster.server.stop()
  rmSync(cluster.folder, { recursive: true, force: true })
}

/** Gives a fresh database with the migrations of `owned` applied (pg_trgm and btree_gin are always there). */
export async function testDatabase(owned: readonly OwnedSql[] = [], poolSize = 10): Promise<TestDatabase> {
  shared.starting ??= startCluster()
  const cluster = await shared.starting
  cluster.users += 1
  cluster.created += 1
  const name = `test_${cluster.created}`
  const main = connectPostgres({ url: cluster.server.url, poolSize: 1, log: silentLogger })
  await main.query({ text: `CREATE DATABASE ${name}` })
  await main.close()
  const url = cluster.server.url.replace(/\/[^/]*$/, `/${name}`)
  const sql = connectPostgres({ url, poolSize, log: silentLogger })
  await migrate(sql, owned)
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
