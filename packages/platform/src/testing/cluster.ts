// The PostgreSQL of tests: quick instead of durable, gone with the process that started it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../engines/postgres/index.ts'
import { prepareFolder } from './prepared-folder.ts'
import { silentLogger } from './silent-logger.ts'

/** Environment variable with the address of the cluster that the runner started for all test files. */
export const sharedClusterVariable = 'XINGLIN_TEST_CLUSTER'

/** A cluster of tests. */
export interface TestCluster {
  readonly server: EmbeddedPostgres
  /** Stops the server and removes its folder. */
  stop(): Promise<void>
}

/** Starts a cluster in a folder of its own. */
export async function startTestCluster(): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'xinglin-test-'))
  await prepareFolder(folder)
  const server = await startEmbeddedPostgres({
    dataFolder: folder,
    log: silentLogger,
    settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '32MB', max_wal_size: '256MB' },
  })
  // A test that crashes or is interrupted must not leave a server behind.
  const endHard = (): void => {
    try {
      process.kill(server.pid, 'SIGQUIT')
    } catch {
      return // it was stopped properly
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  process.once('exit', endHard)
  return {
    server,
    async stop() {
      await server.stop()
      process.off('exit', endHard)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
