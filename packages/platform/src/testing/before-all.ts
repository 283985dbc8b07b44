// What the runner does once for all test files (`--test-global-setup`): one PostgreSQL, in which each test makes its databases.
import { sharedClusterVariable, startTestCluster, type TestCluster } from './cluster.ts'

const started: { cluster?: TestCluster } = {}

/** Starts the cluster and tells the test files where it is; without it each file starts one of its own. */
export async function globalSetup(): Promise<void> {
  started.cluster = await startTestCluster()
  process.env[sharedClusterVariable] = started.cluster.server.url
}

/** Stops the cluster. */
export async function globalTeardown(): Promise<void> {
  await started.cluster?.stop()
}
