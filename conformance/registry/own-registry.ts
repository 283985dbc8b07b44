// Our own registry on a real PostgreSQL, in a hurry: for the checks when no other registry is named.
import { type RegistryExtra, type RunningRegistry, registry } from '../../packages/platform/src/edge/registry/index.ts'
import { systemClock } from '../../packages/platform/src/kernel/clock.ts'
import { readSettings } from '../../packages/platform/src/kernel/config.ts'
import { createIds } from '../../packages/platform/src/kernel/ids.ts'
import { type TestDatabase, testDatabase } from '../../packages/platform/src/testing/database.ts'
import { silentLogger } from '../../packages/platform/src/testing/silent-logger.ts'
import { createRegistryClient, type RegistryClient } from './registry-client.ts'

/** A registry under test. */
export interface OwnRegistry {
  readonly url: string
  readonly client: RegistryClient
  readonly running: RunningRegistry
  readonly database: TestDatabase
  /** May be called twice. */
  close(): Promise<void>
}

/** What may differ from one registry under test to another. */
export interface OwnRegistryOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly extra?: RegistryExtra
  /** A database that others use too; it is not closed. */
  readonly database?: TestDatabase
}

const hurry: RegistryExtra = {
  timing: { sweepEveryMs: 40, leaseMs: 800, forgivenGapMs: 60_000 },
  shortest: { deregisterMs: 1, sessionTtlMs: 1 },
}

/** Starts a registry on a free port. */
export async function startOwnRegistry(options: OwnRegistryOptions = {}): Promise<OwnRegistry> {
  const database = options.database ?? (await testDatabase([registry.sql]))
  const settings = readSettings({ registry: registry.settings }, { REGISTRY_PORT: '0', ...options.settings })
  const ports = { sql: database.sql, log: silentLogger, clock: systemClock, ids: createIds(systemClock) }
  const running = await registry.create(ports, settings.registry, options.extra ?? hurry)
  await running.start?.()
  const { url } = running.addresses()
  const state: { closing?: Promise<void> } = {}
  const close = async (): Promise<void> => {
    await running.close?.()
    if (options.database === undefined) await database.close()
  }
  return {
    url,
    client: createRegistryClient(url),
    running,
    database,
    close() {
      state.closing ??= close()
      return state.closing
    },
  }
}
