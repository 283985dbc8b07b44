// What is made once for all test files: one PostgreSQL, in which each test makes its databases, and one data folder with a
// database, which tests that start a system or a server of their own begin with.
import { rmSync } from 'node:fs'
import { ownedSql } from '../packages/platform/src/services.ts'
import { sharedClusterVariable, startTestCluster } from '../packages/platform/src/testing/cluster.ts'
import { makePreparedFolder, preparedFolderVariable } from '../packages/platform/src/testing/prepared-folder.ts'

/**
 * Makes the folder, starts the cluster and tells test files by the environment where both are; without it each makes its own.
 * @returns what stops the cluster; the folder goes with the process
 */
export async function prepareForAll(): Promise<() => Promise<void>> {
  const folder = await makePreparedFolder(ownedSql)
  if (folder !== undefined) {
    process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
    process.env[preparedFolderVariable] = folder
  }
  const cluster = await startTestCluster()
  process.env[sharedClusterVariable] = cluster.server.url
  return cluster.stop
}
