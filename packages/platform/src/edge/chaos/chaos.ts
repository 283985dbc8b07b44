// The running room: collects what the gateway measures, shows map and experiments, runs experiments where that is allowed.
import type { Settings } from '../../kernel/config.ts'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService } from '../../kernel/service.ts'
import type { KnownService, MapParts } from './map.ts'
import type { RegistryAddress } from './registrations/registrations.ts'
import { chaosRoutes } from './routes.ts'
import { createRunner, type RunnerOptions } from './running/runner.ts'
import type { chaosSettings } from './settings.ts'
import { createCallEdges } from './traffic/called.ts'
import { startCollecting } from './traffic/collect.ts'

/** What the composition root hands to this room alone. */
export interface ChaosExtra {
  readonly services: readonly KnownService[]
  readonly readiness: MapParts['readiness']
  readonly registry: RegistryAddress
  /** Keeps what a rescue would need. */
  readonly journalFolder: string
  /** Times of an experiment, for tests. */
  readonly times?: RunnerOptions['times']
}

/** Creates the room; nothing runs yet. */
export async function createChaos(
  ports: Ports,
  settings: Settings<typeof chaosSettings>,
  { services, readiness, registry, journalFolder, times }: ChaosExtra,
): Promise<RunningService> {
  const { sql, call, clock, ids } = ports
  const log = ports.log.child({ service: 'chaos' })
  const runner = createRunner({ ...{ sql, call, clock, ids, log }, registry, journalFolder, times })
  const collection = startCollecting({ sql, metrics: ports.telemetry.metrics, clock, log })
  const edges = createCallEdges(call, clock)
  const map: MapParts = { sql, clock, registry: ports.registry, services, readiness, edges }
  return {
    routes: chaosRoutes({ sql, map, collection, runner, isEnabled: settings.isEnabled }),
    start: () => (settings.isEnabled ? runner.recover() : Promise.resolve()),
    async close() {
      await runner.close()
      await collection.close()
    },
  }
}
